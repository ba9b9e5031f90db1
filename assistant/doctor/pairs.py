"""Checks of the models that read two texts together: the reranker and the checker of sentences."""

from collections.abc import Iterator
from pathlib import Path

from assistant.doctor.check import Check
from assistant.errors import ModelUnusable
from assistant.models.roles import BY_CHOICE
from assistant.models.store import Models
from ingest.platform.extras import installed
from vectorstore.classifiers.folder import onnx_file


def check(models: Models) -> Iterator[Check]:
    """One for each role; none is chosen by itself, so that its lack is no fault."""
    for role in BY_CHOICE:
        name = f"{role} model"
        try:
            path = models.chosen(role)
        except ModelUnusable as error:
            yield Check(name, "error", str(error), f"pincite models use {role} off")
        else:
            yield _of(name, path) if path else Check(name, "ok", "none is chosen")


def _of(name: str, path: Path) -> Check:
    if onnx_file(path) or installed("torch", "transformers"):
        return Check(name, "ok", str(path))
    message = f"{path} has no ONNX file, and nothing is installed that writes one."
    return Check(name, "error", message, "pip install 'pincite[embedders]'")
