"""Builds a working assistant from settings: the one place that names concrete classes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from assistant.answering.gate.answerability import NO_MODEL, OperatingPoint
from assistant.answering.passages.budget import Budget
from assistant.build import classifiers, traces
from assistant.build.engines import engines, looking, tagging
from assistant.build.models import (
    LoadedChat,
    chat_loader,
    embedder,
    embedder_of,
    multilingual,
    reader,
)
from assistant.build.stores import home_tables, vectors
from assistant.build.stores.answer_files import answer_files
from assistant.build.stores.bucket import bucket
from assistant.build.stores.database import catalogue
from assistant.build.tools import Chatting, makers
from assistant.build.workers import hire
from assistant.contract.request import Request, Specialist, Tool
from assistant.conversation.assistant import Assistant
from assistant.conversation.history import Conversations
from assistant.conversation.tables import PART
from assistant.errors import AssistantError
from assistant.i18n.translation import N_
from assistant.llm.chat_model import ChatModel
from assistant.llm.model_lock import TurnTaking
from assistant.llm.token_odds import TokenOdds
from assistant.receipts.record import Receipts, ReceiptWriter, Recorder
from assistant.routing.dispatch import Choosing, MessageRouter, Router
from assistant.settings import Settings
from assistant.storage.file_hashes import FileHashes
from assistant.storage.learned import lessons
from assistant.storage.whose import EVERYBODY, Whose
from assistant.tools.answer import EXTRACTIVE, AnswerTool
from assistant.tools.answer_from_tables import Tables
from assistant.tools.answer_with_images import WithPictures
from assistant.tools.clarify import AskBack
from assistant.tools.lists import Lists
from assistant.tools.whole_document import Whole
from ingest.errors import ExtensionFailed
from vectorstore.catalog.opened import file_of, is_library
from vectorstore.dense.serving import Address
from vectorstore.errors import LibraryError
from vectorstore.federation.federated import AnyLibrary, Federated
from vectorstore.federation.names import is_joined, parts
from vectorstore.files.s3 import Bucket
from vectorstore.library import Library
from vectorstore.postgres.server import Server

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
    server = catalogue(settings)
    return _library(
        settings, settings.libraries_folder / chosen, chosen, vectors.server(settings) or server,
        server, bucket(settings),
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
    return _library(settings, folder, name, vectors.server(settings))


def _library(
    settings: Settings, folder: Path, name: str, at: Address | None, server: Server | None = None,
    files: Bucket | None = None,
) -> Library:  # fmt: skip
    return Library(
        folder, name, lambda: embedder(settings), lambda: engines(settings),
        lambda identity: embedder_of(settings, identity), lessons(folder).ranking,
        lambda: tagging(settings), lambda: multilingual(settings), at or "", server, hire(settings),
        files,
    )  # fmt: skip


def libraries(settings: Settings) -> list[str]:
    """The names of the libraries that exist."""
    return sorted(path.name for path in settings.libraries_folder.glob("*") if is_library(path))


def place_of(settings: Settings, name: str) -> int:
    """Tells a library from one of the same name that was there before; 0 where there is none."""
    try:
        return file_of(settings.libraries_folder / name).stat().st_ino
    except OSError:
        return 0


def first_library(settings: Settings) -> str:
    """The library that the app opens: that of the settings, else one that exists."""
    known = libraries(settings)
    return known[0] if known and settings.library not in known else settings.library


@dataclass(frozen=True)
class Answering:
    """The tool that answers, with a notice for people when it is limited."""

    tool: Tool
    model_name: str
    notice: str = ""
    writer: ReceiptWriter = field(default_factory=ReceiptWriter)  # its description in receipts
    model: ChatModel | None = None  # for texts without a question
    window: int = Budget.window  # its tokens
    points: Mapping[str, OperatingPoint] = field(default_factory=lambda: NO_MODEL)  # of the gate
    about: str = ""  # who answers and where, for people
    turns: TurnTaking = field(default_factory=TurnTaking)  # of the model
    answerable: Callable[[Request], float] | None = None  # how probably, without the model


def assistant(
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
    recorder = _recorder(settings, whose, how.writer) if recorded else None
    return Assistant(
        library, how.tool, kept, how.model_name, how.notice, recorder,
        lambda: _learned_threshold(settings, library, how.model_name), how.about, how.points,
        how.answerable, answer_files(settings),
    )  # fmt: skip


def _recorder(settings: Settings, whose: Whose, writer: ReceiptWriter) -> Recorder:
    return Recorder(receipts(settings, whose), writer, FileHashes(settings.home).sha256)


def _learned_threshold(settings: Settings, library: AnyLibrary, model: str) -> float | None:
    """A threshold set by hand takes precedence; each library learns for itself alone."""
    if isinstance(library, Federated) or settings.by_hand("refusal_threshold"):
        return None
    return lessons(library.folder).threshold(model)


def maker(settings: Settings, library: Library) -> Assistant:
    """Runs a tool, and loads the chat model only if the tool needs it."""
    load = chat_loader(settings)
    chatting = Chatting(load, TurnTaking()) if load else None
    tool = Choosing(
        [], AnswerTool(None, _budget(settings)), makers(settings, chatting),
        extensions_first=settings.extensions_first,
    )  # fmt: skip
    return Assistant(library, tool, conversations(settings), EXTRACTIVE)


def conversations(settings: Settings, whose: Whose = EVERYBODY) -> Conversations:
    """Of a person in this home."""
    return Conversations(home_tables.place(settings, PART), whose)


def receipts(settings: Settings, whose: Whose = EVERYBODY) -> Receipts:
    """Of a person in this home; of everybody for the command line."""
    return Receipts(home_tables.place(settings, PART), whose=whose)


def answering(settings: Settings) -> Answering:
    """Answers with the chosen chat model, or by quoting where none can run."""
    traces.install(settings)
    try:
        if load := chat_loader(settings):
            return _with_model(load(), settings)
        why = "No chat model is installed; `pincite models pull` gets one."
    except (AssistantError, ExtensionFailed) as error:
        why = str(error)
    answer = AnswerTool(
        None, _budget(settings), settings.refusal_threshold,
        reranker=classifiers.reranker(settings), reader=reader(settings),
    )  # fmt: skip
    whole = Whole(None, EXTRACTIVE, TurnTaking())
    return Answering(
        Choosing(
            [WithPictures(looking(settings), answer), Tables(), whole, AskBack()], answer,
            makers(settings), extensions_first=settings.extensions_first,
        ),
        EXTRACTIVE,
        f"{why} {_UNTIL}",
        ReceiptWriter(None, _deciding(settings)),
        answerable=answer.answerable,
    )  # fmt: skip


def _with_model(chat: LoadedChat, settings: Settings) -> Answering:
    model, name, turns = chat.model, chat.name, TurnTaking()
    budget = replace(_budget(settings), window=chat.window)
    reranker = classifiers.reranker(settings, model)
    answer = AnswerTool(
        model, budget, settings.refusal_threshold, name, turns, reranker, reader(settings),
        chat.weights, chat.odds, classifiers.groundedness(settings),
    )  # fmt: skip
    writer = ReceiptWriter(
        chat.file, {**_deciding(settings), **chat.sampling, "window": budget.window}
    )
    specialists: list[Specialist] = [
        WithPictures(looking(settings), answer), Tables(), Whole(model, name, turns),
        *_lists(chat, turns, answer), AskBack(),
    ]  # fmt: skip
    made = makers(settings, Chatting(lambda: chat, turns))
    router = _router(settings, model)
    tool = Choosing(specialists, answer, made, router, settings.extensions_first)
    return Answering(
        tool, name, chat.notice, writer=writer, model=model, window=budget.window,
        about=chat.about, points=chat.points, turns=turns, answerable=answer.answerable,
    )  # fmt: skip


def _budget(settings: Settings) -> Budget:
    return Budget(settings.context_tokens, settings.passage_tokens, settings.answer_tokens)


def _lists(chat: LoadedChat, turns: TurnTaking, answer: AnswerTool) -> Iterator[Specialist]:
    """For a model that tells the odds of its words."""
    odds = chat.odds or chat.model
    if isinstance(odds, TokenOdds):
        yield Lists(odds, turns, answer)


def _router(settings: Settings, model: ChatModel) -> Router:
    """The router of messages. Raises AssistantError without langchain."""
    calls_tools = type(model).bind_tools is not ChatModel.bind_tools
    if settings.tool_calling == "classifier" or not calls_tools:
        return MessageRouter()
    from assistant.routing.llm_router import ModelRouter

    return ModelRouter(model)


def _deciding(settings: Settings) -> dict[str, Any]:
    """The settings that influence an answer, and the models that do beside the chat model."""
    names = {
        "context_tokens", "passage_tokens", "answer_tokens", "threads", "gpu",
        "refusal_threshold",
    }  # fmt: skip
    return settings.model_dump(include=names) | dict(classifiers.identities(settings))
