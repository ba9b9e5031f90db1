"""Finds sentences of documents that instruct an assistant, so that they stay out of prompts.

A small model obeys what it reads. `instruction_head` grades the sentences of a passage; a few
plain patterns, of what no ordinary document says, find the same without any model. An instruction
is left out. A doubtful sentence is left out of a question that has no word in common with it, so
that an ordinary one still answers the questions that it answers.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from assistant.contract.outcome import Outcome, Passage
from assistant.i18n.translation import _
from assistant.security.fold import fold
from assistant.security.instruction_head import grades
from assistant.security.patterns import INSTRUCTION, score
from ingest.language.sentences import spans
from ingest.language.words import stems

_QUOTED = 90  # characters of an instruction that people are shown
_NAMED = 3  # passages
_SHORT = 40  # characters: an instruction can be split over such lines or cells
_PIECES = 8  # lines of one split sentence
_SURE, _DOUBTFUL = 2, 1
_HEAD = re.compile(r"\W*\w+(?: \w+){0,3} ?[:>]|\W{2,}|.*[:\])=-]$")
Span = tuple[int, int]


def instructions(text: str) -> tuple[Span, ...]:
    """Where the instructions to an assistant begin and end in a passage."""
    return tuple((start, end) for start, end, grade in _graded(text) if grade == _SURE)


def without_instructions(text: str, question: str = "") -> str:
    """The passage as a model may read it for a question; without one, doubtful sentences stay."""
    asked = stems(question)
    kept, last = [], 0
    for start, end, grade in _graded(text):
        if grade == _DOUBTFUL and (not asked or asked & stems(text[start:end])):
            continue
        kept.append(text[last:start].rstrip(" "))
        last = end
        if text[:start].endswith("\n"):  # no empty line is left behind
            last += len(text[end:]) - len(text[end:].lstrip("\n"))
    return "".join([*kept, text[last:]]).strip() if kept else text


def instructs(said: str, passage: str) -> bool:
    """Whether a sentence or line of a passage belongs to an instruction in it."""
    line = " ".join(said.split())
    found = (" ".join(passage[start:end].split()) for start, end in instructions(passage))
    return any(line in sentence or sentence in line for sentence in found)


def noted(outcome: Outcome) -> Outcome:
    """With the sentences flagged in the passages, and a notice for each passage that has some."""
    passages = tuple(replace(p, instructions=_found(p)) for p in outcome.passages)
    told = [_notice(passage) for passage in passages if passage.instructions][:_NAMED]
    return replace(outcome, passages=passages, notices=(*outcome.notices, *told))


def _found(passage: Passage) -> tuple[str, ...]:
    return tuple(" ".join(passage.text[a:b].split()) for a, b in instructions(passage.text))


def _notice(passage: Passage) -> str:
    said = passage.instructions[0]
    quote = said if len(said) <= _QUOTED else f"{said[:_QUOTED]}…"
    return _(
        "A passage of {document}, page {page}, contains instructions to an assistant (“{quote}”); "
        "they were not followed.",
        document=passage.document, page=passage.page, quote=quote,
    )  # fmt: skip


@lru_cache(maxsize=512)
def _graded(text: str) -> tuple[tuple[int, int, int], ...]:
    """The sentences that are instructions or doubtful, with their grade, in order."""
    sentences = _sentences(text)
    said = [text[start:end] for start, end in sentences]
    joined = [*_pairs(said), *_runs(said)]
    alone, together = _divided(grades(said, joined), len(said))
    found = [
        _SURE if score(fold(sentence)) >= INSTRUCTION else grade
        for sentence, grade in zip(said, alone, strict=True)
    ]
    for (first, behind), grade in zip(joined, together, strict=True):
        if grade == _SURE:
            found[first:behind] = [_SURE] * (behind - first)
    return tuple(
        (*span, grade) for span, grade in zip(sentences, _spread(found), strict=True) if grade
    )


def _divided(found: list[int], at: int) -> tuple[list[int], list[int]]:
    return found[:at], found[at:]


def _pairs(said: Sequence[str]) -> list[Span]:
    """Two sentences in a row, of which one begins like a turn or a heading: "Answer: …"."""
    return [(i, i + 2) for i in range(len(said) - 1) if any(map(_HEAD.match, said[i : i + 2]))]


def _runs(said: Sequence[str]) -> list[Span]:
    """Short lines in a row without a full stop, which may be one sentence, as ranges."""
    runs, first = [], 0
    for number, sentence in enumerate([*said, ""]):
        goes_on = number > first and _is_open(said[number - 1]) and number - first < _PIECES
        if sentence and len(sentence) <= _SHORT and goes_on:
            continue
        if number - first > 1:
            runs.append((first, number))
        first = number
    return runs


def _is_open(sentence: str) -> bool:
    return len(sentence) <= _SHORT and not sentence.endswith((".", "!", "?"))


def _spread(found: Sequence[int]) -> list[int]:
    """Doubtful sentences beside an instruction belong to it."""
    spread = list(found)
    for places in (range(1, len(spread)), range(len(spread) - 2, -1, -1)):
        step = places.step
        for place in places:
            if spread[place] == _DOUBTFUL and spread[place - step] == _SURE:
                spread[place] = _SURE
    return spread


def _sentences(text: str) -> list[Span]:
    """Each by itself, and those that were wrapped over two lines together."""
    found: list[Span] = []
    for start, end in spans(text):
        if found and _wrapped(text[slice(*found[-1])], text[found[-1][1] : start], text[start:end]):
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _wrapped(before: str, between: str, after: str) -> bool:
    return between == "\n" and not before.endswith((".", "!", "?", ":")) and after[:1].islower()
