"""Draws the tools of the open page, and lays the text that was read over its picture."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from assistant.i18n.translation import _
from assistant.ui import session
from assistant.ui.components.scripts.script import read, script
from assistant.ui.components.viewer import page_pair, seen
from assistant.ui.components.viewer.tools import page_search, page_strip
from assistant.ui.session import Shown
from ingest.document.model import Page
from vectorstore.federation.federated import AnyLibrary

_DIGITS = 2
_KEY = "page-tools-drawn"

_component = st.components.v2.component(
    "pincite_page_tools",
    html='<div class="tools" role="toolbar"></div><ol class="found" hidden></ol>',
    css=read("page_tools.css"),
    js=script("text_layer", "found_list", "page_tools"),
)


@st.fragment
def draw(library: AnyLibrary, opened: Shown, page: Page, pages: int, strip: bool) -> None:
    """`pages` is how many the document has; `strip` whether their small pictures are drawn.

    A fragment: searching does not draw the page again.
    """
    if (session.shown(), page_strip.shown()) != (opened, strip):
        st.rerun()
    _component(
        key=_KEY, data=_data(library, opened, page, pages),
        on_go_change=_when("go", lambda step: _go(opened, int(step))),
        on_sharp_change=_when("sharp", lambda _: session.show(replace(opened, sharp=True))),
        on_page_change=_when("page", lambda number: page_pair.turn(library, opened, int(number))),
        on_sought_change=_when("sought", lambda given: _seek(library, opened, given["text"])),
        on_strip_change=_when("strip", lambda given: page_strip.show(given["shown"])),
    )  # fmt: skip


def _when(name: str, act: Callable[[Any], None]) -> Callable[[], None]:
    def act_once() -> None:
        given = st.session_state[_KEY][name]
        if given:
            act(given)

    return act_once


def _data(library: AnyLibrary, opened: Shown, page: Page, pages: int) -> dict[str, Any]:
    return {
        "page": f"{opened.document}/{opened.page}",
        "number": opened.page,
        "pages": pages,
        "layers": _layers(library, opened, page),
        "at": at(opened),
        "of": len(opened.citations),
        "sharp": opened.sharp or opened.large,
        "strip": page_strip.shown(),
        "found": page_search.found(library, opened.document) if pages > 1 else None,
        "words": _words(),
    }


def _layers(library: AnyLibrary, opened: Shown, page: Page) -> list[dict[str, Any]]:
    """The text of each page that is drawn, with the size of its page in points."""
    shown = [(opened, page)]
    if beside := opened.beside:
        shown.append((beside, library.page(beside.document, beside.page)))
    return [
        {"page": f"{one.document}/{one.page}", "width": drawn.width, "height": drawn.height,
         "lines": lines(drawn)}
        for one, drawn in shown if drawn.width
    ]  # fmt: skip


def _seek(library: AnyLibrary, opened: Shown, words: str) -> None:
    page_search.seek(words)
    seen.note(library, opened.document, "lines that were searched for")


def lines(page: Page) -> list[list[Any]]:
    """The lines of a drawn page, each with its box in points; none that readers do not see."""
    if not page.width:
        return []
    return [
        [line.text, *(round(side, _DIGITS) for side in line.box)]
        for line in page.lines
        if not line.hidden
    ]


def at(opened: Shown) -> int:
    """Which of the answer's citations is open, from 0; -1 when it is none."""
    sources = [one.source for one in opened.citations]
    return sources.index(opened.source) if opened.source in sources else -1


def _go(opened: Shown, step: int) -> None:
    """Open the next citation of the answer, or the one before; after the last comes the first."""
    every = opened.citations
    if every:
        other = every[(max(at(opened), 0) + step) % len(every)]
        session.show(replace(other, citations=every, large=opened.large))


def _words() -> dict[str, str]:
    """Of page_tools.js."""
    return {
        "tools": _("Tools of the page"),
        "out": _("Zoom out (-)"),
        "in": _("Zoom in (+)"),
        "fit": _("As wide as the panel (0)"),
        "turn": _("Turn the page (R)"),
        "text": _("Show the text that was read (T)"),
        "strip": _("Show small pictures of the pages (M)"),
        "find": _("Find in this document"),
        "found": _("{number} of {total}"),
        "elsewhere": _("{total} on other pages"),
        "none": _("not found"),
        "list": _("Where it was found"),
        "page": _("Page {number}"),
        "before": _("Citation before (P)"),
        "behind": _("Citation behind (N)"),
        "citation": _("Citation {number} of {total}"),
    }
