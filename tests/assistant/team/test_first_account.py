"""A server that runs while the first account is added asks everybody from then on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from assistant.conversation.assistant import Answering
from assistant.entrance.asgi import Hosts, Receive, Scope, Send
from assistant.entrance.guests import ROLE_HEADER, Guests
from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.team.accounts import Accounts
from assistant.team.api.served_libraries import Libraries
from assistant.team.tokens import digest
from assistant.ui.door import Door
from assistant.ui.serving import _entrance
from assistant.wiring import people as module
from assistant.wiring.people import Known, accounts_if_any, home_accounts, sessions, tokens
from tests.assistant.team.api.conftest import Server
from tests.servers.postgres_fixtures import ON_BOTH
from vectorstore.library import Library

PASSWORD = "correct horse battery"
_HELLO = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {},
               "clientInfo": {"name": "test", "version": "1"}},
}  # fmt: skip


@pytest.fixture
def settings(tmp_path: Path, catalogue: str) -> Settings:
    return Settings(home=tmp_path, catalogue=catalogue)


def _no_model(settings: Settings) -> Answering:
    raise AssistantError("There is none.")


def _no_library(settings: Settings, name: str, make: bool) -> Library:
    raise AssistantError("There is none.")


@pytest.fixture(params=[False, True], ids=["open", "with a token"])
def server(settings: Settings, request: pytest.FixtureRequest) -> Iterator[tuple[Server, str]]:
    """With what is sent before there are accounts."""
    guests = Guests() if request.param else None
    known = Known(settings, pause=0)
    running = Server(Libraries(settings, _no_model, _no_library, known), guests)
    yield running, guests.tokens["owner"] if guests else ""
    running.stop()


@ON_BOTH
def test_api_and_mcp_ask_from_the_first_account_on(
    server: tuple[Server, str], settings: Settings
) -> None:
    running, before = server

    def statuses(token: str) -> list[int]:
        with running.client(token) as client:
            accept = {"accept": "application/json, text/event-stream"}
            return [
                client.get("/api/libraries").status_code,
                client.get("/v1/models").status_code,
                client.post("/mcp", json=_HELLO, headers=accept).status_code,
            ]

    assert statuses(before) == [200, 200, 200]
    ann = home_accounts(settings).add("ann", PASSWORD, "owner")
    assert statuses(before) == [401, 401, 401]
    assert statuses(tokens(settings).add(ann, "program", "owner")) == [200, 200, 200]
    home_accounts(settings).remove("ann")
    with running.client() as client:
        assert client.get("/v1/models").status_code == 401, "nobody opens it by removing people"


async def _inner(scope: Scope, receive: Receive, send: Send) -> None:
    mark = dict(scope["headers"])[ROLE_HEADER.encode()]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": mark.partition(b" ")[0]})


@ON_BOTH
@pytest.mark.parametrize("guests", [None, Guests()], ids=["open", "with a token"])
def test_the_app_asks_from_the_first_account_on(settings: Settings, guests: Guests | None) -> None:
    door = Door(_inner, Hosts("127.0.0.1"), _entrance(settings, guests, Known(settings, pause=0)))
    page = {"accept": "text/html"}
    before = TestClient(door, "http://127.0.0.1")
    if guests:
        before.post("/", data={"token": guests.tokens["owner"]}, headers=page)
    assert before.get("/", headers=page).text == "owner"
    ann = home_accounts(settings).add("ann", PASSWORD, "owner")
    asked = before.get("/", headers=page)
    assert asked.status_code == 401 and 'name="password"' in asked.text
    cookie = sessions(settings).start(ann)
    known = {**page, "cookie": f"pincite_80={cookie}"}
    assert TestClient(door, "http://127.0.0.1").get("/", headers=known).text == digest(cookie)


@ON_BOTH
def test_that_nobody_has_an_account_is_asked_once_for_the_many_questions_of_a_page(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Settings] = []

    def counted(of: Settings) -> Accounts | None:
        asked.append(of)
        return accounts_if_any(of)

    monkeypatch.setattr(module, "accounts_if_any", counted)
    known = Known(settings, pause=3600)
    assert [known.now() for _ in range(25)] == [None] * 25 and len(asked) == 1


@ON_BOTH
def test_a_thread_that_saw_nobody_takes_back_no_account_that_another_one_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Known(settings, pause=0)

    def late(of: Settings) -> Accounts | None:
        before = accounts_if_any(of)
        with monkeypatch.context() as patch:
            patch.setattr(module, "accounts_if_any", accounts_if_any)
            home_accounts(of).add("ann", PASSWORD, "owner")
            assert known.now(), "another thread asks meanwhile"
        return before

    monkeypatch.setattr(module, "accounts_if_any", late)
    assert known.now() and known.now()
