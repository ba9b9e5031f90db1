"""An assistant with a scripted model that keeps receipts."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.receipts.record import Receipt, Receipts, ReceiptWriter, Recorder
from assistant.settings import Settings
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.storage.part import Place
from assistant.wiring.places import place_of_part
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library

LEAVE = "How many days of leave are there?"
SAID = "There are thirty days of leave."
SETTINGS = {"answer_tokens": 400, "window": 4096, "threads": 0}


class Again:
    """A model that is loaded for a replay."""

    def __init__(self, *says: str) -> None:
        self.chat = ScriptedChat(replies=list(says or [SAID]))
        self.options: dict[str, Any] = {}

    def stream(self, messages: list[BaseMessage], **options: Any) -> Iterator[Any]:
        self.options = options
        return self.chat.stream(messages, cancel=_Never())


class _Never:
    def is_set(self) -> bool:
        return False


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    papers = folder / "papers"
    write_pdf(papers / "Handbook.pdf", ["# Leave", "", "There are thirty days of leave."])
    with Library(folder / "library", "main", WordEmbedder) as library:
        library.add([papers])
    return folder / "library"


@pytest.fixture
def library(tmp_path: Path, filled: Path) -> Iterator[Library]:
    shutil.copytree(filled, tmp_path / "library")
    with Library(tmp_path / "library", "main", WordEmbedder) as library:
        yield library


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF weights")
    return path


@pytest.fixture
def shelf(tmp_path: Path, catalogue: str) -> Place:
    """Where receipts and conversations are kept."""
    return place_of_part(Settings(home=tmp_path / "home", catalogue=catalogue), CONVERSATIONS)


@pytest.fixture
def receipts(shelf: Place) -> Receipts:
    return Receipts(shelf)


@pytest.fixture
def chat() -> ScriptedChat:
    return ScriptedChat(replies=[SAID])


@pytest.fixture
def assistant(
    library: Library, weights: Path, receipts: Receipts, chat: ScriptedChat, shelf: Place
) -> Assistant:
    tool = AnswerTool(chat, Budget(), model_name="scripted")
    recorder = Recorder(receipts, ReceiptWriter(weights, SETTINGS))
    kept = Conversations(shelf)
    return Assistant(library, Answering(tool, "scripted"), kept, recorder)


def answered(
    assistant: Assistant, receipts: Receipts, question: str = LEAVE, **chosen: Any
) -> Receipt:
    return receipts.get(assistant.ask(question, **chosen).to_json()["id"])
