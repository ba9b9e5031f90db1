"""Builds a working assistant from settings: the one place that names concrete classes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.answering.pipeline import EXTRACTIVE, AnswerTool
from assistant.answering.retrieve import Budget
from assistant.contract.facts import Offer
from assistant.contract.intents import Enhance
from assistant.contract.request import Specialist
from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError
from assistant.i18n.translation import N_
from assistant.images.vision import chat_offers, offer
from assistant.images.vision import offers as vision_offers
from assistant.llm.odds import TokenOdds, TurnTaking, token_counter
from assistant.models.fetch import user_cache
from assistant.models.hub import Progress
from assistant.models.installed import Models
from assistant.models.programs import REAL_ESRGAN
from assistant.receipts.record import Receipts, ReceiptWriter, Recorder
from assistant.routing.dispatch import Choosing
from assistant.settings import Settings
from assistant.sheet import extraction
from assistant.sheet.extraction import Extractor
from assistant.sheet.fill import Sheet
from assistant.sheet.sheet_store import SheetStore
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.files import FileHashes, Made
from assistant.storage.learned import lessons
from assistant.storage.part import EVERYBODY, Whose
from assistant.studio.makers import Enhancing, Studio, checked
from assistant.studio.super_resolution import RealEsrgan
from assistant.tools.pictures import Clipping, Describing, Translating, WithFiles
from assistant.tools.specialists import Running, Whole
from assistant.tools.tabular import Charting, Lists, Tables
from assistant.wiring import chosen_models, places
from assistant.wiring.chosen_models import LoadedChat, embedder, embedder_of, multilingual
from assistant.wiring.places import answer_files, bucket, catalogue_server, hire
from ingest.errors import ExtensionFailed
from vectorstore.errors import LibraryError
from vectorstore.federation import AnyLibrary, Federated, is_joined, parts
from vectorstore.library import Library
from vectorstore.opened import file_of, libraries_in
from vectorstore.retrieval.rerank import Reader, Reranker
from vectorstore.team.postgres import Server
from vectorstore.team.s3 import Bucket

# -- Builds the tools that make something other than an answer: the other place that names concrete
# classes.


Chat = Callable[[], LoadedChat | None]  # loads the chat model; None where there is none


def makers(settings: Settings, chat: Chat, turns: TurnTaking) -> list[Specialist]:
    """All tools; one whose model is not installed offers it on use. Calls of `chat` raise
    AssistantError when the model cannot be used."""
    # Looked up when a tool runs: one may have been fetched since.
    here, made = Models(settings), output_files(settings)

    def drawing() -> tuple[Offer, ...]:
        return tuple(offer(model) for model in here.models if model.role == "drawing")

    return [
        Studio(lambda: here.chosen("drawing"), made, drawing),
        Enhancing(RealEsrgan(user_cache()), made),
        Charting(made),
        chosen_models.transcribing(settings),
        chosen_models.speaking(settings, made),
        *_seeing(settings, chat, turns),
        Running(),
    ]


def prepare_enhancing(intent: Enhance, progress: Progress) -> None:
    """Fetch the program that enlarges pictures, for a picture whose size allows it. Raises
    AssistantError."""
    checked(intent)
    REAL_ESRGAN.make(user_cache(), progress)


def _seeing(settings: Settings, chat: Chat, turns: TurnTaking) -> list[Specialist]:
    """The readers of pictures and videos."""
    look, installed = chosen_models.looking(settings), Models(settings)
    here = installed.models

    def answer() -> AnswerTool:
        return _answer_tool(settings, chat(), turns)

    def more() -> tuple[Offer, ...]:
        return () if look.viewer() else vision_offers(here, bool(look.tagging()))

    def hearing() -> tuple[Offer, ...]:
        return () if installed.chosen("speech") else chosen_models.speech_offers(installed)

    return [
        Describing(look, answer, more),
        Clipping(look, answer, more, hearing),
        Translating(
            look,
            lambda: (loaded.name, loaded.model) if (loaded := chat()) else None,
            turns,
            lambda: chat_offers(here),
        ),
    ]  # fmt: skip


def _answer_tool(
    settings: Settings, chat: LoadedChat | None, turns: TurnTaking,
    reranker: Reranker | None = None, reader: Reader | None = None,
) -> AnswerTool:  # fmt: skip
    """Answers with the chat model, or by quoting without one."""
    window = chat.window if chat else settings.context_tokens
    budget = Budget(window, settings.passage_tokens, settings.answer_tokens)
    model, name = (chat.model, chat.name) if chat else (None, EXTRACTIVE)
    return AnswerTool(model, budget, settings.refusal_threshold, name, turns, reranker, reader)


def output_files(settings: Settings) -> Made:
    """The files that tools make, in a folder of the home."""
    return Made(settings.home / "made")


_UNTIL = N_("Until then, answers are quoted from the documents.")


def library(settings: Settings, name: str | None = None, make: bool = False) -> Library:
    """The named library of the home, or the default one.

    Raises LibraryError when there is none of that name. With `make` it is empty rather than
    unknown.
    """
    chosen = name or settings.library
    known = libraries(settings)
    if chosen not in known and not make:
        others = f"Libraries: {', '.join(known)}. " if known else ""
        raise LibraryError(
            f"There is no library {chosen!r}. {others}"
            f"`pincite add PATH --library {chosen}` makes it."
        )
    server = catalogue_server(settings)
    return _library(
        settings, settings.libraries_folder / chosen, chosen,
        places.vectors_server(settings) or server, server, bucket(settings),
    )  # fmt: skip


@contextmanager
def library_to_read(settings: Settings) -> Iterator[Library]:
    """The library of the settings; where they name none, the only one that there is. Reading makes
    none: before the first file it is empty, and nowhere in the home. Raises LibraryError."""
    known, named = libraries(settings), settings.by_hand("library")
    only = known[0] if len(known) == 1 and not named else None
    with library(settings, only) if known or named else no_library(settings) as opened:
        yield opened


@contextmanager
def no_library(settings: Settings) -> Iterator[Library]:
    """An empty one that is nowhere in the home, for what reads no document."""
    with (
        TemporaryDirectory(prefix="pincite-empty-") as folder,
        library_in(settings, Path(folder), settings.library) as empty,
    ):
        yield empty


@contextmanager
def library_of(settings: Settings, name: str) -> Iterator[AnyLibrary | None]:
    """The library that an answer came from, or those of several that are left; None when it is
    gone."""
    there = [part for part in parts(name) if part in libraries(settings)]
    with ExitStack() as stack:
        opened = [stack.enter_context(library(settings, part)) for part in there]
        yield Federated(opened) if is_joined(name) and opened else next(iter(opened), None)


@contextmanager
def federated(settings: Settings, names: Sequence[str]) -> Iterator[Federated]:
    """Several libraries, read as one. Raises LibraryError."""
    with ExitStack() as stack:
        wanted = list(dict.fromkeys(names))
        yield Federated([stack.enter_context(library(settings, name)) for name in wanted])


def library_in(settings: Settings, folder: Path, name: str) -> Library:
    """A library in any folder, with the models of the settings; its catalogue is there, too."""
    return _library(settings, folder, name, places.vectors_server(settings))


def _library(
    settings: Settings, folder: Path, name: str, vectors: Server | None,
    catalogue: Server | None = None, files: Bucket | None = None,
) -> Library:  # fmt: skip
    return Library(
        folder, name, lambda: embedder(settings), lambda: chosen_models.engines(settings),
        lambda identity: embedder_of(settings, identity), lessons(folder).ranking,
        lambda: chosen_models.tagging(settings), lambda: multilingual(settings), vectors, catalogue,
        hire(settings), files,
    )  # fmt: skip


def libraries(settings: Settings) -> list[str]:
    """The names of the libraries that exist."""
    return libraries_in(settings.libraries_folder)


def place_of(settings: Settings, name: str) -> int:
    """A number that differs for a new library of the same name; 0 where there is none."""
    try:
        return file_of(settings.libraries_folder / name).stat().st_ino
    except OSError:
        return 0


def first_library(settings: Settings) -> str:
    """The library that the app opens: that of the settings, else one that exists."""
    known = libraries(settings)
    return known[0] if known and settings.library not in known else settings.library


def assistant_of(
    settings: Settings,
    library: AnyLibrary,
    how: Answering | None = None,
    kept: Conversations | None = None,
    recorded: bool = True,
    whose: Whose = EVERYBODY,
) -> Assistant:
    """The assistant of a library, or of several; parts shared with other assistants may be given.

    `recorded`: answers get a receipt; measuring and drafting need none. `whose` conversations and
    receipts they become.
    """
    how, kept = how or answering(settings), kept or conversations(settings, whose)
    recorder = (
        Recorder(receipts(settings, whose), how.writer, FileHashes(settings.home).sha256)
        if recorded
        else None
    )
    return Assistant(library, how, kept, recorder, answer_files(settings))


def maker(settings: Settings, library: Library) -> Assistant:
    """Runs a tool, and loads the chat model only if the tool needs it."""
    load, turns = chosen_models.chat_loader(settings), TurnTaking()
    tool = Choosing(
        [], _answer_tool(settings, None, turns),
        makers(settings, cache(load) if load else lambda: None, turns),
        extensions_first=settings.extensions_first,
    )  # fmt: skip
    return Assistant(library, Answering(tool, EXTRACTIVE), conversations(settings))


def conversations(settings: Settings, whose: Whose = EVERYBODY) -> Conversations:
    """The conversations of a person in this home."""
    return Conversations(places.place_of_part(settings, CONVERSATIONS), whose)


def receipts(settings: Settings, whose: Whose = EVERYBODY) -> Receipts:
    """The receipts of a person in this home; for the command line, of everybody."""
    return Receipts(places.place_of_part(settings, CONVERSATIONS), whose=whose)


def answering(settings: Settings) -> Answering:
    """Answers with the chosen chat model, or by quoting where none can run."""
    chat, notice = _writing(settings)
    turns = TurnTaking()
    reranker = chosen_models.reranker(settings)
    answer = _answer_tool(settings, chat, turns, reranker, chosen_models.reader(settings))
    model, file = (chat.model, chat.file) if chat else (None, None)
    name = answer.model_name
    odds = chat and (chat.odds or chat.model)
    lists = [Lists(odds, turns, answer)] if isinstance(odds, TokenOdds) else []
    specialists: list[Specialist] = [
        WithFiles(chosen_models.looking(settings), answer), Tables(),
        Whole(model, name, turns, answer), *lists,
    ]  # fmt: skip
    made = makers(settings, lambda: chat, turns)
    tool = Choosing(specialists, answer, made, extensions_first=settings.extensions_first)
    window = chat.window if chat else settings.context_tokens
    read = {"window": window} if chat else {}
    return Answering(
        tool, name, notice,
        writer=ReceiptWriter(file, {**_deciding(settings), **read}),
        model=model, window=window, turns=turns, answerable=answer.answerable,
        **({"ahead": tool.prepare} if chat and settings.read_ahead else {}),
    )  # fmt: skip


def _writing(settings: Settings) -> tuple[LoadedChat | None, str]:
    """The chat model, and what people are told of it."""
    try:
        if load := chosen_models.chat_loader(settings):
            chat = load()
            return chat, chat.notice
        why = "No chat model is installed; `pincite models pull` gets one."
    except (AssistantError, ExtensionFailed) as error:
        why = str(error)
    return None, f"{why} {_UNTIL}"


def _deciding(settings: Settings) -> dict[str, Any]:
    """The settings that influence an answer, and the models that do beside the chat model."""
    names = {
        "context_tokens", "passage_tokens", "answer_tokens", "threads", "gpu",
        "refusal_threshold",
    }  # fmt: skip
    identity = chosen_models.reranker_identity(settings)
    return settings.model_dump(include=names) | {"reranker": identity}


# -- Builds what fills sheets

_PART = 3  # of the window is for a document; the rest for the values of eight columns


def sheet_store(settings: Settings) -> SheetStore:
    """The sheets of a home."""
    return SheetStore(settings.sheets_file)


def sheet(settings: Settings, library: Library, how: Answering | None = None) -> Sheet:
    """Sheets of a library. Its answers get no receipt: there are as many as cells, and they would
    push out those of a person's own questions."""
    how = how or answering(settings)
    assistant: Assistant = assistant_of(settings, library, how, recorded=False)
    extract = Extractor(how.model, how.turns) if how.model else None
    # Who answers: another file, or another threshold, may answer in another way.
    file = how.writer.model
    who = FileHashes(settings.home).sha256(file) if file else how.model_name
    return Sheet(
        assistant, sheet_store(settings), extract or (lambda *_: ""), _reader(extract, how),
        f"{who} {settings.refusal_threshold}", settings.refusal_threshold,
    )  # fmt: skip


def _reader(extract: Extractor | None, how: Answering) -> extraction.Reader | None:
    window, count = how.window // _PART, token_counter(how.model)
    return extraction.Reader(extract.copied, window, count) if extract else None
