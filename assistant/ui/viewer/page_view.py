"""Draws one page: what is said about it, its quote, and its picture or its text."""

import re
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from assistant import attachments
from assistant.answering.whole.statements import ends_block
from assistant.attachments import CAME_WITH
from assistant.i18n.translation import N_, _, ngettext, told
from assistant.receipts.evidence_pack import Marked
from assistant.ui import resources, session, widgets
from assistant.ui.library.document_list import missing
from assistant.ui.session import Shown
from assistant.ui.widgets import Component, as_html, button, plain
from ingest.document.model import Line, Page, Table, count
from ingest.document.source import readable
from ingest.errors import PinciteError
from ingest.language.sentences import spans
from ingest.media.ffmpeg import clock
from ingest.sandbox.page_drawings import drawings
from ingest.text.reflow import append, vocabulary
from vectorstore import versions as between
from vectorstore.federation import AnyLibrary

# -- Plays a recording from its cited second, in the browser's own player

# What browsers play; they look at the file itself, and at this only to begin with.
_FORMATS = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".m4a": "audio/mp4", ".aac": "audio/aac",
    ".flac": "audio/flac", ".ogg": "audio/ogg", ".oga": "audio/ogg", ".opus": "audio/ogg",
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/mp4", ".webm": "video/webm",
    ".mkv": "video/webm",
}  # fmt: skip
_transcript = Component("transcript", words={"play": N_("Play from {time}")})
_LARGEST = 500 << 20  # bytes: Streamlit holds what it plays in memory


def draw_player(document: str, file: Path, seconds: float) -> None:
    """Draw the player from a second on, for recordings only. `file` is the library's own copy."""
    play: Any = {"audio": st.audio, "video": st.video}.get(attachments.media_kind(document))
    if play is None:
        return
    with st.container(key="player"):
        if why := _not_played(file):
            begins = _("The citation begins at {time}.", time=clock(seconds))
            st.info(plain(f"{why} {begins}"))
            return
        name = _("{document} from {time}", document=document, time=clock(seconds))
        play(str(file), format=_FORMATS[file.suffix], start_time=int(seconds), alt=name)
        _transcript.draw("transcript", {})


def _not_played(file: Path) -> str:
    """Why a browser cannot play a file, or nothing."""
    if not file.exists():
        return _("The library's copy of this recording is gone: add the file again.")
    if file.suffix not in _FORMATS:
        return _(
            "Browsers do not play {kind} files. Open {file} with a player.",
            kind=file.suffix, file=file,
        )  # fmt: skip
    if file.stat().st_size > _LARGEST:
        return _("The recording is too large to play here. Open {file} with a player.", file=file)
    return ""


# -- Joins the lines of a quote where its page only wrapped a paragraph
# What tells is the page: a line was wrapped if it is so full that the next word had no room in its
# column. Formats without laid out pages, such as code and YAML, keep their lines.

_ENDED = re.compile(r"[.!?:\u3002][\"'\u201d\u201c\u2019\u00bb\u00ab)\]]*\s*\Z")
_NUMBER = re.compile(r"\d\s*\Z")
_NARROWEST = 1 / 4  # of a page: what is narrower, such as lines of code or labels, is no column
_FULL = 2 / 3  # of its column: less is left free only before a word that is no word, a long address
_INEXACT = 3  # letters: the space before the word, and letters that are wider than the mean


def running(page: Page, cited: range) -> str:
    """The cited lines, wrapped ones as running text without the hyphen of a divided word.

    Apart stay rows of a table, items of a list, lines that each end with a number, as in a table of
    contents, lines that end with a colon or a sentence, and all lines of a page without a width.
    """
    lines, words = page.lines, vocabulary([page.text])
    said = lines[cited.start].text
    for at in cited[1:]:
        text = lines[at].text
        said = append(said, text, words) if _wrapped(page, at) else f"{said}\n{text}"
    return said


def whole(page: Page, cited: range) -> str:
    """The cited lines as running text, with the rest of their first and their last sentence."""
    first, last = cited.start, cited.stop
    while first and _wrapped(page, first):
        first -= 1
    while last < len(page.lines) and _wrapped(page, last):
        last += 1
    text = running(page, range(first, last))
    start = len(running(page, range(first, cited.start))) if first < cited.start else 0
    end = len(running(page, range(first, cited.stop)))
    held = [span for span in spans(text) if span[1] > start + 1 and span[0] < end]
    return text[held[0][0] : held[-1][1]] if held else text


def whole_quote(library: AnyLibrary, cited: Shown) -> str:
    """The same of the lines that a citation quotes, else its quote."""
    return _whole_quote(library, library.name, library.generation(), cited)


@st.cache_data(max_entries=256, show_spinner=False)
def _whole_quote(_library: AnyLibrary, library: str, generation: int, cited: Shown) -> str:
    with suppress(PinciteError):
        page = _library.page(cited.document, cited.page)
        if lines := cited_lines(cited, page):
            return whole(page, lines)
    return cited.quote


def _wrapped(page: Page, at: int) -> bool:
    """Whether a line goes on with the paragraph of the line before."""
    before, line = page.lines[at - 1], page.lines[at]
    if not page.width or not line.text.strip() or _ENDED.search(before.text):
        return False
    return not (
        ends_block(before, line)
        or (_NUMBER.search(before.text) and _NUMBER.search(line.text))
        or any(table.first <= at <= table.last + 1 for table in page.tables)
        or (before.heading, round(before.size)) != (line.heading, round(line.size))
    ) and _is_full(page, before, line)


def _is_full(page: Page, before: Line, line: Line) -> bool:
    """Whether the first word of `line` had no room behind `before`."""
    start, end = before.box.x0, before.box.x1
    column = (one.box for one in page.lines if one.box.x0 < end and one.box.x1 > start)
    edge = max((box.x1 for box in column), default=end)  # a line may have no place
    letter = (line.box.x1 - line.box.x0) / len(line.text)
    word = len(line.text.split()[0])
    return (
        edge - start > _NARROWEST * page.width
        and end - start > _FULL * (edge - start)
        and edge - end < (word + _INEXACT) * letter
    )


# -- The note that somebody saw pages of a document


def note_seen(library: AnyLibrary, document: str, what: str) -> None:
    """`what` of the document: "page 2". Of several libraries the document's own is named. Raises
    UnknownDocument."""
    of, name = library.part(document)
    resources.note("saw", of.name, f"{name}, {what}")


# -- Shows a page of a document without drawable pages: its lines as text, the cited ones marked

_DEEPEST = 6  # levels of headings that HTML has


def text_page(page: Page, cited: range, changed: Container[int] = ()) -> str:
    """The page as HTML; `cited` are indexes of lines, and `changed` of those that the page beside
    it does not have."""
    title = f"<h2>{as_html(page.title)}</h2>" if page.title else ""
    blocks = "".join(_block(page, first, last, cited, changed) for first, last in _blocks(page))
    empty = f'<p class="quiet">{as_html(_("There is no text on this page."))}</p>'
    return f'<div class="text-page" data-number="{page.number}">{title}{blocks or empty}</div>'


def _blocks(page: Page) -> Iterator[tuple[int, int]]:
    """Tables as a whole, headings, and between them the paragraphs; as lines, the last inclusive.

    Where no line says that a paragraph begins, each line is one.
    """
    told = any(line.begins for line in page.lines)
    inside = {at for table in page.tables for at in range(table.first + 1, table.last + 1)}
    edges = {0, *(at for table in page.tables for at in (table.first, table.last + 1))}
    starts = []
    for at, line in enumerate(page.lines):
        parts = line.begins or line.heading or page.lines[at - 1].heading
        if at not in inside and (parts or not told or at in edges):
            starts.append(at)
    for first, after in pairwise([*starts, len(page.lines)]):
        yield first, after - 1


def _block(page: Page, first: int, last: int, cited: range, changed: Container[int]) -> str:
    if table := next((t for t in page.tables if t.first == first and t.last == last), None):
        return _table(table, cited, changed)
    line = page.lines[first]
    tag = f"h{min(line.heading + 1, _DEEPEST)}" if line.heading else "p"
    time = ""
    if line.seconds is not None:  # of a recording: when this is said
        time = f'<span class="clock" data-at="{line.seconds:.2f}">{clock(line.seconds)}</span> '
    lines = range(first, last + 1)
    words = " ".join(_line(page.lines[at], _marked([at], cited, changed)) for at in lines)
    return f"<{tag}>{time}{words}</{tag}>"


def _line(line: Line, mark: str) -> str:
    text = as_html(line.text)
    if line.hidden:
        why = as_html(_("Hidden: {reason}", reason=told(line.hidden)))
        text = f'<span class="hidden-text" title="{why}">{text}</span>'
    return f"<mark{mark}>{text}</mark>" if mark else text


def _table(table: Table, cited: range, changed: Container[int]) -> str:
    caption = f"<caption>{as_html(table.caption)}</caption>" if table.caption else ""
    rows = []
    for number, row in enumerate(table.rows):
        tag = "th" if number < table.header else "td"
        cells = "".join(f"<{tag}>{as_html(cell.text)}</{tag}>" for cell in row)
        mark = _marked([cell.line for cell in row], cited, changed)
        rows.append(f"<tr{mark}>{cells}</tr>")
    return f'<div class="wide"><table>{caption}{"".join(rows)}</table></div>'


def _marked(lines: Sequence[int], cited: range, changed: Container[int]) -> str:
    """The class of what stands on these lines; empty for most."""
    for name, marked in (("cited", cited), ("changed", changed)):
        if any(line in marked for line in lines):
            return f' class="{name}"'
    return ""


def lines_of(quote: str, page: Page) -> list[range]:
    """Where the lines of a quote stand together on the page."""
    quoted = quote.split("\n")
    texts = [line.text for line in page.lines]
    return [
        range(start, start + len(quoted))
        for start in range(len(texts) - len(quoted) + 1)
        if texts[start : start + len(quoted)] == quoted
    ]


_CHANGED = N_("This document has changed since the answer: its page no longer has the cited lines.")
_SCALE = 2.0  # 144 dots per inch: sharp at the width of the panel
_LARGE_SCALE = 3.0  # the same at the width of a window


class At(NamedTuple):
    """Where the cited lines begin, as shares of the page's height and width."""

    down: float
    across: float


def draw_page(
    library: AnyLibrary, opened: Shown, page: Page, name: str = "page-image",
    changed: Sequence[int] = (),
) -> At:  # fmt: skip
    """`name` is the key of the picture's container; `changed` are indexes of lines that the page
    beside it does not have."""
    _note(library, opened, name)
    cited = cited_lines(opened, page)
    if opened.page == opened.cited_page and opened.quote:
        quote = whole(page, cited) if cited else opened.quote
        st.html(f'<blockquote class="quote">{as_html(quote)}</blockquote>')
        if not cited:
            st.info(_(_CHANGED))
    if note := missing(page.note, count(page.text), page.unread):
        st.html(f'<p class="page-note" role="note">{as_html(note[0].upper() + note[1:])}</p>')
    if page.width:
        return _drawn(library, opened, page, name, cited, changed)
    draw_player(opened.document, library.file(opened.document), opened.seconds or 0.0)
    st.html(text_page(page, cited, changed))
    return At(cited.start / len(page.lines) if cited else 0.0, 0.0)


def named(opened: Shown) -> str:
    """The document and the page that are open, in words."""
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
        note_seen(library, opened.document, f"page {opened.page}")


def cited_lines(opened: Shown, page: Page) -> range:
    """The present place of the quote's lines; empty when they are no longer together on the page.

    Another file may have this name now, so the boxes of the answer are not trusted.
    """
    places = lines_of(opened.quote, page) if opened.page == opened.cited_page else []
    for lines in places:  # of those with the same words the one that was cited, by time or boxes
        is_cited = page.lines[lines.start].seconds == opened.seconds
        if opened.seconds is None:
            is_cited = tuple(tuple(page.lines[at].box) for at in lines) == opened.boxes
        if is_cited:
            return lines
    return next(iter(places), range(0))


# -- Two pages side by side: those of two citations, or of two versions of a document
# On a narrow screen, and in the drawer beside the chat, one stands under the other.

LEFT, RIGHT = "page-image", "page-image-beside"  # the keys of the pictures' containers
_TOLD = 12  # lines that are listed as changed

_scroll = Component("page_pair")


class Choice(NamedTuple):
    """A page that can be put beside the open one."""

    label: str
    open: Callable[[], Shown]  # raises PinciteError


def choices(library: AnyLibrary, opened: Shown) -> list[Choice]:
    """The versions of the document, and the other citations of the answer."""
    if opened.document.startswith(CAME_WITH):
        return []
    cited = [
        Choice(_("Citation {number}: {place}", number=number, place=named(one)),
               partial(replace, one, citations=()))
        for number, one in enumerate(opened.citations, start=1)
        if one.source != opened.source and not one.document.startswith(CAME_WITH)
    ]  # fmt: skip
    newer = {info.document: info.superseded_by for info in library.documents()}
    linked = [
        (N_("Version before: {document}"), older)
        for older, by in newer.items() if by == opened.document
    ]  # fmt: skip
    if behind := newer.get(opened.document):
        linked.append((N_("Newer version: {document}"), behind))
    return [
        Choice(_(label, document=readable(name)), partial(_version, library, opened, name))
        for label, name in linked
    ] + cited


def _version(library: AnyLibrary, opened: Shown, name: str) -> Shown:
    """The page of another version that belongs to the open one."""
    page = library.page(opened.document, opened.page)
    number = between.closest_page(page, library.pages(name), cited_lines(opened, page))
    return Shown(name, number, source=f"version/{name}", version=True)


def draw_pair(library: AnyLibrary, opened: Shown, page: Page, beside: Shown) -> At:
    """Both pages; returns where the cited lines of the left one begin."""
    other = library.page(beside.document, beside.page)
    here, there = _changed(library, opened, page, beside, other) if beside.version else ([], [])
    if beside.version:
        _differences(page, here, other, there)
    with st.container(key="page-pair"):
        left = _side(library, opened, page, LEFT, here, "left")
        right = _side(library, replace(beside, large=opened.large), other, RIGHT, there, "right",
                      lambda turned: session.show(replace(opened, beside=turned)))  # fmt: skip
    if beside.version and other.height:  # where the other one says what the cited lines say
        line = between.closest_line(page, cited_lines(opened, page), other)
        right = right if line is None else At(other.lines[line].box.y0 / other.height, 0.0)
    names = [_("Left: {page}", page=named(opened)), _("Right: {page}", page=named(beside))]
    key = f"pair-{opened.document}-{opened.page}-{beside.document}-{beside.page}"
    _scroll.draw(key, {"at": [left.down, right.down], "names": names})
    return left


def turn_page(library: AnyLibrary, opened: Shown, page: int) -> None:
    """Go to another page of the open document; another version beside it goes along."""
    turned = replace(opened, page=page)
    if opened.beside and opened.beside.version:
        with suppress(PinciteError):  # it was removed meanwhile: what is drawn says so
            turned = replace(turned, beside=_version(library, turned, opened.beside.document))
    session.show(turned)


def _changed(
    library: AnyLibrary, opened: Shown, page: Page, beside: Shown, other: Page
) -> tuple[list[int], list[int]]:
    """The lines of each page that the other version does not have there or on the next page."""
    left, right = (
        between.around(between.without_running_lines(library.pages(shown.document)), one.number)
        for shown, one in ((opened, page), (beside, other))
    )
    [here] = (one for one in left if one.number == page.number)
    [there] = (one for one in right if one.number == other.number)
    return between.changed_lines(here, right), between.changed_lines(there, left)


def _side(
    library: AnyLibrary, opened: Shown, page: Page, name: str, changed: Sequence[int], side: str,
    turn: Callable[[Shown], None] | None = None,
) -> At:  # fmt: skip
    with st.container(key=f"page-{side}"):
        with st.container(key=f"page-{side}-head", horizontal=True, vertical_alignment="center"):
            number = _("Page {number}", number=opened.page)
            st.html(
                f'<div class="page-name">{as_html(readable(opened.document))}</div>'
                f'<div class="page-number">{as_html(number)}</div>'
            )
            known = library.documents() if turn else []
            pages = next((info.pages for info in known if info.document == opened.document), 1)
            for label, step, possible in (
                (_("Previous, on the right"), -1, opened.page > 1),
                (_("Next, on the right"), 1, opened.page < pages),
            ):
                if turn and pages > 1:
                    other = replace(opened, page=opened.page + step)
                    button(label, f"beside{step}", turn, other, disabled=not possible)
        try:
            return draw_page(library, opened, page, name, changed)
        except PinciteError as error:
            widgets.show_error(error)
            return At(0.0, 0.0)


def _differences(page: Page, here: Sequence[int], other: Page, there: Sequence[int]) -> None:
    """What differs, in words: some people cannot see it by colours alone."""
    if not here and not there:
        st.html(f'<p class="page-note" role="note">{as_html(_("Both pages say the same."))}</p>')
        return
    count = max(len(here), len(there))
    title = ngettext("{count} line differs", "{count} lines differ", count)
    lists = [
        (_("Only on the left"), [page.lines[at].text for at in here]),
        (_("Only on the right"), [other.lines[at].text for at in there]),
    ]
    body = "".join(_lines(name, texts) for name, texts in lists if texts)
    st.html(
        f'<details class="differences"><summary>{as_html(title)}</summary>'
        f'<div class="wide" tabindex="0" role="region" aria-label="{as_html(title)}">{body}</div>'
        "</details>"
    )


def _lines(name: str, texts: Sequence[str]) -> str:
    rows = "".join(f"<li>{as_html(text)}</li>" for text in texts[:_TOLD])
    more = "<li>…</li>" if len(texts) > _TOLD else ""
    return f"<div><b>{as_html(name)}</b><ul>{rows}{more}</ul></div>"
