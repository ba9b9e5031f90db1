"""Shows a cited page beside the chat, with the cited lines highlighted."""

from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.attachments import CAME_WITH
from assistant.i18n.translation import N_, _
from assistant.ui import session, widgets
from assistant.ui.session import Shown
from assistant.ui.viewer import page_tools, page_view
from assistant.ui.widgets import as_html, script
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.media.ffmpeg import clock
from vectorstore.federation import AnyLibrary

_ELSEWHERE = N_(
    "This file came with the question and is shown beside it. It is not in the library."
)

_scroll = st.components.v2.component("pincite_page", js=script("cited_page"))


def draw_panel(library: AnyLibrary) -> None:
    """Draw the panel, if a page is open."""
    opened = session.shown()
    if opened is None:
        return
    with st.container(key="page"):
        try:
            info = next((d for d in library.documents() if d.document == opened.document), None)
            pages = info.pages if info else 0
            tools = _head(library, opened, pages, info.seconds if info else None)
            if opened.document.startswith(CAME_WITH):
                st.html(f'<blockquote class="quote">{as_html(opened.quote)}</blockquote>')
                st.info(_(_ELSEWHERE))
            else:
                _page(library, opened, tools, pages)
        except PinciteError as error:
            widgets.show_error(error)
            st.button(_("Close"), on_click=session.show, args=(None,), key="close-broken")


def _head(library: AnyLibrary, opened: Shown, pages: int, seconds: float | None) -> DeltaGenerator:
    """Returns the place of the tools. `seconds` is the length of a recording."""
    with st.container(key="page-head"):
        st.html(
            f'<div class="page-name">{as_html(readable(opened.document))}</div>'
            f'<div class="page-number">{as_html(_where(opened, pages, seconds))}</div>'
        )
        with st.container(horizontal=True, gap="small", key="page-buttons"):
            if pages > 1:
                turn = partial(_turn_button, library, opened)
                turn("previous", _("Previous"), -1, opened.page > 1)
                turn("next", _("Next"), 1, opened.page < pages)
            page_view.draw_compare_button(library, opened)
            st.button(
                _("Smaller") if opened.large else _("Larger"),
                key="size-page",
                icon=f":material/{'close_fullscreen' if opened.large else 'open_in_full'}:",
                on_click=session.show,
                args=(replace(opened, large=not opened.large),),
            )
            st.button(
                _("Close"),
                key="close-page",
                icon=":material/close:",
                on_click=session.show,
                args=(None,),
            )
        return st.container(key="page-tools")


def _where(opened: Shown, pages: int, seconds: float | None) -> str:
    if opened.seconds is not None and seconds is not None:
        return _("At {time} of {length}", time=clock(opened.seconds), length=clock(seconds))
    if opened.seconds is not None:
        return _("At {time}", time=clock(opened.seconds))
    return _("Page {page} of {pages}", page=opened.page, pages=pages or "?")


def _turn_button(
    library: AnyLibrary, opened: Shown, name: str, label: str, step: int, possible: bool
) -> None:
    st.button(
        label,
        key=f"{name}-page",
        disabled=not possible,
        on_click=page_view.turn_page,
        args=(library, opened, opened.page + step),
    )


def _page(library: AnyLibrary, opened: Shown, tools: DeltaGenerator, pages: int) -> None:
    page = library.page(opened.document, opened.page)
    with tools:
        page_view.draw_compare_list(library, opened)
        strip = page_tools.is_strip_shown()
        page_tools.draw_tools(library, opened, page, pages, strip)
        if strip and page.width and pages > 1:
            page_tools.draw_strip(library, opened, page, pages)
    if opened.beside:
        at = page_view.draw_pair(library, opened, page, opened.beside)
    else:
        at = page_view.draw_page(library, opened, page)
    _scroll(
        key=f"scroll-{opened.source}-{opened.page}",
        data={
            "at": at.down,
            "left": at.across,
            "name": page_view.named(opened),
            "source": opened.source,
            "large": opened.large,
        },
        on_close_change=lambda: session.show(None),
        on_smaller_change=lambda: _smaller(opened),
    )


def _smaller(opened: Shown) -> None:
    if session.shown() is not None:  # both steps of a double Escape may come in one rerun
        session.show(replace(opened, large=False))
