"""The page map of the app."""

from pathlib import Path


def main() -> None:
    """Draw the page that the address names."""
    import streamlit as st

    from assistant.errors import AssistantError
    from assistant.i18n.translation import _
    from assistant.ui import (
        measure_page,
        page_frame,
        resources,
        session,
        settings_page,
        sheet_page,
        widgets,
    )
    from assistant.ui.chat import chat_page
    from assistant.ui.library import library_page

    # A picture of our own: for an icon by name, Streamlit 1.67 sends the browser to
    # fonts.gstatic.com.
    st.set_page_config("Pincite", page_icon=str(Path(page_frame.__file__).with_name("icon.svg")))
    page_frame.follow_visitor_language()
    if resources.is_server_unguarded():
        st.error(_("Start Pincite with `pincite app --address …`: it asks visitors for a token."))
        st.stop()
    try:
        inside = resources.signed_in()
    except AssistantError as error:
        widgets.show_error(error)
        st.stop()
    if not inside:
        st.html(f'{_("You are signed out.")} <a href="/" target="_self">{_("Sign in")}</a>')
        st.stop()
    pages = [
        st.Page(
            chat_page.page, title=_("Chat"), icon=":material/forum:", url_path="chat", default=True
        ),
        st.Page(library_page.page, title=_("Library"), icon=":material/docs:", url_path="library"),
        st.Page(sheet_page.page, title=_("Sheet"), icon=":material/table:", url_path="sheet"),
        st.Page(
            measure_page.page, title=_("Measure"), icon=":material/monitoring:", url_path="measure"
        ),
        st.Page(
            settings_page.page, title=_("Settings"), icon=":material/tune:", url_path="settings"
        ),
    ]
    chosen = st.navigation(
        [
            page
            for page in pages
            if page.url_path not in ("measure", "settings") or resources.is_owner()
        ]
    )
    session.go_to(chosen.url_path)
    page_frame.draw_every_page({"page": chosen.url_path, **resources.address(not chosen.url_path)})
    chosen.run()
    page_frame.draw_foot()


# Streamlit runs this file as __main__. A process that is spawned to read a document runs it once
# more, as __mp_main__, and needs none of it.
if __name__ == "__main__":
    main()
