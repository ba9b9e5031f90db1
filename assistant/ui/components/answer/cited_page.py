"""Shows a cited page beside the chat, with the cited lines highlighted."""

from dataclasses import replace
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.attachments.attached_evidence import CAME_WITH
from assistant.i18n.translation import N_, _
from assistant.receipts.highlight import Rectangle, highlighted, png
from assistant.ui import resources, session
from assistant.ui.components import error_banner
from assistant.ui.components.answer import player
from assistant.ui.components.answer.text_page import lines_of, text_page
from assistant.ui.components.escaping import as_html
from assistant.ui.components.library.coverage import missing
from assistant.ui.components.script import listening
from assistant.ui.components.viewer import page_tools
from assistant.ui.session import Shown
from ingest.document.model import Page, count
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.images import image_file
from ingest.media.ffmpeg import clock
from vectorstore.library import Library

_CHANGED = N_("This document has changed since the answer: its page no longer has the cited lines.")
_ELSEWHERE = N_(
    "This file came with the question and is shown beside it. It is not in the library."
)
_NOTED = "noted-page"
_SCALE = 2.0  # 144 dots per inch: sharp at the width of the panel
_LARGE_SCALE = 3.0  # the same at the width of a window

_scroll = st.components.v2.component(
    "pincite_page", js=listening(Path(__file__).with_suffix(".js"))
)


def panel(library: Library) -> None:
    """Draw the panel, if a page is open."""
    opened = session.shown()
    if opened is None:
        return
    with st.container(key="page"):
        try:
            tools = _head(opened, _pages(library, opened.document))
            if opened.document.startswith(CAME_WITH):
                st.html(f'<blockquote class="quote">{as_html(opened.quote)}</blockquote>')
                st.info(_(_ELSEWHERE))
            else:
                _page(library, opened, tools)
        except PinciteError as error:
            error_banner.say(error)
            st.button(_("Close"), on_click=session.show, args=(None,), key="close-broken")


def _pages(library: Library, document: str) -> int:
    return next((d.pages for d in library.documents() if d.document == document), 0)


def _head(opened: Shown, pages: int) -> DeltaGenerator:
    """Returns the place of the tools."""
    with st.container(key="page-head"):
        st.html(
            f'<div class="page-name">{as_html(readable(opened.document))}</div>'
            f'<div class="page-number">{as_html(_where(opened, pages))}</div>'
        )
        with st.container(horizontal=True, gap="small", key="page-buttons"):
            if pages > 1:
                _turn_button("previous", _("Previous"), -1, opened, opened.page > 1)
                _turn_button("next", _("Next"), 1, opened, opened.page < pages)
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


def _where(opened: Shown, pages: int) -> str:
    if opened.seconds is not None:
        return _("At {time}", time=clock(opened.seconds))
    return _("Page {page} of {pages}", page=opened.page, pages=pages or "?")


def _named(opened: Shown) -> str:
    return _("{document}, page {page}", document=readable(opened.document), page=opened.page)


def _turn_button(name: str, label: str, step: int, opened: Shown, possible: bool) -> None:
    st.button(
        label,
        key=f"{name}-page",
        disabled=not possible,
        on_click=session.show,
        args=(replace(opened, page=opened.page + step),),
    )


def _page(library: Library, opened: Shown, tools: DeltaGenerator) -> None:
    page = library.page(opened.document, opened.page)
    with tools:
        page_tools.draw(opened, page)
    _note(library.name, opened)
    cited = cited_lines(opened, page) if opened.page == opened.cited_page else range(0)
    if opened.page == opened.cited_page and opened.quote:
        st.html(f'<blockquote class="quote">{as_html(opened.quote)}</blockquote>')
        if not cited:
            st.info(_(_CHANGED))
    if note := missing(page.note, count(page.text), page.unread):
        st.html(f'<p class="page-note" role="note">{as_html(note[0].upper() + note[1:])}</p>')
    if page.width:
        boxes = tuple(tuple(page.lines[at].box) for at in cited)
        scale = _LARGE_SCALE if opened.large or opened.sharp else _SCALE
        picture = _picture(library.file(opened.document), opened.page, boxes, page.width, scale)
        with st.container(key="page-image"):
            st.image(picture, alt=_named(opened), width="stretch")
        at = boxes[0][1] / page.height if boxes and page.height else 0.0
        left = boxes[0][0] / page.width if boxes else 0.0
    else:
        player.draw(opened.document, library.file(opened.document), opened.seconds or 0.0)
        st.html(text_page(page, cited))
        at, left = cited.start / len(page.lines) if cited else 0.0, 0.0
    _scroll(
        key=f"scroll-{opened.source}-{opened.page}",
        data={
            "at": at,
            "left": left,
            "name": _named(opened),
            "source": opened.source,
            "large": opened.large,
        },
        on_close_change=lambda: session.show(None),
        on_smaller_change=lambda: _smaller(opened),
    )


def _smaller(opened: Shown) -> None:
    if session.shown() is not None:  # both steps of a double Escape may come in one rerun
        session.show(replace(opened, large=False))


def _note(library: str, opened: Shown) -> None:
    """Once for each time that a page is opened: it is drawn again with every click."""
    if st.session_state.get(_NOTED) != (now := (library, opened.document, opened.page)):
        st.session_state[_NOTED] = now
        resources.note("saw", library, f"{opened.document}, page {opened.page}")


def cited_lines(opened: Shown, page: Page) -> range:
    """The present place of the quote's lines; empty when they are no longer together on the page.

    Another file may have this name now, so the boxes of the answer are not trusted.
    """
    places = lines_of(opened.quote, page)
    as_cited = [p for p in places if _is_place(p, opened, page)]
    return next(iter(as_cited or places), range(0))


def _is_place(lines: range, opened: Shown, page: Page) -> bool:
    """Of places with the same words: the one that was cited, by its boxes or its time."""
    if opened.seconds is not None:
        return page.lines[lines.start].seconds == opened.seconds
    return tuple(tuple(page.lines[at].box) for at in lines) == opened.boxes


@st.cache_data(max_entries=64, show_spinner=False)
def _picture(
    file: Path, number: int, boxes: tuple[Rectangle, ...], points: float, scale: float
) -> bytes:
    image = image_file.render(file, number, scale)
    return png(highlighted(image, boxes, points) if boxes and points else image)
