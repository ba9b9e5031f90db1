"""Settings in, a working assistant out: the one place that names concrete classes."""

import os
from pathlib import Path

from assistant.chat import Assistant
from assistant.errors import AssistantError
from assistant.memory import Conversations
from assistant.models.store import Models
from assistant.settings import Settings
from assistant.tools.answer import Answer, Budget
from vectorstore.embedder import Embedder, load_embedder
from vectorstore.errors import LibraryError
from vectorstore.library import Library

MAIN = "main"


def library(settings: Settings, name: str | None = None, make: bool = False) -> Library:
    """The named library of the home, or the default one.

    Raises LibraryError when there is none of that name; `main` is empty rather than unknown, and
    with `make` every name is.
    """
    chosen = name or settings.library
    known = sorted({MAIN, *libraries(settings)})
    if chosen not in known and not make:
        raise LibraryError(
            f"There is no library {chosen!r}. Known: {', '.join(known)}. "
            f"`pincite add PATH --library {chosen}` makes it."
        )
    folder = settings.libraries_folder / chosen
    return Library(folder, chosen, lambda: embedder(settings))


def libraries(settings: Settings) -> list[str]:
    """The names of the libraries that exist."""
    return sorted(path.parent.name for path in settings.libraries_folder.glob("*/catalog.sqlite"))


def embedder(settings: Settings) -> Embedder:
    """Raises LibraryError when no embedding model is installed."""
    path = Models(settings.models_folder, settings).chosen("embedding")
    if path is None:
        raise LibraryError(
            "No embedding model is installed, so that nothing can be indexed or searched. "
            "`pincite models pull all-minilm-l6-v2` gets the default one (91 MB)."
        )
    return load_embedder(path, settings.threads)


def assistant(settings: Settings, library: Library) -> Assistant:
    """With the chosen chat model; where none can run, one that answers by quoting."""
    conversations = Conversations(settings.home / "conversations.sqlite")
    tool, notice = _answer(settings)
    return Assistant(library, tool, conversations, tool.model_name, notice)


def _answer(settings: Settings) -> tuple[Answer, str]:
    budget = Budget(settings.context_tokens, settings.passage_tokens, settings.answer_tokens)
    try:
        path = Models(settings.models_folder, settings).chosen("chat")
        if path is None:
            return Answer(None, budget, settings.refusal_threshold), (
                "No chat model is installed: answers are quoted from the documents. "
                "`pincite models pull` gets one."
            )
        return _with_model(path, budget, settings), ""
    except AssistantError as error:
        return Answer(None, budget, settings.refusal_threshold), (
            f"{error} Until then, answers are quoted from the documents."
        )


def _with_model(path: Path, budget: Budget, settings: Settings) -> Answer:
    # Read by OpenMP when llama.cpp loads it: spinning threads slow everything else down.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from assistant.chat_model import LlamaCppChat

    model = LlamaCppChat.from_file(path, context=budget.window, threads=settings.threads or None)
    return Answer(model, budget, settings.refusal_threshold, model.model_name)
