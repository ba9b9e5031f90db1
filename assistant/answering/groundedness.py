"""Checks a sentence with the classifier of a folder.

One of whole texts says whether a text supports a sentence (as FactCG does: Lei et al., 2025); one
of tokens marks the words that it does not (LettuceDetect: Kovács and Recski, 2025).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vectorstore.embedding.cross_encoders import Logits, PairClassifier
from vectorstore.errors import LibraryError


@dataclass(frozen=True)
class Finding:
    """Whether a text supports a sentence."""

    supported: bool
    spans: tuple[tuple[int, int], ...] = ()  # of the sentence: what it does not support, if known


_EVEN = 0.5  # probability from which a label holds
_WORD = re.compile(r"\w+(?:[.,:/'’&-]\w+)*%?")


@dataclass(frozen=True)
class Reads:
    """How a model wants its texts: with {question}, {read} and {sentence} in their places."""

    first: str = "{read}"
    second: str = "{sentence}"  # of a model of tokens it is the sentence alone


class Groundedness:
    """Reads a text and a sentence that rests on it, with the classifier of a folder, in ONNX
    Runtime."""

    def __init__(self, folder: Path, threads: int = 0, reads: Reads | None = None) -> None:
        """Nothing is loaded before it is needed. Raises LibraryError where it is no such model."""
        self._model = PairClassifier(folder, threads)
        telling = self._model.classifier.telling
        if telling is None:
            labels = ", ".join(self._model.classifier.labels)
            raise LibraryError(
                f"None of the labels in {folder} ({labels}) tells what a text supports. Choose "
                "another model with `pincite models use groundedness FOLDER`."
            )
        self._label = telling
        self._reads = reads or Reads()

    def check(self, question: str, read: str, sentence: str) -> Finding:
        """`read` is what the sentence was found in. Raises LibraryError."""
        told = {"question": question, "read": read, "sentence": sentence}
        first, second = (_filled(text, told) for text in (self._reads.first, self._reads.second))
        [found] = self._model.read([(first, second)])
        if self._model.classifier.kind == "texts":
            return Finding(float(_shares(found.values)[self._label]) >= _EVEN)
        spans = tuple(_words(sentence, self._marked(found)))
        return Finding(not spans, spans)

    def _marked(self, found: Logits) -> Iterator[tuple[int, int]]:
        shares = _shares(found.values)[:, self._label]
        for share, (start, end) in zip(shares, found.spans, strict=True):
            if end > start and share >= _EVEN:
                yield start, end


def _filled(text: str, told: dict[str, str]) -> str:
    """Not `str.format`: what is filled in has braces of its own."""
    return re.sub(r"\{(question|read|sentence)\}", lambda match: told[match[1]], text)


def _shares(logits: np.ndarray) -> np.ndarray:
    """Softmax over the labels."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))


def _words(sentence: str, marked: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The whole words that the marked tokens are in: a part of one tells nothing to a reader."""
    parts = list(marked)
    for match in _WORD.finditer(sentence):
        if any(start < match.end() and end > match.start() for start, end in parts):
            yield match.span()
