"""Tells a question that needs the earlier conversation from one that is complete.

A logistic regression over the question's letters and words, fitted beforehand
(`benchmarks/fitting/fit_follow_ups.py`) to questions in English, German, French and Spanish. It
finds some in other languages with Latin letters; those in other letters count as complete. A chat
model that rewrites questions would take seconds, and push the passages out of its cache.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WEIGHTS = Path(__file__).with_name("follow_ups.npz")
Floats = NDArray[np.float32]
_BUCKETS = 8192
_LETTERS = (2, 3, 4)  # of a word, in a row
_WORDS = 60  # that are read
_LONG = 14  # words: longer questions are alike


def follows_up(question: str) -> bool:
    """Whether it is not understood without the questions before it."""
    letters = [c for c in _plain(question) if c.isalpha()]
    if 2 * sum(map(str.isascii, letters)) < len(letters):
        return False
    weights, bias = _fitted()
    return float(signs(question) @ weights) + bias > 0


def signs(question: str) -> Floats:
    """What it is told by: its words and pairs of words, the letters of each word, and its length,
    hashed (Weinberger and others, Feature hashing for large scale multitask learning, 2009). Of
    length 1; without accents, each digit as 0."""
    vector = np.zeros(_BUCKETS, np.float32)
    for sign in set(_signs(question)):
        vector[zlib.crc32(sign.encode(errors="replace")) % _BUCKETS] += 1
    scaled: Floats = vector / np.linalg.norm(vector)
    return scaled


def _signs(question: str) -> Iterator[str]:
    words = re.findall(r"\w+|[^\w\s]", _plain(question))[:_WORDS]
    yield f"length {min(len(words), _LONG) // 2}"
    for word, behind in zip(["^", *words], [*words, "$"], strict=True):
        yield f"1:{word}"
        yield f"2:{word} {behind}"
        padded = f" {word} "
        for size in _LETTERS:
            yield from (padded[at : at + size] for at in range(max(len(padded) - size + 1, 1)))


def _plain(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text.lower())
    return re.sub(r"\d", "0", "".join(c for c in apart if not unicodedata.combining(c)))


@cache
def _fitted() -> tuple[Floats, float]:
    with np.load(WEIGHTS) as kept:
        return kept["weights"].astype(np.float32), float(kept["bias"])
