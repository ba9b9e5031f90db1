"""Asks the chat model for the words that fill cells, in a form that a grammar holds: of an answer,
which is short, or of a document for several columns at once.

What it writes counts only where a line has it: see `shorten` and `Reader`.
"""

import json
import re
import threading
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import accumulate, zip_longest
from typing import Any

from assistant.answering.evidence_units import widened
from assistant.contract.facts import Citation, Outcome, Passage, Sentence
from assistant.contract.reply import Reply
from assistant.llm import prompts
from assistant.llm.chat_model import ChatModel
from assistant.llm.odds import TokenOdds, TurnTaking
from assistant.sheet.cell import (
    Column,
    Kind,
    Value,
    states,
    truth,
    values,
    whole,
    with_places,
    words,
)
from ingest.document.model import Line, Page, Table
from ingest.language.sentences import split
from ingest.language.words import STOP_WORDS, content_words, stem, stems
from ingest.text.reflow import about_tokens
from vectorstore.federation import AnyLibrary

_LONGEST_VALUE = 80  # characters of a value
_TOKENS = 60  # of the JSON of one value
_AT_ONCE = 8  # columns: their JSON and a part of a document fit into the least window
_EACH = 40  # tokens of one among several
_WORDS: dict[str, Any] = {"type": "string", "maxLength": _LONGEST_VALUE}


class Extractor:
    """Shares the model with the answers."""

    def __init__(self, model: ChatModel, turns: TurnTaking) -> None:
        self._model = model
        self._turns = turns

    def __call__(self, column: Column, answer: str, cancel: threading.Event) -> str:
        """The value; empty where the model writes none. Raises Stopped."""
        asked = prompts.on_text(f"Question: {column.question}\n\nAnswer: {answer}", prompts.CELL)
        schema = _schema({"value": {"enum": ["yes", "no"]} if column.kind == "truth" else _WORDS})
        text = self._said(asked, schema, _TOKENS, column.question, cancel)
        if "{" not in text:  # of a model without a grammar
            return text.strip().split("\n", 1)[0][:_LONGEST_VALUE]
        return _values(text).get("value", "")

    def copied(
        self, columns: Sequence[Column], passages: Sequence[Passage], cancel: threading.Event
    ) -> dict[str, str]:
        """What passages have for columns, by their heads. Raises Stopped."""
        found: dict[str, str] = {}
        for start in range(0, len(columns), _AT_ONCE):
            some = columns[start : start + _AT_ONCE]
            heads = ", ".join(json.dumps(one.head, ensure_ascii=False) for one in some)
            asked = prompts.on_passages(passages, prompts.CELLS.format(heads=heads))
            schema = _schema({one.head: {"anyOf": [_WORDS, {"type": "null"}]} for one in some})
            most = _EACH * (len(some) + 1)
            found |= _values(self._said(asked, schema, most, some[0].question, cancel))
        return found

    def _said(
        self, asked: Any, schema: str, most: int, question: str,
        cancel: threading.Event,
    ) -> str:  # fmt: skip
        ours = isinstance(self._model, TokenOdds)
        options: dict[str, Any] = {"schema": schema, "cancel": cancel} if ours else {}
        waiting = Reply(question, lambda reply: iter(()), cancel=cancel)
        with self._turns.turn(waiting) if ours else nullcontext():
            said = self._model.invoke(asked, max_tokens=most, **options)
        return str(said.content)


def _schema(properties: dict[str, dict[str, Any]]) -> str:
    made = {"type": "object", "properties": properties, "required": list(properties)}
    return json.dumps({**made, "additionalProperties": False})


def _values(text: str) -> Mapping[str, str]:
    """The words in the JSON; none of one that is cut."""
    begin, end = text.find("{"), text.rfind("}")
    try:
        found = json.loads(text[begin : end + 1])
    except ValueError:
        return {}
    return {key: said for key, said in found.items() if isinstance(said, str)}


# -- Certain cells: a line or a row of a table names the column itself, and gives one value
# `Notice period: two months` answers a column "notice period" without a model. Where labels only
# resemble the head, or give two values, nothing is certain.

_COLON = re.compile(r"^\s*+(?P<label>[^\s:|][^:|]{0,58}?[^\s:|])\s*+:\s++(?P<entry>\S.*)$")
BLANK = re.compile(r"__|\.{4}|…{2}|^[\s-]*$")  # to be filled in by hand
GENERIC: dict[Kind, frozenset[str]] = {
    "date": stems("date day"),
    "money": stems("amount sum price"),
    "time": stems("period duration term terms length"),
    "code": stems("number nr id code"),
}
_SMALL = frozenset({"of", "the", "our", "your"})  # "for the supplier" labels something else


@dataclass(frozen=True)
class Labelled:
    """A value that was found, and the lines where it stands."""

    value: Value
    page: Page
    at: int  # index of the line
    rows: int = 1  # lines that it takes

    @property
    def lines(self) -> Sequence[Line]:
        return self.page.lines[self.at : self.at + self.rows]


def labelled(column: Column, pages: Iterable[Page]) -> Labelled | None:
    """The one value that stands at a label of this name, wherever it is repeated; else None."""
    wanted = telling(column.head, column.kind) or stems(column.head)
    if not wanted:
        return None
    found = [one for page in pages for one in _labels_of_page(column, wanted, page)]
    return found[0] if len({one.value.same for one in found}) == 1 else None


def _labels_of_page(column: Column, wanted: frozenset[str], page: Page) -> Iterator[Labelled]:
    typed = column.kind not in ("text", "truth")
    for label, entry, at in _pairs(page, len(content_words(column.head)), typed):
        named = telling(label, column.kind) or stems(label)
        if named != wanted or page.lines[at].hidden or BLANK.search(entry):
            continue
        if not {*label.lower().split()} <= {*content_words(label), *_SMALL}:
            continue
        if value := whole(column.kind, entry):
            yield Labelled(value, page, at)


def _pairs(page: Page, words: int, typed: bool) -> Iterator[tuple[str, str, int]]:
    """Labels with their entries and the index of their line."""
    for table in page.tables:
        yield from _of_table(table)
    for at, line in enumerate(page.lines):
        if match := _COLON.match(line.text):
            yield match["label"], match["entry"], at
        elif typed:  # a PDF has no mark between a label and a number far to its right
            said = line.text.split()
            yield " ".join(said[:words]), " ".join(said[words:]), at


def _of_table(table: Table) -> Iterator[tuple[str, str, int]]:
    for row in table.rows:
        entries = [cell for cell in row[1:] if cell.text.strip()]
        if len(entries) == 1:
            yield row[0].text.rstrip(" :"), entries[0].text, entries[0].line
    if table.header == 1 and len(table.rows) == 2:  # heads above the only row
        for head, cell in zip(*table.rows, strict=False):
            yield head.text.rstrip(" :"), cell.text, cell.line


def telling(head: str, kind: Kind) -> frozenset[str]:
    """The stems of a head without words for the kind itself, which tell one value from another as
    little as "value" would: of "notice period" the first."""
    return stems(head) - GENERIC.get(kind, frozenset())


def line_of(page: Page, quote: str) -> int:
    """The number of the line with which a quote begins, from 1; 0 where none does."""
    first = quote.split("\n", 1)[0].strip()
    return next((at for at, line in enumerate(page.lines, 1) if line.text.strip() == first), 0)


# -- Cells from running text that are certain enough to need no model: the only value of the
# column's kind that stands right beside the words of its head. `with two months' notice` answers
# "notice period", `a total of EUR 250` answers "total". Between the value and the word only words
# without meaning may stand, and before a word one that describes it ("days' written notice"). Two
# different values make it uncertain. "signed?" is answered by sentences that say so or deny it,
# where they agree.

_BEFORE, _AFTER = 60, 40  # characters around a value that are looked at
_ENDS = re.compile(r"[.;!?](?=\s|$)|\n\n")
_YES, _NO = Value("yes", True, "yes"), Value("no", False, "no")
_NOT = frozenset({"not", "never", "no", "isn't", "hasn't", "pending"})
# A sentence with one of these says what ought to be, or when, and not what is.
_OPEN = frozenset(
    {"if", "when", "once", "until", "unless", "must", "shall", "should", "may", "can", "will"}
    | {"please", "would", "whether", "to", "before", "after", "any", "each", "every"}
)
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")


def mentioned(column: Column, pages: Sequence[Page]) -> Labelled | None:
    """The value, where exactly one is mentioned so."""
    words = telling(column.head, column.kind)
    if column.kind == "truth":
        found = [one for page in pages for one in _statements(column, page)]
    elif column.kind in GENERIC and (words or column.kind == "date"):
        found = [one for page in pages for one in _mentions_of_page(column, words, page)]
    else:
        return None
    return found[0] if len({one.value.same for one in found}) == 1 else None


def lacks(column: Column, pages: Sequence[Page]) -> bool:
    """Whether a document that was read whole has no value of the kind at all."""
    if column.kind not in GENERIC or any(page.unread or page.note for page in pages):
        return False
    return not any(values(column.kind, page.text.replace("\n", " ")) for page in pages)


def _mentions_of_page(column: Column, wanted: frozenset[str], page: Page) -> Iterator[Labelled]:
    shown = [("" if line.hidden else line.text) for line in page.lines]
    starts = list(accumulate((len(text) + 1 for text in shown), initial=0))
    text = " ".join(shown)
    for value, start, end in with_places(column.kind, text):
        if not wanted or _beside(text, start, end, wanted, column.kind):
            yield Labelled(value, page, bisect_right(starts, start) - 1)


def _statements(column: Column, page: Page) -> Iterator[Labelled]:
    """Sentences that say of the document what "signed?" asks, and no rule or wish about it."""
    said = column.head.rstrip(" ?").lower()
    if not column.question.startswith("Is this document") or len(said.split()) > 1:
        return
    for at, line in enumerate(page.lines):
        said_here = [] if line.hidden else split(line.text)
        for clause in (clause for sentence in said_here for clause in sentence.split(";")):
            words = [word.lower() for word in _WORD.findall(clause)]
            if said in words and _OPEN.isdisjoint(words):
                yield Labelled(_NO if not _NOT.isdisjoint(words) else _YES, page, at)


def _beside(text: str, start: int, end: int, wanted: frozenset[str], kind: Kind) -> bool:
    before = _ENDS.split(text[max(start - _BEFORE, 0) : start])[-1]
    after = _ENDS.split(text[end : end + _AFTER])[0]
    ahead = _until(reversed(_WORD.findall(before)), wanted, kind, 0)
    return ahead or _until(iter(_WORD.findall(after)), wanted, kind, 1)


def _until(words: Iterator[str], wanted: frozenset[str], kind: Kind, others: int) -> bool:
    """Whether all telling words come, walking away from the value, before too many others."""
    left = set(wanted)
    for word in words:
        low = word.lower().removesuffix("'s").removesuffix("’s")
        if stem(low) in left:
            left.discard(stem(low))
            if not left:
                return True
        elif low not in STOP_WORDS and stem(low) not in GENERIC[kind]:
            others -= 1
            if others < 0:
                return False
    return False


# -- What the chat model reads in a document itself, for the columns that nothing else fills
# A document is read once for all of its columns. What the model writes counts only where a line has
# it word for word.

Copy = Callable[[Sequence[Column], Sequence[Passage], threading.Event], Mapping[str, str]]
"""The words of passages that answer columns, by their heads; none where a model finds none."""
Places = Mapping[str, Sequence[Labelled]]
"""By the head of a column: the lines that have its value."""

_HITS = 6  # of each column, in a document that is too long to be read whole
_MOST_WORDS = 12  # words of a value


@dataclass(frozen=True)
class Reader:
    """Reads documents with a model, and finds the values of columns."""

    copy: Copy
    room: int  # tokens of a document that are read
    count: Callable[[str], int] = about_tokens

    def read(
        self, document: str, pages: Sequence[Page], columns: Sequence[Column],
        library: AnyLibrary, cancel: threading.Event,
    ) -> Places:  # fmt: skip
        """The values of columns with their places. Raises Stopped."""
        shown = {
            page.number: "\n".join(line.text for line in page.lines if not line.hidden)
            for page in pages
        }
        passages = [Passage(document, at, 1.0, text) for at, text in shown.items() if text]
        if sum(self.count(passage.text) for passage in passages) > self.room:
            passages = self._best(document, columns, library)
        said = self.copy(columns, passages, cancel) if passages else {}
        found = {one.head: _places(one, said.get(one.head, ""), pages) for one in columns}
        # A line that is to answer two columns by the same words answers one of them at most.
        wanted = Counter(_place(places[0]) for places in found.values() if places)
        return {
            head: places
            for head, places in found.items()
            if places and wanted[_place(places[0])] <= len(places)
        }

    def _best(self, document: str, columns: Sequence[Column], library: AnyLibrary) -> list[Passage]:
        """What fits the columns best, of each in turn, in the order of the document."""
        rows = [library.passages(column.question, _HITS, [document]) for column in columns]
        hits = {hit.chunk.id: hit for row in zip_longest(*rows) for hit in row if hit}
        read = widened(list(hits.values()), library, self.room, self.count)
        return [one.passage for one in sorted(read, key=lambda w: (w.page.number, w.first))]


def _places(column: Column, said: str, pages: Sequence[Page]) -> list[Labelled]:
    """Lines that have what the model wrote, else pairs of lines between which it is wrapped."""
    value = _column_value(column, said)
    if value is None:
        return []
    alone = list(_stating(column, value, pages, 1))
    return alone or list(_stating(column, value, pages, 2))


def _stating(
    column: Column, value: Value, pages: Sequence[Page], rows: int
) -> Iterator[Labelled]:  # fmt: skip
    for page in pages:
        for at in range(len(page.lines) - rows + 1):
            found = Labelled(value, page, at, rows)
            text = " ".join(line.text for line in found.lines)
            shown = not any(line.hidden for line in found.lines)
            if shown and states(column.kind, value, text):
                yield found


def _place(one: Labelled) -> tuple[int, int, str]:
    return one.page.number, one.at, one.value.same


def _column_value(column: Column, said: str) -> Value | None:
    """The value of what the model wrote; none where it wrote the head, a blank or a sentence."""
    if BLANK.search(said) or len(said.split()) > _MOST_WORDS:
        return None
    if column.kind == "text":
        return words(said) if stems(said) - stems(column.head) else None
    found = values(column.kind, said)
    return found[0] if len(found) == 1 else None


# -- A cited answer as the value of a cell: what is short and stands in a cited line

Extract = Callable[[Column, str, threading.Event], str]
"""The words of an answer that answer a question, by a model; empty without one."""

_SHORT = 6  # words that are a value as they are
_TOLD = 14  # words behind "The supplier is": longer ones are told, not named
_IS = re.compile(
    r"(?i)^(?P<subject>.{1,80}?)\s(?:is|are|was|were|ist|sind|est|es|:)\s+(?P<rest>.+)$"
)


@dataclass(frozen=True)
class Short:
    """A value with the line that states it; without a citation no cited line has it."""

    value: Value
    citation: Citation | None = None
    line: str = ""  # of the quote
    sentence: Sentence | None = None

    def sure(self, column: Column) -> bool:
        """Whether lines state all that the answer says about it; it may repeat the question."""
        if self.sentence is None or self.citation is None:
            return False
        unstated = stems(" ".join(self.sentence.unstated))
        asked = stems(f"{column.question} {column.head}")
        return self.sentence.supported or (bool(unstated) and unstated <= asked)


def shorten(column: Column, done: Outcome, extract: Extract, cancel: threading.Event) -> Short:
    """The value of an answer; the whole answer where it cannot be shortened."""
    first = done.citations[0] if done.citations else None
    line = first.quote.split("\n", 1)[0] if first else ""
    if column.kind == "truth":
        said = truth(done.text) or truth(extract(column, done.text, cancel))
        marked = next((s for s in done.sentences if s.marks), None)
        return Short(said or words(done.text), first, line, marked if said else None)
    for value in _ways(column, done, extract, cancel):
        if found := _cited(column, value, done):
            return found
    sentence = done.sentences[0] if done.sentences else None
    return Short(words(done.text), first if column.kind == "text" else None, line, sentence)


def _ways(
    column: Column, done: Outcome, extract: Extract, cancel: threading.Event
) -> Iterator[Value]:
    """Values to try, the cheapest way first. A model is asked where nothing else is clear."""
    if column.kind != "text":
        found = values(column.kind, done.text)
        if len(found) == 1:
            yield found[0]
            return
        picked = values(column.kind, extract(column, done.text, cancel)) if found else []
        yield from picked[:1] or found[:1]
        return
    text = done.text.strip()
    if len(text.split()) <= _SHORT and not _IS.match(text):
        yield words(text)
    if rest := _named(column, text):
        yield words(rest)
    if said := extract(column, text, cancel):
        yield words(said)


def _named(column: Column, text: str) -> str:
    """`Corvin Ltd` of "The supplier is Corvin Ltd.", where the question has all of the subject."""
    match = _IS.match(text)
    if match and stems(match["subject"]) <= stems(f"{column.question} {column.head}"):
        return match["rest"] if len(match["rest"].split()) <= _TOLD else ""
    return ""


def _cited(column: Column, value: Value, done: Outcome) -> Short | None:
    """The value with the line that has it, where a cited line has it."""
    by_mark = {citation.mark: citation for citation in done.citations}
    for sentence in sorted(done.sentences, key=lambda s: not states(column.kind, value, s.text)):
        for citation in (by_mark[mark] for mark in sentence.marks if mark in by_mark):
            if states(column.kind, value, citation.quote):
                lines = citation.quote.split("\n")
                line = next((one for one in lines if states(column.kind, value, one)), lines[0])
                return Short(value, citation, line, sentence)
    return None
