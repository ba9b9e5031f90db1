"""The page map of the app."""

from pathlib import Path

UI = Path(__file__).parent / "assistant" / "ui"


def main() -> None:
    """Draw the page that the address names."""
    import streamlit as st

    from assistant.errors import AssistantError
    from assistant.i18n.translation import _
    from assistant.ui import addresses, resources, session, widgets

    # A picture of our own: for an icon by name, Streamlit 1.67 sends the browser to
    # fonts.gstatic.com.
    st.set_page_config("Pincite", page_icon=str(UI / "icon.svg"))
    widgets.follow_visitor_language()
    if session.is_server_unguarded():
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
    chat = st.Page(UI / "pages" / "chat.py", title=_("Chat"), icon=":material/forum:", default=True)
    library = st.Page(
        UI / "pages" / "library.py",
        title=_("Library"),
        icon=":material/docs:",
        url_path=addresses.LIBRARY,
    )
    sheet = st.Page(
        UI / "pages" / "sheet.py",
        title=_("Sheet"),
        icon=":material/table:",
        url_path=addresses.SHEET,
    )
    measure = st.Page(
        UI / "pages" / "measure.py",
        title=_("Measure"),
        icon=":material/monitoring:",
        url_path=addresses.MEASURE,
    )
    settings = st.Page(
        UI / "pages" / "settings.py",
        title=_("Settings"),
        icon=":material/tune:",
        url_path=addresses.SETTINGS,
    )
    mine = [measure] if resources.is_owner() else []
    chosen = st.navigation([chat, library, sheet, *mine, settings])
    session.go_to(chosen.url_path)
    address = {"page": chosen.url_path, **resources.address(not chosen.url_path)}
    widgets.draw_every_page(widgets.visitor_language(), widgets.kept_language_cookie(), address)
    chosen.run()
    widgets.draw_language_choice()


# Streamlit runs this file as __main__. A process that is spawned to read a document runs it once
# more, as __mp_main__, and needs none of it.
if __name__ == "__main__":
    main()
