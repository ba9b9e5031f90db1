"""Shows a cited page beside the chat, with the cited lines highlighted and with its tools."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.attachments import CAME_WITH
from assistant.i18n.translation import N_, _
from assistant.ui import session, widgets
from assistant.ui.session import Shown
from assistant.ui.viewer import page_view
from assistant.ui.widgets import as_html, read, script
from ingest.document.model import Page
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.media.ffmpeg import clock
from vectorstore.federation import AnyLibrary
from vectorstore.images import MOST

# -- Finds words in the pages that were read: letter by letter, also across the end of a line
# `text_layer.js` of the app finds the same places on the page that is shown.

LISTED = 200  # places with their line; all are counted
_SAME = str.maketrans(  # as a keyboard writes them; the same table is in text_layer.js
    "\u2019\u2018\u201c\u201d\u2010\u2011\u2013\u2014\u00a0\u00ad", "''\"\"---- -"
)


class PageText(NamedTuple):
    """A page prepared to be searched."""

    number: int
    lines: tuple[str, ...]  # those that a reader sees
    text: str  # the lines, folded, with a space between them


class Place(NamedTuple):
    """One occurrence of the sought words: its page, and the line in which it begins."""

    page: int
    number: int  # of those on the page, from 0
    line: str  # where they begin


@dataclass(frozen=True)
class Found:
    """The occurrences in a document: all are counted, the first `most` are listed."""

    pages: tuple[tuple[int, int], ...]  # each page with places, and how many it has
    places: tuple[Place, ...]  # the first ones

    @property
    def total(self) -> int:
        return sum(count for _, count in self.pages)


def folded(text: str) -> str:
    """In lower case and with the signs of a keyboard, of the same length: letters that lower case
    makes longer stay as they are."""
    text = text.translate(_SAME)
    low = text.lower()
    if len(low) == len(text):
        return low
    return "".join(small if len(small := letter.lower()) == 1 else letter for letter in text)


def page_text(page: Page) -> PageText:
    """A page as it is searched."""
    lines = tuple(line.text for line in page.lines if not line.hidden)
    return PageText(page.number, lines, folded(" ".join(lines)))


def find(pages: Iterable[PageText], sought: str, most: int = LISTED) -> Found:
    """Where `sought` occurs, which is plain words and no pattern; nowhere when it is blank."""
    wanted = folded(" ".join(sought.split()))
    counts: list[tuple[int, int]] = []
    places: list[Place] = []
    for page in pages if wanted else ():
        if count := page.text.count(wanted):
            counts.append((page.number, count))
            places += _places(page, wanted, min(count, most - len(places)))
    return Found(tuple(counts), tuple(places))


def _places(page: PageText, wanted: str, most: int) -> list[Place]:
    if most <= 0:
        return []
    starts = [0, *accumulate(len(line) + 1 for line in page.lines)]
    found, end = [], 0
    for number in range(most):
        at = page.text.index(wanted, end)
        end = at + len(wanted)
        found.append(Place(page.number, number, _shown(page.lines, starts, at, end)))
    return found


def _shown(lines: Sequence[str], starts: Sequence[int], at: int, end: int) -> str:
    """The lines from `at` to `end` in the text."""
    first, last = bisect_right(starts, at) - 1, bisect_right(starts, end - 1) - 1
    return " ".join(lines[first : last + 1])


# -- What a visitor looks for in the open document: in the text that was read, of all its pages

LEAST = 2  # letters: one is on every line
_SOUGHT = "page-sought"  # in the session's state
_AROUND = 60  # characters of a line before the words, and twice as many behind


def keep_sought(words: str) -> None:
    """Store the words to look for in the open document, in the session."""
    st.session_state[_SOUGHT] = words


def search_result(library: AnyLibrary, document: str) -> dict[str, Any] | None:
    """Where it is in a document: {"sought", "pages": [[page, places]], "places": [[page, place on
    it, line]], "total"}; None when nothing is looked for."""
    sought = st.session_state.get(_SOUGHT, "").strip()
    if len(sought) < LEAST:
        return None
    sha256 = library.sha256(document)
    texts = _texts(library, library.name, document, sha256, library.generation())
    result = find(texts, sought)
    return {
        "sought": sought,
        "pages": [list(page) for page in result.pages],
        "places": [[p.page, p.number, excerpt(p, sought)] for p in result.places],
        "total": result.total,
    }


def excerpt(place: Place, sought: str) -> str:
    """The line around the words: the row of a sheet may be long."""
    at = max(folded(place.line).find(folded(" ".join(sought.split()))), 0)
    start, end = max(at - _AROUND, 0), at + len(sought) + 2 * _AROUND
    before, behind = "…" if start else "", "…" if end < len(place.line) else ""
    return f"{before}{place.line[start:end]}{behind}"


# Two documents: one that is compared with the other. They are shared by visitors who see them. By
# their bytes, too: a library that was deleted may have been made again under its name.
@st.cache_resource(max_entries=2, show_spinner=False)
def _texts(
    _library: AnyLibrary, library: str, document: str, sha256: str, generation: int
) -> list[PageText]:
    return [page_text(page) for page in _library.pages(document)]


# -- Small pictures of the pages of the open document, which are drawn when they come into view

_STRIP_KEY = "page-strip-drawn"
_WANTED = "page-strip-wanted"  # in the session's state: pages that have come into view
_SHOWN = "page-strip"

_strip_component = st.components.v2.component(
    "pincite_page_strip",
    html='<nav><ol class="strip"></ol></nav>',
    css=read("page_strip.css"),
    js=script("page_strip"),
)


def is_strip_shown() -> bool:
    """Whether this visitor looks at the strip; at first nobody does."""
    return bool(st.session_state.get(_SHOWN))


def show_strip(wanted: bool) -> None:
    """Draw it from now on, or no longer."""
    st.session_state[_SHOWN] = wanted


@st.fragment
def draw_strip(library: AnyLibrary, opened: Shown, page: Page, pages: int) -> None:
    """`pages` is how many the document has. A fragment: pictures come without the page being drawn
    again."""
    if (now := session.shown()) is not None and now.page != opened.page:
        st.rerun()
    asked: list[int] = st.session_state.pop(_WANTED, [])
    drawn = _drawn(library, opened.document, asked) if asked else {}
    _strip_component(
        key=_STRIP_KEY, data=_strip_data(library, opened, page, pages, asked, drawn),
        on_wanted_change=_want, on_open_change=lambda: _open(library, opened),
    )  # fmt: skip


def _drawn(library: AnyLibrary, document: str, pages: list[int]) -> dict[int, bytes]:
    listed = ", ".join(map(str, pages))
    page_view.note_seen(library, document, f"small pictures of the pages {listed}")
    try:
        of, name = library.part(document)
        return of.thumbnails.of(name, pages)
    except PinciteError:  # the page below says why the document cannot be shown
        return {}


def _want() -> None:
    if given := st.session_state[_STRIP_KEY]["wanted"]:
        st.session_state[_WANTED] = [int(page) for page in given["pages"]][:MOST]


def _open(library: AnyLibrary, opened: Shown) -> None:
    if number := st.session_state[_STRIP_KEY]["open"]:
        page_view.turn_page(library, opened, int(number))


def _strip_data(
    library: AnyLibrary, opened: Shown, page: Page, pages: int, asked: list[int],
    drawn: Mapping[int, bytes],
) -> dict[str, Any]:  # fmt: skip
    return {
        "document": f"{library.name}/{library.generation()}/{opened.document}",
        "page": opened.page,
        "pages": pages,
        "shape": f"{page.width} / {page.height}",
        "asked": asked,  # those without a picture cannot be drawn, and are not asked for again
        "thumbs": {number: widgets.jpeg_address(picture) for number, picture in drawn.items()},
        "most": MOST,
        "words": {"name": _("Pages of the document"), "page": _("Page {number}")},
    }


# -- Draws the tools of the open page, and lays the text that was read over its picture

_DIGITS = 2
_TOOLS_KEY = "page-tools-drawn"

_tools_component = st.components.v2.component(
    "pincite_page_tools",
    html='<div class="tools" role="toolbar"></div><ol class="found" hidden></ol>',
    css=read("page_tools.css"),
    js=script("text_layer", "found_list", "page_tools"),
)


@st.fragment
def draw_tools(library: AnyLibrary, opened: Shown, page: Page, pages: int, strip: bool) -> None:
    """`pages` is how many the document has; `strip` whether their small pictures are drawn.

    A fragment: searching does not draw the page again.
    """
    if (session.shown(), is_strip_shown()) != (opened, strip):
        st.rerun()
    _tools_component(
        key=_TOOLS_KEY, data=_tools_data(library, opened, page, pages),
        on_go_change=_when("go", lambda step: _go(opened, int(step))),
        on_sharp_change=_when("sharp", lambda _: session.show(replace(opened, sharp=True))),
        on_page_change=_when("page", lambda to: page_view.turn_page(library, opened, int(to))),
        on_sought_change=_when("sought", lambda given: _seek(library, opened, given["text"])),
        on_strip_change=_when("strip", lambda given: show_strip(given["shown"])),
    )  # fmt: skip


def _when(name: str, act: Callable[[Any], None]) -> Callable[[], None]:
    def act_once() -> None:
        given = st.session_state[_TOOLS_KEY][name]
        if given:
            act(given)

    return act_once


def _tools_data(library: AnyLibrary, opened: Shown, page: Page, pages: int) -> dict[str, Any]:
    return {
        "page": f"{opened.document}/{opened.page}",
        "number": opened.page,
        "pages": pages,
        "layers": _layers(library, opened, page),
        "at": at(opened),
        "of": len(opened.citations),
        "sharp": opened.sharp or opened.large,
        "strip": is_strip_shown(),
        "found": search_result(library, opened.document) if pages > 1 else None,
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
    keep_sought(words)
    page_view.note_seen(library, opened.document, "lines that were searched for")


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


# -- The panel beside the chat

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
        strip = is_strip_shown()
        draw_tools(library, opened, page, pages, strip)
        if strip and page.width and pages > 1:
            draw_strip(library, opened, page, pages)
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
