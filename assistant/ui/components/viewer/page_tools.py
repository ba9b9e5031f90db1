"""Draws the tools of the open page, and lays the text that was read over its picture."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from assistant.i18n.translation import _
from assistant.ui import session
from assistant.ui.components.script import listening
from assistant.ui.session import Shown
from ingest.document.model import Page

_HERE = Path(__file__).parent
_DIGITS = 2

_component = st.components.v2.component(
    "pincite_page_tools",
    html='<div class="tools" role="toolbar"></div>',
    css=(_HERE / "page_tools.css").read_text(encoding="utf-8"),
    js=(_HERE / "text_layer.js").read_text(encoding="utf-8") + listening(_HERE / "page_tools.js"),
)


def draw(opened: Shown, page: Page) -> None:
    """Nothing for a page of text that only one mark points to."""
    if not page.width and len(opened.citations) < 2:
        return
    _component(
        key="page-tools-drawn", data=_data(opened, page),
        on_go_change=_when("go", lambda step: _go(opened, int(step))),
        on_sharp_change=_when("sharp", lambda _: session.show(replace(opened, sharp=True))),
    )  # fmt: skip


def _when(name: str, act: Callable[[Any], None]) -> Callable[[], None]:
    def act_once() -> None:
        given = st.session_state["page-tools-drawn"][name]
        if given:
            act(given)

    return act_once


def _data(opened: Shown, page: Page) -> dict[str, Any]:
    return {
        "page": f"{opened.document}/{opened.page}",
        "width": page.width,
        "height": page.height,
        "lines": lines(page),
        "at": at(opened),
        "of": len(opened.citations),
        "sharp": opened.sharp or opened.large,
        "words": _words(),
    }


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
        "find": _("Find on this page"),
        "found": _("{number} of {total}"),
        "none": _("not found"),
        "before": _("Citation before (P)"),
        "behind": _("Citation behind (N)"),
        "citation": _("Citation {number} of {total}"),
    }
