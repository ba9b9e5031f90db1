"""The API on a port of its own, with a scripted model and a library of two documents."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.entrance import http_server
from assistant.entrance.asgi import Hosts
from assistant.entrance.guests import Guests
from assistant.settings import Settings
from assistant.team.api.application import guarded
from assistant.team.api.served_libraries import Libraries
from tests.assistant.fakes import ScriptedChat, WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library

LEAVE = "How many days of leave are there?"
STAFF = "/api/libraries/staff"
SAID = "There are thirty days of leave."


class Server:
    """A running server."""

    def __init__(
        self, libraries: Libraries, guests: Guests | None = None, names: Sequence[str] = ()
    ) -> None:
        app = guarded(libraries, Hosts("127.0.0.1", names), guests)
        listens = threading.Event()
        self._server = http_server.server(app, "127.0.0.1", 0, listens.set)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        assert listens.wait(60)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"

    def client(self, token: str = "") -> httpx.Client:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.address, headers=headers, timeout=30)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(60)


@pytest.fixture
def chat() -> ScriptedChat:
    return ScriptedChat(replies=[SAID] * 4)


def opened(settings: Settings, name: str, make: bool = False) -> Library:
    return Library(settings.libraries_folder / name, name, WordEmbedder)


@pytest.fixture(scope="session")
def staff(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the library, to be copied."""
    folder = tmp_path_factory.mktemp("staff")
    write_pdf(folder / "Handbook.pdf", ["# Leave", "", SAID])
    write_pdf(folder / "Travel.pdf", ["# Travel", "", "We travel by train."])
    with opened(Settings(home=folder / "home"), "staff") as library:
        library.add([folder / "Handbook.pdf", folder / "Travel.pdf"])
    return folder / "home"


@pytest.fixture
def libraries(tmp_path: Path, chat: ScriptedChat, staff: Path) -> Iterator[Libraries]:
    shutil.copytree(staff, tmp_path / "home")
    tool = AnswerTool(chat, Budget(), model_name="scripted")
    settings = Settings(home=tmp_path / "home")
    made = Libraries(settings, lambda _: Answering(tool, "scripted"), opened)
    yield made
    made.close()


@pytest.fixture
def server(libraries: Libraries) -> Iterator[Server]:
    running = Server(libraries)
    yield running
    running.stop()


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    with server.client() as client:
        yield client
