"""How much a sentence of a document is like an instruction to an assistant: a logistic regression.

Its features are hashed words and letters, the embedding of the sentence, and how near that is to
the sentences around it, where these go together: an instruction is seldom about what its page is
about. The three were fitted together by `scripts/fit_instruction_head.py`. Without the default
embedding model the words and letters decide alone, which finds fewer.
"""

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.security.fold import fold
from assistant.security.patterns import INSTRUCTION, score
from vectorstore.embedding.embedder import Embedder

WEIGHTS = Path(__file__).with_name("instruction_head.npz")
Floats = NDArray[np.float32]
Range = tuple[int, int]
BUCKETS = 1 << 14
GRAMS, EMBEDDING, CONTEXT, PATTERN = 4.0, 4.0, 4.0, 0.5  # scales of the features, regularised
_READ = 60  # words of a sentence
_REACHES = (1, 3)  # sentences on either side: a few tell that most are at home there
_MARGIN = 0.5  # of a score, that more neighbours may change
# Coherence of neighbours below which nothing is about what its page is about, as on slides and in
# notes: of 30 notes 98 % are below it, of passages of three sentences 4 %, of six 1 %.
_COHERENT = 0.28
_FARTHEST = np.array([-0.05, 0.0], np.float32)  # cosines: hardly a sentence is less near its page
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True)
class Thresholds:
    """Scores from which a sentence is worth a closer look, doubtful, and an instruction."""

    gate: float
    doubtful: float
    sure: float


@dataclass(frozen=True)
class Head:
    """The fitted weights; `embedder` is the fingerprint of the model that they belong to."""

    plain: Floats  # (BUCKETS + 1,): of hashed grams alone, and an intercept
    full: Floats  # (BUCKETS + dimensions + 2 + 1,): grams, embedding, context, intercept
    alone: Floats  # (2,): the context of a sentence whose neighbours tell nothing
    of_plain: Thresholds
    of_full: Thresholds
    embedder: str


_installed: list[Embedder] = []  # the one whose vectors the head knows, once it is loaded


def use(embedder: Embedder) -> None:
    """Let the head see the meaning of sentences, where it was fitted for this embedder."""
    if not _installed and load().embedder in embedder.identity.split(":"):
        _installed.append(embedder)


def grades(sentences: Sequence[str], joined: Sequence[Range] = ()) -> list[int]:
    """2 for an instruction, 1 where that is doubtful, else 0: for each sentence of a passage, then
    for each range of sentences that may be one, given by the first number and the one after."""
    return list(_grades(tuple(sentences), tuple(joined), bool(_installed)))


@lru_cache(maxsize=512)
def _grades(
    sentences: tuple[str, ...], joined: tuple[Range, ...], embedded: bool
) -> tuple[int, ...]:
    head, folded = load(), [fold(sentence) for sentence in sentences]
    ranges = [(i, i + 1) for i in range(len(folded))] + list(joined)
    said = folded + [fold("\n".join(sentences[a:b])) for a, b in joined]
    found = [hashed(text) for text in said]
    scores = [_sum(head.plain, *grams) + float(head.plain[-1]) for grams in found]
    limits = head.of_plain
    if embedded:
        near = [i for i, score in enumerate(scores) if score >= limits.gate]
        scores, limits = [head.of_full.doubtful - 1.0] * len(scores), head.of_full
        vectors = _Vectors(folded, [said[i] for i in near])
        for i in near:
            worded = _sum(head.full, *found[i]) + float(head.full[-1])
            scores[i] = vectors.score(said[i], ranges[i], worded, head)
    return tuple((s >= limits.doubtful) + (s >= limits.sure) for s in scores)


class _Vectors:
    """The embeddings of the sentences of a passage, each computed when it is needed."""

    def __init__(self, folded: Sequence[str], near: Sequence[str]) -> None:
        """`near`: what will be scored, embedded at once on all cores."""
        self._folded = folded
        self._known: dict[str, Floats] = {}
        self._of(near)

    def score(self, said: str, place: Range, worded: float, head: Head) -> float:
        """The score of what a range of sentences says, from `worded`, that of its words alone. Its
        neighbours are read only where they can make a difference."""
        [vector] = self._of([said])
        score = worded + EMBEDDING * float(head.full[BUCKETS:-3] @ vector)
        of_context = CONTEXT * head.full[-3:-1]
        if score + float(of_context @ _FARTHEST) < head.of_full.doubtful:
            return score + float(of_context @ head.alone)
        for reach in _REACHES:
            near = score + float(of_context @ self._context(vector, place, reach, head))
            if near < head.of_full.doubtful - _MARGIN:
                break
        return near

    def _context(self, vector: Floats, place: Range, reach: int, head: Head) -> Floats:
        first, behind = place
        beside = [*self._folded[max(0, first - reach) : first]]
        beside += self._folded[behind : behind + reach]
        around = self._of([text for text in beside if text])
        coherent = len(around) > 1 and coherence(np.stack(around)) >= _COHERENT
        return context(vector, np.stack(around)) if coherent else head.alone

    def _of(self, texts: Sequence[str]) -> list[Floats]:
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(new, _installed[0].passages(new) if new else (), strict=True)
        return [self._known[text] for text in texts]


def coherence(around: Floats) -> float:
    """The mean cosine of at least two sentences to the mean of the others."""
    others = around.sum(0) - around
    others /= np.linalg.norm(others, axis=1, keepdims=True) + 1e-9
    return float((around * others).sum(1).mean())


def context(vector: Floats, around: Floats) -> Floats:
    """(2,): the cosines of a sentence to the mean of its neighbours, and to the closest one."""
    mean = around.mean(0)
    mean /= np.linalg.norm(mean) + 1e-9
    return np.array([mean @ vector, (around @ vector).max()], np.float32)


def hashed(folded: str) -> tuple[NDArray[np.int64], Floats]:
    """Buckets and weights of words, pairs of words, and letter n-grams (feature hashing: Weinberger
    et al., 2009); the first words and the last count apart. The last bucket is what the plain
    patterns see."""
    words = _TOKEN.findall(folded.lower())[:_READ]
    single = [f"{a} {b}" for a, b in pairwise(words)]
    single += [f"^{i}{word}" for i, word in enumerate(words[:2])] * 2
    single += [*(f"${word}" for word in words[-1:]), f"length {min(len(words), 30) // 5}"]
    every = np.concatenate([*map(_of_word, words), [_bucket(gram) for gram in single]])
    buckets, counts = np.unique(every.astype(np.int64), return_counts=True)
    values = 1 + np.log(counts)
    values /= np.linalg.norm(values)
    seen = PATTERN * max(0.0, score(folded)) / INSTRUCTION
    return np.append(buckets, BUCKETS - 1), np.append(values, seen).astype(np.float32)


@lru_cache(maxsize=20_000)
def _of_word(word: str) -> NDArray[np.int64]:
    """The buckets of a word, which counts twice, and of its letter n-grams."""
    padded = f" {word} "
    grams = [padded[i : i + n] for n in (4, 5) for i in range(len(padded) - n + 1)]
    return np.array([_bucket(gram) for gram in (word, word, *grams)], np.int64)


def _bucket(gram: str) -> int:
    return zlib.crc32(gram.encode()) % (BUCKETS - 1)


def _sum(weights: Floats, buckets: NDArray[np.int64], values: Floats) -> float:
    return GRAMS * float(weights[buckets] @ values)


@cache
def load(path: Path = WEIGHTS) -> Head:
    """The weights of a file."""
    with np.load(path) as kept:
        return Head(
            kept["plain"].astype(np.float32),
            kept["full"].astype(np.float32),
            kept["alone"],
            Thresholds(*kept["plain_thresholds"].tolist()),
            Thresholds(*kept["full_thresholds"].tolist()),
            str(kept["embedder"]),
        )
