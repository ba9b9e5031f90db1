"""Draws one page: what is said about it, its quote, and its picture or its text."""

from collections.abc import Sequence
from typing import NamedTuple

import streamlit as st

from assistant.i18n.translation import N_, _
from assistant.receipts.highlight import Marked
from assistant.ui.components.escaping import as_html
from assistant.ui.components.library.coverage import missing
from assistant.ui.components.viewer import player, seen
from assistant.ui.components.viewer.running_quote import running
from assistant.ui.components.viewer.text_page import lines_of, text_page
from assistant.ui.session import Shown
from ingest.document.model import Page, count
from ingest.document.source import readable
from ingest.sandbox.drawing import drawings
from vectorstore.federation.federated import AnyLibrary

_CHANGED = N_("This document has changed since the answer: its page no longer has the cited lines.")
_SCALE = 2.0  # 144 dots per inch: sharp at the width of the panel
_LARGE_SCALE = 3.0  # the same at the width of a window


class At(NamedTuple):
    """Where the cited lines begin, as shares of the page's height and width."""

    down: float
    across: float


def draw(
    library: AnyLibrary, opened: Shown, page: Page, name: str = "page-image",
    changed: Sequence[int] = (),
) -> At:  # fmt: skip
    """`name` is the key of the picture's container; `changed` are indexes of lines that the page
    beside it does not have."""
    _note(library, opened, name)
    is_cited = opened.page == opened.cited_page
    cited = cited_lines(opened, page) if is_cited else range(0)
    if is_cited and opened.quote:
        quote = running(page, cited) if cited else opened.quote
        st.html(f'<blockquote class="quote">{as_html(quote)}</blockquote>')
        if not cited:
            st.info(_(_CHANGED))
    if note := missing(page.note, count(page.text), page.unread):
        st.html(f'<p class="page-note" role="note">{as_html(note[0].upper() + note[1:])}</p>')
    if page.width:
        return _drawn(library, opened, page, name, cited, changed)
    player.draw(opened.document, library.file(opened.document), opened.seconds or 0.0)
    st.html(text_page(page, cited, changed))
    return At(cited.start / len(page.lines) if cited else 0.0, 0.0)


def named(opened: Shown) -> str:
    """The document and the page."""
    return _("{document}, page {page}", document=readable(opened.document), page=opened.page)


def _drawn(
    library: AnyLibrary, opened: Shown, page: Page, name: str, cited: range, changed: Sequence[int]
) -> At:  # fmt: skip
    boxes = tuple(tuple(page.lines[at].box) for at in cited)
    others = tuple(tuple(page.lines[at].box) for at in changed if at not in cited)
    scale = _LARGE_SCALE if opened.large or opened.sharp else _SCALE
    marked, file = Marked(page.width, boxes, others), library.file(opened.document)
    picture = drawings.draw(file, opened.page, scale, marked, opened.document)
    with st.container(key=name):
        st.image(picture, alt=named(opened), width="stretch")
    if not boxes or not page.height:
        return At(0.0, 0.0)
    return At(boxes[0][1] / page.height, boxes[0][0] / page.width)


def _note(library: AnyLibrary, opened: Shown, name: str) -> None:
    """Once for each time that a page is opened: it is drawn again with every click."""
    key = f"noted-{name}"
    if st.session_state.get(key) != (now := (library.name, opened.document, opened.page)):
        st.session_state[key] = now
        seen.note(library, opened.document, f"page {opened.page}")


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
