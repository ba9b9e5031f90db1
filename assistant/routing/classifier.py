"""Classifies a message by its similarity to messages of known intent.

A logistic regression on the embedding of the message and on what is attached, fitted on
`examples.jsonl` with the library's own embedding model, once for each model; its weights are kept
in the home. It is asked only where rules find nothing, and where a word hints at a tool: an
ordinary question never costs an embedding more.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from assistant.contract.intents import Describe, Edit, Enhance, Speak, Translate, Vary, Wish
from assistant.routing.decision import Choice, Said
from assistant.routing.rules.chart_requests import chart_of
from assistant.routing.rules.draw_requests import drawn_loosely
from assistant.routing.rules.politeness import core, is_question
from assistant.routing.slots import language, numbers, scale
from vectorstore.embedding.embedder import Embedder

EXAMPLES = Path(__file__).with_name("examples.jsonl")
SURE = 0.6  # probability from which an intent is accepted
SURER = 0.7  # when nothing is attached: most messages are questions
DOUBT = 0.2  # of an answer, from which on it is not
_WEIGHT = 3.0  # of an embedding beside what is attached
_HINT = re.compile(
    r"\b(?:dr[ae]w\w*|paint\w*|sketch\w*|pictur\w*|pics?|images?|imagine|photo\w*|illustrat\w*|art(?:work)?"
    r"|cartoons?|logos?|posters?|icons?|portraits?|visuali[sz]e[ds]?|chart\w*|graph\w*|plot\w*"
    r"|diagrams?|pie|bars?|curves?|aloud|loud\w*|voice|speak\w*|spoken|hear|listen|read)\b",
    re.IGNORECASE,
)
Row = Mapping[str, Any]


@dataclass(frozen=True)
class _Weights:
    names: tuple[str, ...]
    coefficients: NDArray[np.float64]  # classes x features
    intercepts: NDArray[np.float64]

    def probabilities(self, features: NDArray[np.float64]) -> dict[str, float]:
        logits = self.coefficients @ features + self.intercepts
        odds = np.exp(logits - logits.max())
        return dict(zip(self.names, (odds / odds.sum()).tolist(), strict=True))


class Likeness:
    """`folder` keeps the weights of each embedding model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, _Weights] = {}

    def choose(self, said: Said, embedder: Callable[[], Embedder]) -> Choice | None:
        """The decision; None when nothing is similar enough, or the intent's file is missing."""
        there = bool(said.files or said.shown)
        if not there and (not _HINT.search(said.text) or is_question(core(said.text))):
            return None
        found = self._weights(embedder()).probabilities(
            _features(said, embedder().query(said.text))
        )
        name = max(found, key=lambda known: found[known])
        if name == "Answer" or found[name] < (SURE if there else SURER) or found["Answer"] > DOUBT:
            return None
        wish = _wish(name, said)
        return Choice(wish, "what it is like") if wish else None

    def _weights(self, embedder: Embedder) -> _Weights:
        text = EXAMPLES.read_text(encoding="utf-8")
        key = hashlib.sha256(f"{embedder.identity}\n{text}".encode()).hexdigest()[:16]
        if key not in self._known:
            path = self._folder / f"{key}.npz"
            self._known[key] = _read(path) or _kept(path, _fitted(text, embedder))
        return self._known[key]


def _features(said: Said, vector: NDArray[np.float32]) -> NDArray[np.float64]:
    there = (said.pictures, said.recordings, said.videos, said.last_pictures)
    alone = not (said.files or said.shown)
    return np.concatenate([vector * _WEIGHT, [float(bool(t)) for t in there], [float(alone)]])


def _fitted(text: str, embedder: Embedder) -> _Weights:
    from sklearn.linear_model import LogisticRegression

    rows = [json.loads(line) for line in text.splitlines() if line]
    vectors = embedder.passages([row["text"] for row in rows])
    features = [_features(_said(row), v) for row, v in zip(rows, vectors, strict=True)]
    fit = LogisticRegression(C=10, max_iter=3000, class_weight="balanced")
    fit.fit(np.stack(features), [row["wish"] for row in rows])
    return _Weights(tuple(map(str, fit.classes_)), fit.coef_, fit.intercept_)


def _said(row: Row) -> Said:
    files, shown = (tuple(map(Path, row.get(name, ()))) for name in ("files", "last"))
    return Said(row["text"], files, shown)


def _read(path: Path) -> _Weights | None:
    damaged = (OSError, EOFError, BadZipFile, ValueError, KeyError)
    with suppress(*damaged), path.open("rb") as file, np.load(file) as kept:
        names = tuple(map(str, kept["names"]))
        return _Weights(names, kept["coefficients"], kept["intercepts"])
    return None


def _kept(path: Path, weights: _Weights) -> _Weights:
    """The weights, saved on the disk if possible; otherwise they are fitted again next time."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: two may write it at once, and the machine may stop in between.
        part = path.with_name(f"{uuid.uuid4().hex}.npz")
        np.savez(
            part, names=np.array(weights.names), coefficients=weights.coefficients,
            intercepts=weights.intercepts,
        )  # fmt: skip
        part.replace(path)
    return weights


def _wish(name: str, said: Said) -> Wish | None:
    """Of that kind; recordings and videos are left to the rules, which miss none."""
    text = core(said.text)
    if name == "Draw":
        return drawn_loosely(said.text)
    if name == "Chart":
        return chart_of(text, text)
    if name == "Speak":
        return Speak(said.answer) if said.answer else None
    return _of_picture(name, said, text) if said.picture else None


def _of_picture(name: str, said: Said, text: str) -> Wish | None:
    assert said.picture is not None
    told = numbers(text)
    wishes: dict[str, Wish] = {
        "Edit": Edit(said.picture, told.rest, steps=told.steps, seed=told.seed),
        "Vary": Vary(said.picture, None, told.steps, told.seed),
        "Enhance": Enhance(said.picture, scale(text)),
        "Translate": Translate(said.picture, language(text)),
        "Describe": Describe(said.meant_pictures, said.text.strip()),
    }
    return wishes.get(name)
