"""Whether the model in a folder of transformers is a cross-encoder, by its configuration alone."""

import json
from pathlib import Path
from typing import Any

_ONNX = ("model.onnx", "onnx/model.onnx")


def ranks(folder: Path) -> bool:
    """Whether it is a cross-encoder: a classifier with one label, which scores how well a passage
    answers a question."""
    config = read_json(folder / "config.json")
    named = str((config.get("architectures") or [""])[0])
    one = len(config.get("id2label") or {}) == 1 or config.get("num_labels") == 1
    return headed(folder) or (named.endswith("ForSequenceClassification") and one)


def headed(folder: Path) -> bool:
    """Whether it is a cross-encoder of sentence-transformers with modules of its own as a head."""
    kinds = module_kinds(folder)
    told = read_json(folder / "config_sentence_transformers.json")
    is_cross_encoder = str(told.get("model_type", "")) == "CrossEncoder"
    return is_cross_encoder and len(kinds) > 1 and kinds[1].endswith("Pooling")


def module_kinds(folder: Path) -> list[str]:
    """The classes of sentence-transformers' modules in a folder, in their order."""
    found = _read(folder / "modules.json")
    return [str(module.get("type", "")) for module in found] if isinstance(found, list) else []


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
