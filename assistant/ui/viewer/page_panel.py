"""Shows a cited page beside the chat, with the cited lines highlighted and with its tools."""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.attachments import CAME_WITH
from assistant.i18n.translation import N_, _
from assistant.ui import session, widgets
from assistant.ui.session import Shown
from assistant.ui.viewer import page_view
from assistant.ui.widgets import Component, as_html, button
from ingest.document.model import Page
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.media.ffmpeg import clock
from vectorstore.federation import AnyLibrary
from vectorstore.images import MOST

# -- Finds words in the pages that were read: letter by letter, also across the end of a line
# `text_layer.js` of the app finds the same places on the page that is shown.

LISTED = 200  # places; all are counted
LEAST = 2  # letters that are looked for: one is on every line
_SOUGHT = "page-sought"  # in the session's state
_AROUND = 60  # characters before a place, and twice as many behind
_SAME = str.maketrans(  # as a keyboard writes them; the same table is in text_layer.js
    "\u2019\u2018\u201c\u201d\u2010\u2011\u2013\u2014\u00a0\u00ad", "''\"\"---- -"
)
PageText = tuple[int, str]  # a page, and what a reader sees on it
Row = list[Any]


def page_text(page: Page) -> PageText:
    """A page as it is searched."""
    return page.number, " ".join(line.text for line in page.lines if not line.hidden)


def find(pages: Iterable[PageText], sought: str, most: int = LISTED) -> tuple[list[Row], list[Row]]:
    """Where `sought` occurs, which is plain words and no pattern, in any case: each page with how
    often, and the first places as page, number on it from 0, and the text around."""
    words = re.escape(" ".join(sought.split()).translate(_SAME))
    wanted = re.compile(words or "(?!)", re.IGNORECASE)
    counts, places = list[Row](), list[Row]()
    for page, text in pages:
        if found := list(wanted.finditer(text.translate(_SAME))):
            counts.append([page, len(found)])
        for number, match in enumerate(found[: most - len(places)]):
            first, last = max(match.start() - _AROUND, 0), match.end() + 2 * _AROUND
            before, behind = "…" if first else "", "…" if last < len(text) else ""
            places.append([page, number, f"{before}{text[first:last]}{behind}"])
    return counts, places


def keep_sought(document: str, words: str) -> None:
    """Store the words to look for in a document, in the session; they go with it."""
    st.session_state[_SOUGHT] = document, words


def search_result(library: AnyLibrary, document: str) -> dict[str, Any] | None:
    """Where they are in all pages of a document: {"sought", "pages": [[page, places]], "places":
    [[page, place on it, text]], "total"}; None when nothing is looked for."""
    of, words = st.session_state.get(_SOUGHT, ("", ""))
    sought = words.strip()
    if of != document or len(sought) < LEAST:
        return None
    sha256 = library.sha256(document)
    texts = _texts(library, library.name, document, sha256, library.generation())
    pages, places = find(texts, sought)
    total = sum(count for _page, count in pages)
    return {"sought": sought, "pages": pages, "places": places, "total": total}


# Two documents: one that is compared with the other. They are shared by visitors who see them. By
# their bytes, too: a library that was deleted may have been made again under its name.
@st.cache_resource(max_entries=2, show_spinner=False)
def _texts(
    _library: AnyLibrary, library: str, document: str, sha256: str, generation: int
) -> list[PageText]:
    return [page_text(page) for page in _library.pages(document)]


# -- Small pictures of the pages of the open document, which are drawn when they come into view

_WANTED = "page-strip-wanted"  # in the session's state: pages that have come into view
_SHOWN = "page-strip"  # the same: whether it is looked at; at first it is not

_strip = Component(
    "page_strip",
    '<nav><ol class="strip"></ol></nav>',
    words={"name": N_("Pages of the document"), "page": N_("Page {number}")},
)


@st.fragment
def _draw_strip(library: AnyLibrary, opened: Shown, page: Page, pages: int) -> None:
    """`pages` is how many the document has. A fragment: pictures come without the page being drawn
    again."""
    if (now := session.shown()) is not None and now.page != opened.page:
        st.rerun()
    asked: list[int] = st.session_state.pop(_WANTED, [])
    drawn = _drawn(library, opened.document, asked) if asked else {}
    data = {
        "document": f"{library.name}/{library.generation()}/{opened.document}",
        "page": opened.page,
        "pages": pages,
        "shape": f"{page.width} / {page.height}",
        "asked": asked,  # those without a picture cannot be drawn, and are not asked for again
        "thumbs": {number: widgets.jpeg_address(picture) for number, picture in drawn.items()},
        "most": MOST,
    }

    def want(given: Any) -> None:
        st.session_state[_WANTED] = [int(page) for page in given["pages"]][:MOST]

    turn = partial(page_view.turn_page, library, opened)
    _strip.draw("page-strip-drawn", data, {"wanted": want, "open": lambda to: turn(int(to))})


def _drawn(library: AnyLibrary, document: str, pages: list[int]) -> dict[int, bytes]:
    listed = ", ".join(map(str, pages))
    page_view.note_seen(library, document, f"small pictures of the pages {listed}")
    with suppress(PinciteError):  # the page below says why the document cannot be shown
        of, name = library.part(document)
        return of.thumbnails.of(name, pages)
    return {}


# -- Draws the tools of the open page, and lays the text that was read over its picture

_DIGITS = 2

_tools = Component(
    "page_tools",
    '<div class="tools" role="toolbar"></div><ol class="found" hidden></ol>',
    uses=("text_layer", "found_list", "menu"),
    words={
        "tools": N_("Tools of the page"), "previous": N_("Previous"), "next": N_("Next"),
        "out": N_("Zoom out (-)"), "in": N_("Zoom in (+)"), "more": N_("More"),
        "close": N_("Close"), "fit": N_("As wide as the panel (0)"),
        "turn": N_("Turn the page (R)"), "text": N_("Show the text that was read (T)"),
        "strip": N_("Show small pictures of the pages (M)"), "before": N_("Citation before (P)"),
        "behind": N_("Citation behind (N)"), "larger": N_("Larger"), "smaller": N_("Smaller"),
        "compare": N_("Compare: {page}"), "alone": N_("One page"),
        "find": N_("Find in this document"), "found": N_("{number} of {total}"),
        "elsewhere": N_("{total} on other pages"), "none": N_("not found"),
        "list": N_("Where it was found"), "page": N_("Page {number}"),
    },
)  # fmt: skip


@st.fragment
def _draw_tools(library: AnyLibrary, opened: Shown, page: Page, pages: int, strip: bool) -> None:
    """`pages` is how many the document has; `strip` whether their small pictures are drawn.

    A fragment: searching does not draw the page again.
    """
    if (session.shown(), bool(st.session_state.get(_SHOWN))) != (opened, strip):
        st.rerun()
    others = [] if opened.beside else page_view.choices(library, opened)
    data = {
        "document": opened.document,
        "page": f"{opened.document}/{opened.page}",
        "number": opened.page,
        "pages": pages,
        "layers": _layers(library, opened, page),
        "of": len(opened.citations),
        "large": opened.large,
        "beside": opened.beside is not None,
        "others": [other.label for other in others],
        "sharp": opened.sharp or opened.large,
        "strip": strip,
        "found": search_result(library, opened.document) if pages > 1 else None,
    }

    def seek(given: Any) -> None:
        keep_sought(opened.document, given["text"])
        page_view.note_seen(library, opened.document, "lines that were searched for")

    events = {
        "close": lambda _yes: session.show(None),
        "large": lambda given: session.show(replace(opened, large=given["large"])),
        "alone": lambda _yes: session.show(replace(opened, beside=None)),
        "beside": lambda given: session.show(
            replace(opened, beside=others[given["at"]].open(), large=True)
        ),
        "go": lambda step: _go(opened, int(step)),
        "sharp": lambda _yes: session.show(replace(opened, sharp=True)),
        "page": lambda to: page_view.turn_page(library, opened, int(to)),
        "sought": seek,
        "strip": lambda given: st.session_state.update({_SHOWN: given["shown"]}),
    }
    _tools.draw("page-tools-drawn", data, events)


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
    if every := opened.citations:
        other = every[(max(at(opened), 0) + step) % len(every)]
        session.show(replace(other, citations=every, large=opened.large))


# -- The panel beside the chat

_ELSEWHERE = N_(
    "This file came with the question and is shown beside it. It is not in the library."
)

_scroll = Component("cited_page")


def draw_panel(library: AnyLibrary) -> None:
    """Draw the panel, if a page is open."""
    opened = session.shown()
    if opened is None:
        return
    with st.container(key="page"):
        try:
            info = next((d for d in library.documents() if d.document == opened.document), None)
            pages, seconds = (info.pages, info.seconds) if info else (0, None)
            with st.container(key="page-head"):
                st.html(
                    f'<div class="page-name">{as_html(readable(opened.document))}</div>'
                    f'<div class="page-number">{as_html(_where(opened, pages, seconds))}</div>'
                )
                tools = st.container()
            if opened.document.startswith(CAME_WITH):
                st.html(f'<blockquote class="quote">{as_html(opened.quote)}</blockquote>')
                st.info(_(_ELSEWHERE))
                _draw_close()
            else:
                _page(library, opened, tools, pages)
        except PinciteError as error:
            widgets.show_error(error)
            _draw_close()


def _draw_close() -> None:
    """Where there is no page that tools could be for."""
    button(_("Close"), "close-broken", session.show, None, type="secondary")


def _where(opened: Shown, pages: int, seconds: float | None) -> str:
    if opened.seconds is not None and seconds is not None:
        return _("At {time} of {length}", time=clock(opened.seconds), length=clock(seconds))
    if opened.seconds is not None:
        return _("At {time}", time=clock(opened.seconds))
    here = _("Page {page} of {pages}", page=opened.page, pages=pages or "?")
    if (number := at(opened)) < 0 or len(opened.citations) < 2:
        return here
    cited = _("Citation {number} of {total}", number=number + 1, total=len(opened.citations))
    return f"{here} · {cited}"


def _page(library: AnyLibrary, opened: Shown, tools: DeltaGenerator, pages: int) -> None:
    page = library.page(opened.document, opened.page)
    with tools:
        strip = bool(st.session_state.get(_SHOWN))
        _draw_tools(library, opened, page, pages, strip)
        if strip and page.width and pages > 1:
            _draw_strip(library, opened, page, pages)
    if opened.beside:
        at = page_view.draw_pair(library, opened, page, opened.beside)
    else:
        at = page_view.draw_page(library, opened, page)
    data = {
        "at": at.down, "left": at.across, "name": page_view.named(opened),
        "source": opened.source, "large": opened.large,
    }  # fmt: skip

    def smaller(_yes: Any) -> None:
        if session.shown() is not None:  # both steps of a double Escape may come in one rerun
            session.show(replace(opened, large=False))

    events = {"close": lambda _yes: session.show(None), "smaller": smaller}
    _scroll.draw(f"scroll-{opened.source}-{opened.page}", data, events)
