"""Loads the chosen chat and embedding models: from the catalogue, a file, or an installed
package."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from assistant.answering.gate.answerability import NO_MODEL, OperatingPoint, Weights
from assistant.build.gate import UNFITTED, fitted, identity, named
from assistant.contract.outcome import Offer
from assistant.errors import ModelRuntimeMissing
from assistant.llm.chat_model import ChatModel, LlamaCppChat
from assistant.llm.llama.devices import Placement, graphics
from assistant.llm.llama.quicker import quicker
from assistant.llm.token_odds import TokenOdds
from assistant.models.catalogue import defaults, known_as
from assistant.models.server.address import ServerAddress
from assistant.models.server.key import key_of
from assistant.models.store import Models
from assistant.security import instruction_head
from assistant.settings import Settings
from assistant.storage.fitted_gates import Fitted
from ingest.errors import PinciteError
from ingest.extensions import EMBEDDERS, Extension, installed
from vectorstore.embedding.embedder import Embedder, Habits, load_embedder
from vectorstore.errors import LibraryError
from vectorstore.retrieval.reader import AdaptedReader, fits

_NEEDED = ("chat", "embedding")  # roles without which Pincite does little


@dataclass(frozen=True)
class LoadedChat:
    """A chat model that is ready to write."""

    model: ChatModel
    name: str
    window: int  # tokens that a prompt and its answer may take together
    file: Path | None = None  # of its weights; None where an installed package brings it
    sampling: Mapping[str, Any] = field(default_factory=dict)
    notice: str = ""  # what people are told while it answers
    about: str = ""  # who answers and where, with what would be quicker
    odds: TokenOdds | None = None  # who tells them, where it is not the model itself
    known: str = ""  # the identity that its gate is kept by; empty for one without odds
    fitted: Fitted | None = None  # the gate, where one was fitted to this model

    @property
    def weights(self) -> Weights | None:
        """Of its odds in the gate."""
        return self.fitted.weights if self.fitted else None

    @property
    def points(self) -> Mapping[str, OperatingPoint]:
        """What the gate refuses at each setting."""
        return self.fitted.points if self.fitted else NO_MODEL


def chat_loader(settings: Settings) -> Callable[[], LoadedChat] | None:
    """A function that loads the chosen chat model; None without one. Both raise AssistantError."""
    models = Models(settings.models_folder, settings)
    if address := models.server("chat"):
        return partial(_chat_at, address, settings)
    if extension := models.extension("chat"):
        return partial(_chat_of, extension, settings)
    path = models.chosen("chat")
    return partial(_chat_from, path, settings) if path else None


def _chat_from(path: Path, settings: Settings) -> LoadedChat:
    model = LlamaCppChat.from_file(
        path, context=settings.context_tokens, threads=settings.threads or None, gpu=settings.gpu
    )
    about = _answers_by(known_as(model.model_name), model.placement)
    faster = quicker(model.placement, settings.gpu, bool(graphics()))
    known = identity(settings, path)
    gate = fitted(settings, known)
    about = " ".join(filter(None, (about, faster, "" if gate else UNFITTED)))
    # A small model may have a smaller window than the settings say.
    return LoadedChat(
        model, model.model_name, model.context_size, path, model.sampling,
        about=about, known=known, fitted=gate,
    )  # fmt: skip


def _answers_by(name: str, place: Placement) -> str:
    """A sentence for each case: what is glued from parts cannot be translated."""
    if not place.layers:
        return f"Answers by {name}, on the processor of this machine."
    if place.layers >= place.of:
        return f"Answers by {name}, on {place.device} of this machine."
    layers = f"{place.layers} of {place.of}"
    return (
        f"Answers by {name}, on {place.device} ({layers} layers) and the processor of this machine."
    )


def _chat_at(address: ServerAddress, settings: Settings) -> LoadedChat:
    model = server_of(address, settings)
    from assistant.llm import server_odds  # needs the extra, as the model does

    where = f"Answers come from {address.place}, which reads your questions and passages."
    name = f"{model.get_name()} at {address.place}"
    known = named(str(address))
    return LoadedChat(
        model, name, settings.context_tokens, notice=where, about=f"Answers by {name}.",
        odds=server_odds.ServerOdds(model), known=known, fitted=fitted(settings, known),
    )  # fmt: skip


def server_embedder(address: ServerAddress, settings: Settings) -> Any:
    """The embedding model of a server, which is asked for its dimensions. Raises the same as
    `server_of`."""
    _server_chat()
    from assistant.llm.server_embedder import connect  # needs the extra, as the chat model does

    known = {model.name: model.habits for model in Models(settings.models_folder, settings).models}
    return connect(
        address,
        key_of(address, settings, "embedding"),
        lambda name: Habits(**known.get(name.lower(), {})),
    )


def server_of(address: ServerAddress, settings: Settings) -> ChatModel:
    """The model of a server. Raises ModelRuntimeMissing or ModelUnusable."""
    key = key_of(address, settings)
    model: ChatModel = _server_chat().connect(address, key, settings.answer_tokens)
    return model


def server_model(address: ServerAddress, settings: Settings) -> ServerAddress:
    """The address with the name of its model, which the server is asked for. Raises the same."""
    named: ServerAddress = _server_chat().choose(address, key_of(address, settings))
    return named


def _server_chat() -> Any:
    try:
        from assistant.llm import server_chat
    except ImportError as error:
        raise ModelRuntimeMissing(
            "A model server needs the extra `server`: pip install 'pincite[server]'"
        ) from error
    return server_chat


def _chat_of(extension: Extension, settings: Settings) -> LoadedChat:
    model: ChatModel = extension.make(ChatModel)
    known = named(f"{extension.package} {extension.version} {extension.name}")
    about = f"Answers by {extension.name}, from {extension.package}."
    return LoadedChat(
        model, extension.name, settings.context_tokens, about=about,
        known=known, fitted=fitted(settings, known),
    )  # fmt: skip


def missing_defaults(settings: Settings) -> list[Offer]:
    """What answers and searches by default and is not here, where nothing else was chosen."""
    models = Models(settings.models_folder, settings)
    here = {model.name for model in models.installed()}
    return [
        Offer(model.name, model.role, model.licence, model.bytes)
        for model in defaults(models.models)
        if model.role in _NEEDED and model.name not in here and not models.named(model.role)
    ]


def embedder(settings: Settings) -> Embedder:
    """Raises LibraryError when no embedding model is installed, and what `server_of` raises."""
    models = Models(settings.models_folder, settings)
    if address := models.server("embedding"):
        found: Embedder = server_embedder(address, settings)
        return found
    if extension := models.extension("embedding"):
        return _embedder_of(extension)
    path = models.chosen("embedding")
    if path is None:
        raise LibraryError(
            "No embedding model is installed, so nothing can be indexed or searched. "
            "`pincite models pull all-minilm-l6-v2` gets the default one (91 MB)."
        )
    local = load_embedder(path, settings.threads, _habits(models, path))
    instruction_head.use(local)  # it knows the vectors of the default model
    return local


def multilingual(settings: Settings) -> Embedder | None:
    """The embedder for a library that is not mostly English; None where a person has chosen one
    for all libraries. Raises LibraryError when it is not installed."""
    models = Models(settings.models_folder, settings)
    if models.named("embedding"):
        return None
    found = next((model for model in models.models if model.habits.get("multilingual")), None)
    here = {model.name: model.path for model in models.installed()}
    if found is None or found.name not in here:
        raise LibraryError(
            "No model here reads several languages: `pincite models pull multilingual-e5-small` "
            "gets one (72 MB), and `pincite rebuild` uses it."
        )
    return load_embedder(here[found.name], settings.threads, Habits(**found.habits))


def embedder_of(settings: Settings, identity: str) -> Embedder | None:
    """The embedder that made a library; None when it is no longer installed."""
    name = identity.partition(":")[0]
    models = Models(settings.models_folder, settings)
    paths = [
        model.path
        for model in models.installed()
        if (model.role, model.path.name) == ("embedding", name)
    ]
    extension = installed(EMBEDDERS).get(name)
    loaders = [
        partial(load_embedder, path, settings.threads, _habits(models, path)) for path in paths
    ]
    for load in [*loaders, *([partial(_embedder_of, extension)] if extension else [])]:
        with suppress(PinciteError):
            found: Embedder = load()
            if found.identity == identity:
                return found
    return None


def _habits(models: Models, path: Path) -> Habits | None:
    """Those of the catalogue; None for a model that is not in it, or that has none."""
    found = next((model.habits for model in models.models if model.name == path.name), {})
    return Habits(**found) if found else None


def reader(settings: Settings) -> AdaptedReader | None:
    """The learned reader; None where the embedding model that it needs is not installed. Which one
    a library uses does not matter."""
    models = Models(settings.models_folder, settings)
    folders = [model.path for model in models.installed() if model.role == "embedding"]
    with suppress(PinciteError):  # who searches with it says what is wrong with it
        folders += [path for path in [models.chosen("embedding")] if path]  # may be elsewhere
    fitting = [path for path in folders if fits(path)]
    return AdaptedReader(fitting[0], settings.threads) if fitting else None


def _embedder_of(extension: Extension) -> Embedder:
    """Raises ExtensionFailed."""
    made: Embedder = extension.make(Embedder)
    with extension.blamed():
        if not made.identity.startswith(f"{extension.name}:"):
            raise ValueError(f"its identity does not begin with {extension.name!r} and a colon")
    return made
