"""Figures, log lines, and a stop that lets running answers end."""

import json
import logging
import threading
from collections.abc import Iterator

import httpx
import pytest
from pydantic import SecretStr

from assistant.team.api import watching
from assistant.team.api.served_libraries import Libraries
from assistant.team.api.watching import route_of
from tests.assistant.fakes import ScriptedChat
from tests.assistant.main_library import eventually
from tests.assistant.team.api.conftest import LEAVE, SAID, Server

TOKEN = "of the one who watches"


@pytest.fixture
def watched(libraries: Libraries) -> Iterator[Server]:
    update = {"metrics_token": SecretStr(TOKEN)}
    libraries.settings = libraries.settings.model_copy(update=update)
    running = Server(libraries)
    yield running
    running.stop()


def test_figures_count_requests_by_their_kind_without_names(watched: Server) -> None:
    with watched.client(TOKEN) as client:
        client.get("/api/libraries/staff/search", params={"q": "leave"})
        client.get("/api/libraries/secret/documents/Handbook.pdf/pages/9")
        page = client.get("/metrics").text
    assert 'pincite_requests_total{route="search",status="200"} 1.0' in page
    assert 'pincite_requests_total{route="pages",status="404"} 1.0' in page
    assert 'pincite_request_seconds_count{route="search"} 1.0' in page
    assert "pincite_answers_running 0.0" in page
    assert not [name for name in ("staff", "secret", "Handbook", "leave") if name in page]


def test_figures_need_their_token_and_guesses_wait(watched: Server) -> None:
    with watched.client("wrong") as client:
        assert [client.get("/metrics").status_code for _ in range(6)] == [401] * 5 + [429]


def test_without_a_token_in_the_settings_there_are_none(client: httpx.Client) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer"}).status_code == 404


@pytest.mark.parametrize("path", ["/x" * 50, "/v1/x", "/api/libraries/a/x", "/metrics/x"])
def test_what_clients_make_up_is_one_kind(path: str) -> None:
    assert route_of(path) == "other"


def test_a_log_line_is_json_with_the_fields_of_its_record() -> None:
    record = logging.LogRecord("a", logging.INFO, "", 0, "request", None, None)
    record.about = {"route": "search", "ms": 3.2}
    row = json.loads(watching.JsonLines().format(record))
    assert row.pop("at")
    assert row == {
        "level": "info", "from": "a", "message": "request", "route": "search", "ms": 3.2,
    }  # fmt: skip


def test_a_running_answer_ends_when_the_server_stops(
    server: Server, libraries: Libraries, chat: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, got = threading.Event(), threading.Event(), []
    write = ScriptedChat._stream

    def slow(self: ScriptedChat, *given: object, **more: object) -> object:
        begun.set()
        assert go.wait(60)
        return write(self, *given, **more)  # type: ignore[arg-type]

    def ask() -> None:
        with server.client() as client:
            got.append(client.post("/api/libraries/staff/ask", json={"question": LEAVE}))

    monkeypatch.setattr(ScriptedChat, "_stream", slow)
    asking = threading.Thread(target=ask)
    asking.start()
    assert begun.wait(60) and libraries.turns["answers"].here == 1
    server._server.should_exit = True
    assert eventually(lambda: _takes_nobody(server)) and libraries.turns["answers"].here == 1
    go.set()
    asking.join(60)
    assert got[0].json()["answer"] == SAID


def _takes_nobody(server: Server) -> bool:
    with server.client() as other:
        try:
            other.get("/healthz")
        except httpx.TransportError:
            return True
    return False
