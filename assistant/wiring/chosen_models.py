"""Loads the chosen chat and embedding models: from the catalogue, a file, or an installed
package.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

from assistant.contract.facts import Offer
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError, ModelRuntimeMissing, ModelUnusable
from assistant.images.vision import Describer, Looking, Tagging, offer
from assistant.llm.chat_model import ChatModel, LlamaCppChat
from assistant.llm.odds import TokenOdds
from assistant.models.catalogue import (
    BY_CHOICE,
    Expected,
    Role,
    default_model,
    defaults,
    expected,
    role_of,
)
from assistant.models.fetch import user_cache
from assistant.models.installed import AUTO, OFF, Models
from assistant.models.programs import PIPER
from assistant.models.server_address import Served, ServerAddress, key_of
from assistant.security import prompt_injection
from assistant.settings import PREFIX, Settings
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.files import FileHashes, Made
from assistant.studio.makers import Speaking
from assistant.studio.voices import (
    Aloud,
    Voices,
    espeak_languages,
    espeak_program,
    language_of_voice,
    model_of,
)
from assistant.tools.transcription import Ear, Transcribing
from assistant.wiring.places import place_of_part
from ingest.document.source import Bounds, Engines, Limits
from ingest.errors import PinciteError
from ingest.extensions import EMBEDDERS, Extension, installed
from ingest.platform.process import needs
from vectorstore.embedding.classifier_folder import weights_file
from vectorstore.embedding.embedder import Embedder, Habits, load_embedder
from vectorstore.errors import LibraryError
from vectorstore.retrieval.rerank import CrossEncoder, Reader, Reranker, fits

# -- Builds the reranker, which reads two texts together


def reranker(settings: Settings) -> Reranker | None:
    """The chosen one; None when none is. Raises ModelUnusable, or LibraryError."""
    path = Models(settings).chosen("reranker")
    return CrossEncoder(path, settings.threads) if path else None


def reranker_identity(settings: Settings) -> str:
    """The name and the sha256 of the chosen one; empty where none is chosen. For receipts, and to
    compare measurements. Raises AssistantError."""
    folder = Models(settings).chosen("reranker")
    weights = weights_file(folder) if folder else None
    if not folder or not weights:
        return ""
    return f"{folder.name} {FileHashes(settings.home).sha256(weights)}"


# -- Builds the engines that read files from settings: recognition, speech and vision models


def engines(settings: Settings) -> Engines:
    """The engines for scans, recordings and pictures. Raises ModelUnusable when a model is gone."""
    models = Models(settings)
    return Engines(
        settings.ocr, settings.ocr_languages, models.chosen("speech"), viewer(settings),
        bounds(settings), settings.extensions_first,
    )  # fmt: skip


def bounds(settings: Settings) -> Bounds:
    """The bounds of reading one file."""
    return Bounds(
        silence=settings.file_silence_seconds,
        seconds=settings.file_seconds,
        memory=settings.file_memory_mb << 20,
        output=settings.file_text_mb << 20,
        size=settings.file_gb << 30,
        unpacking=Limits(
            settings.unpacked_mb << 20, settings.unpacked_files, settings.unpacked_depth
        ),
    )


def viewer(settings: Settings) -> Describer | None:
    """The chosen vision model; None when none is installed. Raises ModelUnusable."""
    path = Models(settings).chosen("vision")
    return Describer(path, settings.threads) if path else None


def tagging(settings: Settings) -> Tagging | None:
    """The chosen model for tags; None when none is installed. Raises ModelUnusable."""
    path = Models(settings).chosen("tags")
    return Tagging(path) if path else None


def looking(settings: Settings) -> Looking:
    """Models are looked up when needed: one may have been fetched since the start."""
    return Looking(lambda: engines(settings), lambda: viewer(settings), lambda: tagging(settings))


# -- Loads the chosen chat model and the chosen embedding model

_NEEDED = ("chat", "embedding")  # roles without which Pincite does little


@dataclass(frozen=True)
class LoadedChat:
    """A chat model that is ready to write."""

    model: ChatModel
    name: str
    window: int  # tokens that a prompt and its answer may take together
    file: Path | None = None  # of its weights; None where an installed package brings it
    notice: str = ""  # what people are shown while it answers
    odds: TokenOdds | None = None  # what gives them, where it is not the model itself


def chat_loader(settings: Settings) -> Callable[[], LoadedChat] | None:
    """A function that loads the chosen chat model; None without one. Both raise AssistantError."""
    models = Models(settings)
    if address := models.server("chat"):
        return partial(_chat_at, address, settings)
    if extension := models.extension("chat"):
        return lambda: LoadedChat(
            extension.make(ChatModel), extension.name, settings.context_tokens
        )
    path = models.chosen("chat")
    return partial(_chat_from, path, settings) if path else None


def _chat_from(path: Path, settings: Settings) -> LoadedChat:
    model = LlamaCppChat.from_file(
        path, context=settings.context_tokens, threads=settings.threads or None, gpu=settings.gpu
    )
    # A small model may have a smaller window than the settings say.
    return LoadedChat(model, model.model_name, model.context_size, path)


def _chat_at(address: ServerAddress, settings: Settings) -> LoadedChat:
    model = server_of(address, settings)
    where = f"Answers come from {address.place}, which reads your questions and passages."
    name = f"{model.get_name()} at {address.place}"
    return LoadedChat(
        model, name, settings.context_tokens, notice=where, odds=_servers().ServerOdds(model)
    )


def server_embedder(address: ServerAddress, settings: Settings) -> Any:
    """The embedding model of a server, which reports its dimensions. Raises as `server_of`."""
    known = {model.name: model.habits for model in Models(settings).models}
    return _servers().connect_embedder(
        address,
        key_of(address, settings, "embedding"),
        lambda name: Habits(**known.get(name.lower(), {})),
    )


def server_of(address: ServerAddress, settings: Settings) -> ChatModel:
    """The model of a server. Raises ModelRuntimeMissing or ModelUnusable."""
    key = key_of(address, settings)
    model: ChatModel = _servers().connect_chat(address, key, settings.answer_tokens)
    return model


def _servers() -> Any:
    """The module, which needs an extra. Raises ModelRuntimeMissing."""
    try:
        from assistant.llm import server
    except ImportError as error:
        raise ModelRuntimeMissing(needs("server", "use a model server")) from error
    return server


def missing_defaults(settings: Settings) -> list[Offer]:
    """What answers and searches by default and is not here, where nothing else was chosen."""
    models = Models(settings)
    here = {model.name for model in models.installed()}
    return [
        Offer(model.name, model.role, model.licence, model.bytes)
        for model in defaults(models.models)
        if model.role in _NEEDED and model.name not in here and not models.named(model.role)
    ]


def embedder(settings: Settings) -> Embedder:
    """Raises LibraryError when no embedding model is installed, and what `server_of` raises."""
    models = Models(settings)
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
    prompt_injection.use_embedder(local)  # it knows the vectors of the default model
    return local


def multilingual(settings: Settings) -> Embedder | None:
    """The embedder for a library that is not mostly English; None where a person has chosen one
    for all libraries. Raises LibraryError when it is not installed."""
    models = Models(settings)
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
    models = Models(settings)
    loaders: list[Callable[[], Embedder]] = [
        partial(load_embedder, model.path, settings.threads, _habits(models, model.path))
        for model in models.installed()
        if (model.role, model.path.name) == ("embedding", name)
    ]
    if extension := installed(EMBEDDERS).get(name):
        loaders.append(partial(_embedder_of, extension))
    for load in loaders:
        with suppress(PinciteError):
            found = load()
            if found.identity == identity:
                return found
    return None


def _habits(models: Models, path: Path) -> Habits | None:
    """Those of the catalogue; None for a model that is not in it, or that has none."""
    found = next((model.habits for model in models.models if model.name == path.name), {})
    return Habits(**found) if found else None


def reader(settings: Settings) -> Reader | None:
    """The learned reader; None where the embedding model that it needs is not installed. Which one
    a library uses does not matter."""
    models = Models(settings)
    folders = [model.path for model in models.installed() if model.role == "embedding"]
    with suppress(PinciteError):  # who searches with it says what is wrong with it
        folders += [path for path in [models.chosen("embedding")] if path]  # may be elsewhere
    fitting = [path for path in folders if fits(path)]
    return Reader(fitting[0], settings.threads) if fitting else None


def _embedder_of(extension: Extension) -> Embedder:
    """Raises ExtensionFailed."""
    made: Embedder = extension.make(Embedder)
    with extension.blamed():
        if not made.identity.startswith(f"{extension.name}:"):
            raise ValueError(f"its identity does not begin with {extension.name!r} and a colon")
    return made


# -- What a person decides about models: which one a role has
# The commands, the app and other programs call the same functions.

SERVED: tuple[str, ...] = get_args(Served)  # the roles that a server can have


@dataclass(frozen=True)
class InUse:
    """The model that has a role, and where it was chosen."""

    name: str = ""  # of the catalogue, a file, an address, a package; empty: none
    is_server: bool = False
    setting: str = ""  # the variable that names it, before any choice; empty: none does
    trouble: str = ""  # why it cannot be used


@dataclass(frozen=True)
class Choice:
    """What is remembered for a role."""

    name: str  # of a server with the name of its model
    path: Path | None  # None where it is elsewhere, or none


def in_use(settings: Settings, role: Role) -> InUse:
    """Which model the role has now."""
    models = Models(settings)
    setting = f"{PREFIX}{settings.field_of(role).upper()}" if settings.model(role) else ""
    try:
        if address := models.server(role):
            return InUse(str(address), is_server=True, setting=setting)
        if extension := models.extension(role):
            return InUse(extension.name, setting=setting)
        path = models.chosen(role)
        name = next((one.name for one in models.installed() if one.path == path), str(path))
        return InUse(name if path else "", setting=setting)
    except AssistantError as error:
        return InUse(setting=setting, trouble=str(error))


def use(settings: Settings, role: Role, name: str) -> Choice:
    """Choose a model by name, path or address; AUTO and OFF as `Models.use` takes them.

    The server's models are looked up, and a classifier is loaded: what cannot be used is not
    chosen. Raises AssistantError or LibraryError.
    """
    address = ServerAddress.parse(name) if role in SERVED else None
    if address and role == "chat":
        name = str(_servers().choose(address, key_of(address, settings)))
    elif address:
        name = str(server_embedder(address, settings).address)
    models = Models(settings)
    if role in BY_CHOICE and name not in (AUTO, OFF):
        path = models.path(name)
        if role_of(path) == role:
            CrossEncoder(path, settings.threads).prepare()
    return Choice(name, models.use(role, name))


def first_words(settings: Settings) -> Mapping[str, Expected]:
    """How long each local chat model lets people wait for its first word, by name: as this home, or
    its team, has measured it, or estimated from the wait for another one. Raises AssistantError."""
    models = Models(settings)
    files = {model.name: Path(model.file).stem for model in models.models if model.role == "chat"}
    files |= {m.name: m.path.stem for m in models.installed() if m.role == "chat"}
    sizes = {model.name: model.weights for model in models.models if model.weights}
    measured = Conversations(place_of_part(settings, CONVERSATIONS)).waits()
    return expected(sizes, {name: measured.get(file, []) for name, file in files.items()})


# -- Builds transcription and speech synthesis from settings


@functools.cache
def transcribing(settings: Settings) -> Transcribing:
    """Shared by all who listen: one recording at a time.

    The speech model is looked up at each recording: it may have been fetched since.
    """
    models = Models(settings)

    def ear() -> Ear | None:
        chosen = models.chosen("speech")
        return Ear(chosen, settings.ocr_languages, bounds(settings)) if chosen else None

    return Transcribing(ear, lambda: speech_offers(models))


def speech_offers(models: Models) -> tuple[Offer, ...]:
    """The offer of the speech model that set-up fetches."""
    return (offer(default_model("speech", models.models)),)


def speaking(settings: Settings, made: Made) -> Speaking:
    """`made` is where sounds are stored."""
    return Speaking(voices(settings), made)


@functools.cache
def voices(settings: Settings) -> Voices:
    """Shared by all that read aloud: a voice is a process that stays."""
    models = Models(settings)
    languages = settings.ocr_languages
    return Voices(lambda: models.chosen("voice"), user_cache(), languages[0] if languages else "en")


# -- What there is to read aloud with, for `pincite doctor`

FETCH_VOICE = "pincite models pull en_US-joe-medium"

VoiceState = tuple[Literal["ok", "warning"], str, str]  # severity, state, remedy


def voice_state(settings: Settings) -> VoiceState:
    """Piper with a voice is best; espeak-ng reads many languages."""
    program = espeak_program()
    languages = len(espeak_languages(program)) if program else 0
    other = f"; espeak-ng for {languages} languages" if program else ""
    try:
        folder = Models(settings).chosen("voice")
        if folder is None and program:
            state = f"{program}, {languages} languages. A more natural voice: {FETCH_VOICE}"
            return "ok", state, ""
        if folder is None:
            return "warning", "There is no voice. Answers are not read aloud.", FETCH_VOICE
        model = model_of(folder)
        spoken = language_of_voice(model)
    except ModelUnusable as error:
        return "warning", str(error), "pincite models list"
    if why := PIPER.works(user_cache()):
        state = f"{model.stem} has no program to speak with: {why}{other}."
        return "warning", state, f"pincite models pull {PIPER.name}"
    return "ok", f"{model.stem} ({spoken}), Piper {PIPER.version}{other}", ""


def read_aloud(settings: Settings, sentences: Sequence[str], text: str) -> Aloud | None:
    """Begins to read the sentences of a text; None without a voice. Raises ModelUnusable."""
    known = voices(settings)
    voice = known.of(text)
    return Aloud(sentences, voice) if voice else None
