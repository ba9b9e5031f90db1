"""Fits the classifier that chooses tools, and writes `assistant/routing/weights.npz`.

    python scripts/fit_router.py [EMBEDDER]

EMBEDDER is the folder of the default embedding model (else the installed one). Among the examples,
`assistant/routing/examples.jsonl`, there is no message of the held-out half of
`benchmarks/sets/wishes.jsonl` and of the unseen sets, nor one that is nearly the same. Run it when
the examples or the features change; it takes about two minutes. The thresholds are those at which,
in five-fold cross-validation over the examples, the cost is least: a miss and a wrong tool cost 1,
a question that is taken for a request costs `FALSE_CALL`.
"""

import hashlib
import sys
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from assistant.evaluation.metrics import read_rows
from assistant.models.installed import Models
from assistant.routing.dispatch import (
    SITUATIONS,
    TOOLS,
    WEIGHTS,
    Floats,
    Weights,
    features,
    given,
    situation,
)
from assistant.routing.slots import Message
from assistant.settings import Settings
from vectorstore.embedding.embedder import load_embedder

EXAMPLES = WEIGHTS.with_name("examples.jsonl")
# Misses that one question taken for a request is worth. The questions among the examples are mostly
# chosen to be mistaken, which few real ones are. Without an embedding, the probability of a message
# that is unlike all examples is less to be trusted.
FALSE_CALL = {"embedded": 3.0, "plain": 5.0}
REPEATED = 0.25  # weight of an example without files once more, behind a picture of the turn before
BEFORE = Path("drawing.png")
INVERSE_REGULARIZATION = 3.0
FOLDS = 5
DOUBTS = np.arange(0.30, 0.96, 0.05)
Row = dict[str, Any]


@dataclass(frozen=True)
class Example:
    """A message with its embedding, the place of its tool in `TOOLS`, and how much it counts."""

    message: Message
    vector: Floats | None
    tool: int
    weight: float = 1.0


def main() -> None:
    settings = Settings.load()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    folder = folder or Models(settings).chosen("embedding")
    assert folder is not None, "no embedding model is installed: run `make setup`"
    rows = read_rows(EXAMPLES)
    embedder = load_embedder(folder)
    vectors = list(embedder.passages([row["text"] for row in rows]))
    kept: dict[str, Any] = {
        "tools": np.array(TOOLS),
        "embedder": embedder.identity.split(":")[1],
        "examples": hashlib.sha256(EXAMPLES.read_bytes()).hexdigest(),
    }
    for name, found in (("embedded", vectors), ("plain", [None] * len(rows))):
        examples = expanded(rows, found)
        weights = fit(examples, thresholds(examples, FALSE_CALL[name]))
        kept[f"{name}_coefficients"] = weights.coefficients.astype(np.float16)
        kept[f"{name}_intercepts"] = weights.intercepts
        kept[f"{name}_thresholds"] = np.array(list(weights.thresholds.values()))
        print(name, {key: round(doubt, 2) for key, doubt in weights.thresholds.items()})
    np.savez_compressed(WEIGHTS, **kept)
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size:,} bytes, {len(rows):,} examples")


def message_of(row: Row) -> Message:
    """The message of a row of the examples, or of a set of messages."""
    files, shown = (tuple(map(Path, row.get(name, ()))) for name in ("files", "last"))
    return Message(row["text"], files, shown)


def expanded(rows: list[Row], vectors: list[Any]) -> list[Example]:
    """Examples without files stand once more behind a picture, where they ask for the same."""
    examples = [
        Example(message_of(row), vector, TOOLS.index(row["wish"].lower()))
        for row, vector in zip(rows, vectors, strict=True)
    ]
    return examples + [
        replace(example, message=replace(example.message, shown=(BEFORE,)), weight=REPEATED)
        for example in examples
        if not given(example.message)
    ]


def fit(examples: list[Example], thresholds: dict[str, float]) -> Weights:
    found = np.stack([features(example.message, example.vector) for example in examples])
    model = LogisticRegression(C=INVERSE_REGULARIZATION, max_iter=300, tol=1e-3)
    model.fit(
        csr_matrix(found),
        [example.tool for example in examples],
        sample_weight=[example.weight for example in examples],
    )
    return Weights(
        TOOLS, model.coef_.astype(np.float32), model.intercept_.astype(np.float32), thresholds
    )


def thresholds(examples: list[Example], false_call: float) -> dict[str, float]:
    """The cheapest probability from which on a tool is believed, for each situation."""
    folds = np.array([zlib.crc32(e.message.text.encode()) % FOLDS for e in examples])
    chances = np.zeros((len(examples), len(TOOLS)), np.float32)
    for fold in range(FOLDS):
        weights = fit([examples[i] for i in np.flatnonzero(folds != fold)], {})
        for i in np.flatnonzero(folds == fold):
            chances[i] = weights.probabilities(examples[i].message, examples[i].vector)
    tools = np.array([example.tool for example in examples])
    once = np.array([example.weight == 1 for example in examples])
    print(f"right in cross-validation: {(chances.argmax(1) == tools)[once].mean():.4f}")
    where = np.array([situation(example.message) for example in examples])
    costs = {
        name: [cost(chances[where == name], tools[where == name], d, false_call) for d in DOUBTS]
        for name in SITUATIONS
    }
    return {name: float(DOUBTS[int(np.argmin(found))]) for name, found in costs.items()}


def cost(chances: Floats, wanted: Any, threshold: float, false_call: float) -> float:
    answer = TOOLS.index("answer")
    chosen = np.where(chances.max(1) >= threshold, chances.argmax(1), answer)
    wrong = chosen != wanted
    return float(np.where(wrong & (wanted == answer), false_call, wrong).sum())


if __name__ == "__main__":
    main()
