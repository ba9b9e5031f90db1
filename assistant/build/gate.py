"""Which gate a chat model has: the one that was fitted to it, or none."""

import hashlib
from pathlib import Path

from assistant.models.catalogue import default_model
from assistant.models.store import Models
from assistant.settings import Settings
from assistant.storage.file_hashes import FileHashes
from assistant.storage.fitted_gates import SHIPPED, Fitted, FittedGates

# For people, beside who answers.
UNFITTED = "Refusals are judged without its odds until `pincite models calibrate` has fitted them."


def gates(settings: Settings) -> FittedGates:
    """Of the home."""
    return FittedGates(settings.home / "gates")


def identity(settings: Settings, file: Path) -> str:
    """The sha256 of a chat model's file. Raises AssistantError."""
    return FileHashes(settings.home).sha256(file)


def named(name: str) -> str:
    """The identity of a model whose file is elsewhere, by its name and version."""
    return hashlib.sha256(name.encode()).hexdigest()


def fitted(settings: Settings, digest: str) -> Fitted | None:
    """The gate of a model by its identity, so that no model runs with the weights of another."""
    shipped = default_model("chat", Models(settings.models_folder, settings).models)
    return gates(settings).get(digest) or (SHIPPED if digest == shipped.sha256 else None)
