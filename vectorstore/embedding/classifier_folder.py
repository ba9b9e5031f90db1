"""What the classifier in a model folder of transformers can do, by its configuration alone."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["score", "texts", "tokens"]
"""Of a pair of texts: one number, the odds of its labels, or those of each of its tokens."""

_ONNX = ("model.onnx", "onnx/model.onnx")
_UNNAMED = re.compile(r"label_\d+")
# What publishers call what the first text says of the second one, and what it does not.
_SUPPORTING = {
    "entailment", "entailed", "supported", "supports", "consistent", "faithful", "factual",
    "grounded",
}  # fmt: skip
_UNSUPPORTED = {
    "hallucination", "hallucinated", "unsupported", "inconsistent", "unfaithful", "ungrounded",
}  # fmt: skip


@dataclass(frozen=True)
class Classifier:
    """What the classifier of a model folder puts out: its kind, and its labels in order."""

    kind: Kind
    labels: tuple[str, ...]  # in lower case

    @property
    def ranks(self) -> bool:
        """Whether it scores how well a passage answers a question."""
        return self.kind == "score"

    @property
    def checks(self) -> bool:
        """Whether it tells what a text supports."""
        return self.telling is not None

    @property
    def telling(self) -> int | None:
        """The number of the label that counts: of whole texts the one for support, of tokens the
        one for none. Of two labels without names it is the second one. None where none is known."""
        if self.kind == "score":
            return None
        wanted = _SUPPORTING if self.kind == "texts" else _UNSUPPORTED
        if len(self.labels) == 2 and all(map(_UNNAMED.fullmatch, self.labels)):
            return 1
        return next((n for n, label in enumerate(self.labels) if label in wanted), None)


def classifier_of(folder: Path) -> Classifier | None:
    """The classifier of a folder; None where it holds none."""
    config = read_json(folder / "config.json")
    named = str((config.get("architectures") or [""])[0])
    if headed(folder):
        return Classifier("score", ("label_0",))
    if named.endswith("ForSequenceClassification"):
        labels = _labels(config)
        return Classifier("score" if len(labels) == 1 else "texts", labels)
    return (
        Classifier("tokens", _labels(config)) if named.endswith("ForTokenClassification") else None
    )


def headed(folder: Path) -> bool:
    """Whether it is a cross-encoder of sentence-transformers with modules of its own as a head."""
    found = _read(folder / "modules.json")
    kinds = [str(module.get("type", "")) for module in found] if isinstance(found, list) else []
    told = read_json(folder / "config_sentence_transformers.json")
    is_cross_encoder = str(told.get("model_type", "")) == "CrossEncoder"
    return is_cross_encoder and len(kinds) > 1 and kinds[1].endswith("Pooling")


def onnx_file(folder: Path) -> Path | None:
    """The ONNX file of a folder: the usual one, else the only one. None where there is none, or
    where it lacks the head of the model."""
    if headed(folder):
        return None
    usual = next((folder / name for name in _ONNX if (folder / name).exists()), None)
    others = [*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx")]
    return usual or (others[0] if len(others) == 1 else None)


def weights_file(folder: Path) -> Path | None:
    """The file by which the model is known; None where it has no weights."""
    safe = folder / "model.safetensors"
    return safe if safe.exists() else onnx_file(folder)


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where the file is missing or damaged."""
    found = _read(path)
    return found if isinstance(found, dict) else {}


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None


def _labels(config: dict[str, Any]) -> tuple[str, ...]:
    """In their order; transformers leaves out the names of two that have none."""
    named = config.get("id2label") or {}
    count = len(named) or int(config.get("num_labels") or 2)
    return tuple(str(named.get(str(n), f"LABEL_{n}")).lower() for n in range(count))
