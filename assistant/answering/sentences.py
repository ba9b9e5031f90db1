"""Cuts passages into citable units: sentences, table rows, list items."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby

import numpy as np

from assistant.answering.retrieve import Window
from assistant.security.prompt_injection import instructs
from ingest.document.model import Page
from ingest.language.sentences import numbers, spans, split_answer
from ingest.language.words import stems, telling_words
from vectorstore.embedding.embedder import Embedder, nearness
from vectorstore.retrieval.rerank import Reader

_MOST_LINES = 5  # lines: a longer "sentence" is a table or a list, and is taken line by line
_LONGEST_LIST = 16  # lines
_HYPHEN = re.compile(r"([a-z])-\s([a-z])")
_BULLETS = ("•", "-", "–", "*")


@dataclass(frozen=True)
class CitableSpan:
    """A sentence of a document, with the whole lines it stands on."""

    window: int
    first: int  # lines of the page
    last: int
    text: str
    stems: frozenset[str]
    numbers: frozenset[str]
    heads: str = ""  # of a table row: its caption and column heads
    within: str = field(default="", repr=False, compare=False)  # the text of the window

    @cached_property
    def meant(self) -> frozenset[str]:
        """Its words, also those divided by a line end. A row, which has few words, adds its caption
        and heads."""
        return self.stems | stems(self.heads) | stems(_HYPHEN.sub(r"\1\2", self.text))


def units_of(window: Window, index: int = 0) -> Iterator[CitableSpan]:
    """The sentences of a window with their lines; in tables and lists, single lines."""
    text = window.text
    for first, last in _blocks(window):
        for unit in _sentences(window, index, first, last):
            yield replace(unit, within=text)


def lists_of(window: Window, index: int = 0) -> Iterator[CitableSpan]:
    """The lists of a window, each as one unit: an enumeration in an answer uses all its items."""
    for first, last in _lists(window, list(_blocks(window))):
        text = " ".join(line.text for line in window.page.lines[first : last + 1])
        yield _unit(index, first, last, text)


def states(unit: CitableSpan) -> bool:
    """Whether a unit states something: no question, no introduction of a list, and no instruction
    to a model."""
    return not unit.text.rstrip().endswith(("?", ":")) and not instructs(
        unit.text, unit.within or unit.text
    )


def _blocks(window: Window) -> Iterator[tuple[int, int]]:
    start = window.first
    for line in range(window.first, window.last + 1):
        if line == window.last or _block_ends(window, line):
            yield start, line
            start = line + 1


def _lists(window: Window, blocks: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Runs of list items, with the line above them."""
    items = [window.page.lines[first].text.startswith(_BULLETS) for first, _ in blocks]
    for is_item, run in groupby(range(len(blocks)), key=items.__getitem__):
        numbers = list(run)
        if is_item and len(numbers) > 1:
            first, last = max(blocks[numbers[0]][0] - 1, window.first), blocks[numbers[-1]][1]
            if last - first < _LONGEST_LIST:
                yield first, last


def _block_ends(window: Window, line: int) -> bool:
    here, below = window.page.lines[line], window.page.lines[line + 1]
    apart = below.box.y0 - here.box.y1 > 0.6 * max(here.box.y1 - here.box.y0, 1.0)
    return apart or below.begins or here.heading != below.heading or below.text.startswith(_BULLETS)


def _sentences(window: Window, index: int, first: int, last: int) -> Iterator[CitableSpan]:
    """The sentences of a block of lines; one over too many lines is taken line by line."""
    starts, text = [], ""
    for line in window.page.lines[first : last + 1]:
        starts.append(len(text))
        text += f"{line.text} "
    for begin, end in spans(text):
        top = first + bisect_right(starts, begin) - 1
        bottom = first + bisect_right(starts, end - 1) - 1
        if bottom - top >= _MOST_LINES:
            for number in range(top, bottom + 1):
                yield _row(index, number, window.page)
        elif top == bottom:
            yield _row(index, top, window.page, text[begin:end])
        else:
            yield _unit(index, top, bottom, text[begin:end])


def _row(index: int, line: int, page: Page, text: str | None = None) -> CitableSpan:
    """A unit of one line; for a table row, with the words of the table's heads."""
    shown = page.lines[line].text if text is None else text
    above = " ".join(_heads(page, line)) if numbers(shown) else ""
    return CitableSpan(index, line, line, shown, stems(shown), numbers(shown), above)


def _heads(page: Page, line: int) -> Iterator[str]:
    """Caption and column heads of the table that a line belongs to."""
    for table in page.tables:
        if table.first <= line <= table.last:
            yield table.caption
            for row in table.rows[: table.header]:
                yield from (cell.text for cell in row)
            return
    yield from _bold_above(page, line)


def _bold_above(page: Page, line: int) -> Iterator[str]:
    """The bold lines above the run of lines around a row, where no table was recognised."""
    top = line
    while top and not page.lines[top].bold and not page.lines[top - 1].text.endswith((".", ":")):
        top -= 1
    while top >= 0 and page.lines[top].bold and not page.lines[line].bold:
        yield page.lines[top].text
        top -= 1


def _unit(index: int, first: int, last: int, text: str) -> CitableSpan:
    return CitableSpan(index, first, last, text, stems(text), numbers(text))


# -- The sentences that answer a question best: shown before a model has read anything, quoted where
# there is none, and quoted behind an answer that leaves them out. They are ranked by their meaning
# and by the question's words, and the learned reader orders the first of them
# (benchmarks/results/reader.md).

_MOST = 2
_READ = 16  # sentences that the reader reads: 5 ms each
_SURE = 1.0  # log-odds from which it is sure
_WHOLE = re.compile(r"[.!。][\"”’)\]]*\s*\Z")  # a caption, a heading or a row is no sentence
_SAID = 0.5  # share of a sentence's new words from which an answer says it
_NO_MORE = 0.8  # share of the new words of a sentence of the answer that another one has, too
_NEAR = 0.92  # share of the best score that a second sentence needs
_WORDS = 0.35  # weight of the question's words against the embedding
_SHORTEST = 4  # words: shorter sentences are headings


@dataclass(frozen=True)
class Quoted:
    """A sentence of a document, and how well it fits the question."""

    unit: CitableSpan
    score: float
    cosine: float
    odds: float | None = None  # log-odds by the reader, of what it has read

    @property
    def sure(self) -> bool:
        """Whether the reader is sure that it answers the question."""
        return self.odds is not None and self.odds >= _SURE


@dataclass(frozen=True)
class _Read:
    """What the reader reads."""

    document: str
    text: str


def best_sentences(ranked: Sequence[Quoted]) -> list[Quoted]:
    """The best one or two sentences that state something; empty when none does."""
    stating = [quoted for quoted in ranked if states(quoted.unit)]
    full = [q for q in stating if len(q.unit.text.split()) >= _SHORTEST] or stating
    return full[:1] + [q for q in full[1:_MOST] if _also(q, full[0])]


def _also(second: Quoted, first: Quoted) -> bool:
    return second.score >= _NEAR * first.score if first.odds is None else second.sure


def left_out(answer: str, question: str, ranked: Sequence[Quoted]) -> list[Quoted]:
    """Of the best sentences those of which the reader is sure and which an answer does not say."""
    asked = stems(question)
    said = [stems(sentence) - asked for sentence in split_answer(answer)]
    different: dict[frozenset[str], Quoted] = {}  # manuals repeat their sentences
    for one in (quoted for quoted in ranked if quoted.sure):
        different.setdefault(one.unit.stems, one)
    found = []
    for one in [*different.values()][:_MOST]:
        new = one.unit.stems - asked
        if _WHOLE.search(one.unit.text) and not _says(said, new):
            found.append(one)
            said.append(new)
    return found


def _says(said: Sequence[frozenset[str]], new: frozenset[str]) -> bool:
    """Whether an answer has most of what a sentence adds to the question, or one of its sentences
    adds no more than this one."""
    shared = new & frozenset().union(*said)
    return len(shared) >= _SAID * len(new) or any(
        len(one & new) >= _NO_MORE * len(one) for one in said if one
    )


def reread(
    question: str, ranked: Sequence[Quoted], windows: Sequence[Window], reader: Reader | None
) -> list[Quoted]:
    """The sentences in the order of the reader, where there is one: those that it reads, best
    first, then the others as they were. Raises LibraryError."""
    if reader is None:
        return list(ranked)
    near = [quoted for quoted in ranked if states(quoted.unit)][:_READ]
    new = [quoted for quoted in near if quoted.odds is None]  # others were read with the first ones
    odds = reader.odds(question, [_text(quoted, windows) for quoted in new])
    read = [replace(quoted, odds=one) for quoted, one in zip(new, odds, strict=True)]
    read += [quoted for quoted in near if quoted.odds is not None]
    others = [quoted for quoted in ranked if quoted not in near]
    return [*sorted(read, key=lambda quoted: -(quoted.odds or 0.0)), *others]


def _text(quoted: Quoted, windows: Sequence[Window]) -> _Read:
    return _Read(windows[quoted.unit.window].document, quoted.unit.text)


def rank_sentences(question: str, units: Sequence[CitableSpan], embedder: Embedder) -> list[Quoted]:
    """All sentences ranked by embedding and by the question's words."""
    if not units:
        return []
    asked = stems(telling_words(question))
    vectors = embedder.passages([unit.text for unit in units])
    cosines = nearness(embedder, vectors @ embedder.query(question))
    found = [
        Quoted(
            unit,
            (1 - _WORDS) * float(cosine) + _WORDS * len(asked & unit.stems) / max(len(asked), 1),
            float(cosine),
        )
        for unit, cosine in zip(units, np.atleast_1d(cosines), strict=True)
    ]
    return sorted(found, key=lambda quoted: -quoted.score)


def rank(
    question: str, windows: Sequence[Window], embedder: Embedder, known: Sequence[Quoted] = ()
) -> list[Quoted]:
    """All sentences of the passages, best first; `known` are those of the first ones, ranked."""
    ranked = {quoted.unit.window for quoted in known}
    units = [
        unit
        for number, window in enumerate(windows)
        if number not in ranked
        for unit in units_of(window, number)
    ]
    found = [*known, *rank_sentences(question, units, embedder)]
    return sorted(found, key=lambda quoted: -quoted.score)
