"""Builds the models that read two texts together: the reranker, and the checker of sentences."""

from collections.abc import Mapping
from pathlib import Path

from assistant.answering.groundedness.checker import Groundedness
from assistant.answering.groundedness.classifier import ClassifiedGroundedness, Reads
from assistant.llm.chat_model import ChatModel
from assistant.llm.token_odds import TokenOdds
from assistant.llm.yes_no_reranker import YesNoReranker
from assistant.models.roles import BY_CHOICE, role_of
from assistant.models.store import AUTO, OFF, Models
from assistant.settings import YES_NO, Settings
from assistant.storage.file_hashes import FileHashes
from vectorstore.classifiers.folder import weights_file
from vectorstore.classifiers.pairs import PairClassifier
from vectorstore.retrieval.reranker import CrossEncoderReranker, Reranker


def reranker(settings: Settings, model: ChatModel | None = None) -> Reranker | None:
    """The chosen one; None when none is. Raises ModelUnusable, or LibraryError."""
    if settings.reranker == YES_NO:
        return YesNoReranker(model) if isinstance(model, TokenOdds) else None
    path = Models(settings.models_folder, settings).chosen("reranker")
    return CrossEncoderReranker(path, settings.threads) if path else None


def groundedness(settings: Settings) -> Groundedness | None:
    """The same for the checker."""
    models = Models(settings.models_folder, settings)
    path = models.chosen("groundedness")
    if path is None:
        return None
    known = next((model.habits for model in models.models if model.name == path.name), {})
    return ClassifiedGroundedness(path, settings.threads, Reads(**known) if known else None)


def prepare(settings: Settings, role: str, name: str) -> None:
    """Load a model of the role, and write its ONNX file where there is none, so that no question
    waits for it. Raises ModelUnusable, or LibraryError."""
    if name in (AUTO, OFF):
        return
    path = Models(settings.models_folder, settings).path(name)
    if role_of(path) == role:
        PairClassifier(path, settings.threads).prepare()


def identities(settings: Settings) -> Mapping[str, str]:
    """By role: the name and the sha256 of the chosen model; empty where none is chosen. For
    receipts, and to compare measurements. Raises AssistantError."""
    models = Models(settings.models_folder, settings)
    found = {str(role): _identity(models.chosen(role), settings) for role in BY_CHOICE}
    return found if settings.reranker != YES_NO else {**found, "reranker": YES_NO}


def _identity(folder: Path | None, settings: Settings) -> str:
    weights = weights_file(folder) if folder else None
    if not folder or not weights:
        return ""
    return f"{folder.name} {FileHashes(settings.home).sha256(weights)}"
