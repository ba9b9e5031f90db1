"""Which tool a message asks for, as a probability, by a logistic regression fitted beforehand.

Its features are the embedding of the message, hashed character n-grams (which read typos, and other
languages as far as the examples have them), the first words, the kinds of files that came with it,
and whether it names a language or numbers of a picture. `scripts/fit_router.py` fits it on
`examples.jsonl` and writes `weights.npz`: one matrix for the default embedder, and one without an
embedding for every other, and where none is installed. The default embedder reads English only; in
other languages the n-grams decide.
"""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.contract.intents import KINDS
from assistant.routing.decision import Message
from assistant.routing.slots import language, numbers
from ingest.errors import PinciteError
from vectorstore.embedding.embedder import Embedder

WEIGHTS = Path(__file__).with_name("weights.npz")
Floats = NDArray[np.float32]
_BUCKETS = 8192  # of hashed n-grams: half and twice as many classify alike
_WORDS = 60  # of a message that are read, and its last: a request is at its beginning or end
_OPENING = 2  # first words, whose n-grams count apart: "draw a bill", "who drew the bill"
_GRAMS, _EMBEDDING, _OPENING_WEIGHT = 4.0, 4.0, 0.7  # scales, fitted by cross-validation
_PICTURE = frozenset({"picture", "last picture"})
_NEEDS = {  # what must be attached for the tool to be a class
    **dict.fromkeys(("edit", "vary", "enhance", "describe", "translate"), _PICTURE),
    "clip": frozenset({"video"}),
    "transcribe": frozenset({"recording", "video"}),
}


@dataclass(frozen=True)
class Guess:
    """The likeliest tool, by its name in `intents.KINDS`; below `threshold` it is rejected."""

    tool: str
    probability: float
    threshold: float

    @property
    def is_sure(self) -> bool:
        return self.probability >= self.threshold


@dataclass(frozen=True)
class Weights:
    """Of one fit: coefficients (tools x features), and a threshold for each situation."""

    tools: tuple[str, ...]
    coefficients: Floats
    intercepts: Floats
    thresholds: dict[str, float]

    def guess(self, message: Message, vector: Floats | None) -> Guess:
        """`vector` is the embedding of the message, when the weights have a place for it."""
        scores = self.probabilities(message, vector)
        best = int(scores.argmax())
        return Guess(self.tools[best], float(scores[best]), self.thresholds[situation(message)])

    def probabilities(self, message: Message, vector: Floats | None) -> Floats:
        """The probability of each tool; 0 for tools without something to work on."""
        logits = self.coefficients @ features(message, vector) + self.intercepts
        there = given(message)
        able = [not (needs := _NEEDS.get(tool)) or bool(needs & there) for tool in self.tools]
        odds = np.where(able, np.exp(logits - logits.max(where=np.array(able), initial=-99)), 0)
        chances: Floats = (odds / odds.sum()).astype(np.float32)
        return chances


def classify(message: Message, embedder: Callable[[], Embedder]) -> Guess:
    """The guess of the weights that fit the embedder; without one, of the n-grams alone."""
    for_embedding, fingerprint, without = load()
    with suppress(PinciteError):  # none is installed, or the chosen one is gone or fails
        found = embedder()
        if fingerprint in found.identity.split(":"):
            return for_embedding.guess(message, found.query(message.text))
    return without.guess(message, None)


@cache
def load(path: Path = WEIGHTS) -> tuple[Weights, str, Weights]:
    """With an embedding, the fingerprint of the embedder it was fitted for, and without one."""
    with np.load(path) as kept:
        both = [
            Weights(
                tuple(map(str, kept["tools"])),
                kept[f"{name}_coefficients"].astype(np.float32),
                kept[f"{name}_intercepts"],
                dict(zip(SITUATIONS, kept[f"{name}_thresholds"].tolist(), strict=True)),
            )
            for name in ("embedded", "plain")
        ]
        return both[0], str(kept["embedder"]), both[1]


TOOLS = tuple(kind for kind in KINDS if kind != "run")  # what a package adds has a command
SITUATIONS = ("attached", "shown", "alone")
_KINDS = ("picture", "last picture", "recording", "video")


def situation(message: Message) -> str:
    """The situation: files with the message, a picture in the turn before, or only words."""
    there = given(message)
    if not there:
        return "alone"
    return "shown" if there == {"last picture"} else "attached"


def given(message: Message) -> set[str]:
    """The kinds of what the message can refer to."""
    lists = (message.pictures, message.last_pictures, message.recordings, message.videos)
    return {name for name, files in zip(_KINDS, lists, strict=True) if files}


def features(message: Message, vector: Floats | None) -> Floats:
    """Kinds of files and of arguments, n-grams, then the embedding: all of about one length."""
    there, found = given(message), numbers(message.text)
    flags = [name in there for name in _KINDS]
    flags += [
        not there,
        bool(language(message.text)),
        bool(found.size or found.seed or found.steps),
    ]
    parts = [np.array(flags, np.float32), _GRAMS * ngrams(message.text)]
    if vector is not None:
        parts.append(_EMBEDDING * vector)
    return np.concatenate(parts)


def ngrams(text: str) -> Floats:
    """Hashed character n-grams of 3 and 4 letters, and those of the first words and the last
    (feature hashing: Weinberger et al., 2009); without accents, each digit as 0."""
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = re.sub(r"\d", "0", "".join(c for c in plain if not unicodedata.combining(c)))
    every = re.findall(r"\w+|[^\w\s]", plain)
    words = every[:_WORDS]
    everywhere = Counter(gram for word in words for gram in _pieces(word))
    at_edges = Counter(f"{i}{g}" for i, w in enumerate(words[:_OPENING]) for g in _pieces(w))
    if words:
        at_edges[f"end {every[-1]}"] = 2
    at_edges[f"length {min(len(words), 12) // 2}"] = 1
    counted = {gram: 1 + float(np.log(n)) for gram, n in everywhere.items()}
    return _hashed(counted) + _OPENING_WEIGHT * _hashed(at_edges)


def _pieces(word: str) -> list[str]:
    """Its n-grams, and its letters without their order: "drwa" has those of "draw"."""
    padded = f" {word} "
    grams = [padded[i : i + n] for n in (3, 4) for i in range(max(len(padded) - n + 1, 1))]
    return [*grams, f"{word[0]} {''.join(sorted(word))}"]


def _hashed(counted: dict[str, float] | Counter[str]) -> Floats:
    """Of length 1."""
    vector = np.zeros(_BUCKETS, np.float32)
    for gram, weight in counted.items():
        vector[zlib.crc32(gram.encode()) % _BUCKETS] += weight
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
