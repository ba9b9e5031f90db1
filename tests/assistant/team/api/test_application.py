"""The server as a whole: health, loading, and errors that nobody foresaw."""

from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.errors import TablesAway
from assistant.settings import Settings
from assistant.team.api.served_libraries import Libraries
from tests.assistant.fakes import WordEmbedder
from tests.assistant.team.api.conftest import LEAVE, STAFF, Server
from vectorstore.errors import LibraryError
from vectorstore.library import Library


def test_a_model_that_cannot_be_loaded_is_said_at_the_start_and_to_each_question(
    libraries: Libraries, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: Settings) -> Answering:
        raise LibraryError("There is no such reranker.")

    running = Server(Libraries(libraries.settings, broken, libraries._library))
    with running.client() as client:
        answer = client.post(f"{STAFF}/ask", json={"question": LEAVE})
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "failed"})
    running.stop()
    assert "no such reranker" in answer.json()["error"]["message"]
    assert "pincite: There is no such reranker." in capsys.readouterr().err


def test_an_error_that_nobody_foresaw_is_one_of_the_server_with_a_sentence(
    client: httpx.Client, libraries: Libraries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libraries, "names", lambda: 1 / 0)
    answer = client.get("/api/libraries")
    assert answer.status_code == 500
    assert "unexpectedly" in answer.json()["error"]["message"]


def test_documents_are_listed_while_the_chat_model_is_loaded(tmp_path: Path) -> None:
    loading, go_on = Event(), Event()

    def slowly(_: Settings) -> Answering:
        loading.set()
        go_on.wait(60)
        return Answering(AnswerTool(None, Budget()), "none")

    home = Settings(home=tmp_path)
    libraries = Libraries(
        home, slowly, lambda home, name, _: Library(tmp_path / name, name, WordEmbedder)
    )
    loader = Thread(target=libraries.load)
    loader.start()
    assert loading.wait(60)
    listed = Event()
    Thread(target=lambda: (libraries.library("new", True), listed.set()), daemon=True).start()
    assert listed.wait(60)
    go_on.set()
    loader.join()
    libraries.close()


def test_health_and_readiness(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    client.post(f"{STAFF}/ask", json={"question": LEAVE})
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_server_whose_people_cannot_be_looked_up_is_not_ready(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post(f"{STAFF}/ask", json={"question": LEAVE})

    def away(_: Settings) -> None:
        raise TablesAway("The server does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr("assistant.team.api.served_libraries.accounts_if_any", away)
        ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "away"})
    assert client.get("/readyz").status_code == 200
