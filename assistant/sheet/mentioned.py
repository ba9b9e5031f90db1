"""Cells from running text that are certain enough to need no model: the only value of the column's
kind that stands right beside the words of its head.

`with two months' notice` answers "notice period", `a total of EUR 250` answers "total". Between the
value and the word only words without meaning may stand, and before a word one that describes it
("days' written notice"). Two different values make it uncertain. "signed?" is answered by sentences
that say so or deny it, where they agree.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from assistant.sheet.column import Column, Kind
from assistant.sheet.labels import GENERIC, Labelled, telling
from assistant.sheet.values import Value, values, with_places
from ingest.document.model import Page
from ingest.language.sentences import split
from ingest.language.words import STOP_WORDS, stem

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
        found = [one for page in pages for one in _of_page(column, words, page)]
    else:
        return None
    return found[0] if len({one.value.same for one in found}) == 1 else None


def lacks(column: Column, pages: Sequence[Page]) -> bool:
    """Whether a document that was read whole has no value of the kind at all."""
    if column.kind not in GENERIC or any(page.unread or page.note for page in pages):
        return False
    return not any(values(column.kind, page.text.replace("\n", " ")) for page in pages)


def _of_page(column: Column, wanted: frozenset[str], page: Page) -> Iterator[Labelled]:
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
