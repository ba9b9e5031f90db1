"""Attributes each sentence of an answer to the lines that support it, by code.

A small model does not write reliable marks, so they are attached afterwards: the answer's words,
numbers, names and meaning are looked for in the lines that were read (post-hoc attachment, as in
RAGFlow's `insert_citations`). A sentence is supported when lines state all of it, and partly
supported when lines are close, but some of its words are in none of them. The limits were measured
on labelled sentences (docs/answers.md).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import PurePath

import numpy as np

from assistant.answering.claims import (
    Claims,
    GivenNames,
    Stated,
    claims,
    plain_words,
    stated,
    words,
    written,
)
from assistant.answering.groundedness import Groundedness
from assistant.answering.window import CitableSpan, Window, states
from assistant.contract.facts import Citation, Sentence
from ingest.document.model import Page
from ingest.language.numbers import MONTH_OF
from ingest.language.quantities import head_scales
from ingest.language.sentences import numbers, split_answer
from ingest.language.words import small_words, stems, without
from vectorstore.embedding.embedder import Embedder, nearness

_MOST_MARKS = 3
_SUPPORTED = 0.7  # similarity from which the cited lines support a sentence
_CLOSE = 0.45  # score from which a line is shown for a sentence that it supports in part
_RELATED = 0.35  # score from which any unit may add what is missing
_ALIKE = 0.6  # share of the sentence's words in a line about something else
_FEW_WORDS, _PART = 2, 0.25  # share that another unit must add to be cited, too
_AGAINST = re.compile(r";\s+|,\s+(?:while|whereas|but)\s+")
_QUOTES = re.compile('["“”„«»]')  # what is quoted stays in one part
_WHOLE = 0.9  # share of the words from which one unit states the whole sentence
_LEAST_OF_PART = 3  # words
_MONTHS = stems(" ".join(MONTH_OF))













# -- The lines that support a sentence, and the words that they do not state

Marked = tuple[tuple[Sentence, ...], tuple[Citation, ...]]


class Attributor:
    """Attributes the sentences of one answer to the lines that were read for it."""

    def __init__(
        self, question: str, read: Sequence[Window], embedder: Embedder,
        first_pages: Mapping[str, Page] | None = None, checker: Groundedness | None = None,
    ) -> None:  # fmt: skip
        """`first_pages`, by document, tell what a document is about. `checker` reads what lines
        were found for: it takes support away, and gives none."""
        self._checker = checker
        self._question = question
        self._read = read
        self._lines = _Lines(read, GivenNames(read, first_pages or {}), embedder)
        self._known: dict[str, tuple[Sequence[Support], tuple[str, ...]]] = {}

    def attribute(self, answer: str) -> Marked:
        """The answer's sentences with marks, and the citation behind each mark."""
        citations: dict[tuple[str, int, int, int], Citation] = {}
        sentences = []
        for text in split_answer(answer):
            supports, words = self._attributed(text)
            words = self._checked(text, supports, words)
            marks = {_mark(citations, support, self._read) for support in supports}
            supported = bool(marks) and not words
            sentences.append(Sentence(text, supported, tuple(sorted(marks)), words))
        return tuple(sentences), tuple(citations.values())

    def stated(self, answer: str, whole: bool = True) -> float:
        """How much of the sentence that lines state best they state, 0 to 1; unless it is the
        `whole` answer, its last sentence is still being written."""
        sentences = split_answer(answer)
        complete = sentences if whole else sentences[:-1]
        return max(map(self._stated, complete), default=0.0)

    def carries(self, text: str) -> bool:
        """Whether lines state the numbers, dates and names of each sentence, and are like it; its
        other words need not be theirs. No name is taken for given by the question."""
        sentences = split_answer(text)
        return bool(sentences) and all(
            _supports("", sentence, Said.of(sentence, ""), self._lines) for sentence in sentences
        )










