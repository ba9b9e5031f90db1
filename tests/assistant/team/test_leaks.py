"""Two groups on one server: nothing of the other's is in any answer, and a library that one may
not see gives the answer of one that is not there.
"""

import asyncio
import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Answering
from assistant.errors import AssistantError, SettingsError, TablesAway
from assistant.team.accounts import Accounts
from assistant.team.api import shelf
from assistant.team.api.served_libraries import Libraries
from assistant.wiring import composition
from assistant.wiring.people import tokens
from tests.assistant.team.api.conftest import Server
from tests.assistant.team.conftest import Team, opened

if sys.platform != "win32":
    import resource

QUESTION = "How many days of leave has the volcano?"
OTHERS = re.compile(r"volcano has|forty|Volcano\.pdf|\"south\"|, south|south,")  # in what Ann gets
ECHO = re.compile(rf"{re.escape(QUESTION)}|has no document 'Volcano\.pdf'")  # of the request
FILE = {"files": ("new.txt", b"Something new.")}


@pytest.fixture
def libraries(team: Team, filled: Path) -> Iterator[Libraries]:
    shutil.copytree(filled, team.settings.home, dirs_exist_ok=True)
    tool = AnswerTool(None, Budget())
    made = Libraries(team.settings, lambda _: Answering(tool, "quotes"), opened)
    yield made
    made.close()


def requests(library: str, document: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every route that names a library or a document."""
    at = f"/api/libraries/{library}"
    chat = {"model": library, "messages": [{"role": "user", "content": QUESTION}]}
    yield "GET", at, {}
    yield "GET", f"{at}/documents", {}
    yield "POST", f"{at}/documents", {"files": FILE}
    yield "DELETE", f"{at}/documents/{document}", {}
    yield "GET", f"{at}/documents/{document}/pages/1", {}
    yield "GET", f"{at}/documents/{document}/pages/1.png", {}
    yield "GET", f"{at}/documents/{document}/ledger", {}
    yield "GET", f"{at}/search", {"params": {"q": QUESTION}}
    yield "POST", f"{at}/ask", {"json": {"question": QUESTION}}
    yield "POST", f"{at}/prepare", {"json": {"question": QUESTION}}
    yield "POST", f"{at}/ask", {"json": {"question": QUESTION, "documents": [document]}}
    yield "GET", f"{at}/tags", {}
    yield "POST", f"{at}/tags", {"json": {"documents": [document], "add": ["trips"]}}
    yield "GET", f"{at}/suggestions", {}
    yield "GET", f"{at}/conversations", {}
    yield "POST", f"{at}/sheet", {"json": {"columns": ["leave"], "documents": [document]}}
    yield from owners_requests(at)
    yield "GET", f"/v1/models/{library}", {}
    yield "POST", "/v1/chat/completions", {"json": chat}
    yield "POST", "/v1/chat/completions", {"json": {**chat, "stream": True}}
    yield "POST", "/v1/embeddings", {"json": {"model": library, "input": "volcano"}}


def owners_requests(at: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    mailbox = {"address": "imap://ann@127.0.0.1:1/INBOX", "password": "secret"}
    yield "GET", f"{at}/sources", {}
    yield "POST", f"{at}/sources", {"json": mailbox}
    yield "PATCH", f"{at}/sources/mail", {"json": {"paused": True}}
    yield "DELETE", f"{at}/sources/mail", {}
    yield "POST", f"{at}/sources/mail/fetch", {}
    yield "GET", f"{at}/watched", {}
    yield "POST", f"{at}/watched", {"json": {"folder": "/nowhere"}}
    yield "DELETE", f"{at}/watched", {"params": {"folder": "/nowhere"}}


def test_every_route_of_a_library_is_tried(server: Server, team: Team) -> None:
    with server.client(team.tokens["ann"]) as client:
        paths = client.get("/openapi.json").json()["paths"]
    routes = [(method.upper(), path) for path, known in paths.items() for method in known]
    tried = [(method, path) for method, path, _ in requests("south", "Volcano.pdf")]
    fits = {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)).fullmatch for path in paths}
    missed = [
        (method, path)
        for method, path in routes
        if "{library}" in path and not any(m == method and fits[path](p) for m, p in tried)
    ]
    assert missed == []


def told(client: httpx.Client, method: str, path: str, given: dict[str, Any]) -> tuple[int, str]:
    answer = client.request(method, path, **given)
    return answer.status_code, answer.text


def test_a_forbidden_library_answers_as_one_that_is_not_there(server: Server, team: Team) -> None:
    with server.client(team.tokens["ann"]) as client:
        forbidden = [told(client, *r) for r in requests("south", "Volcano.pdf")]
        unknown = [told(client, *r) for r in requests("nowhere", "Volcano.pdf")]
        assert [(s, t.replace("south", "nowhere")) for s, t in forbidden] == unknown
        others = len(forbidden) - len(list(owners_requests("")))
        assert Counter(status for status, _ in forbidden) == {404: others, 403: 8}
    assert composition.libraries(team.settings) == ["north", "south"], "nothing was made"


def test_nothing_of_the_other_group_is_in_any_answer(server: Server, team: Team) -> None:
    paths = ["/v1/models", "/api/libraries", "/openapi.json"]
    with server.client(team.tokens["ann"]) as client:
        found = [told(client, "GET", path, {}) for path in paths]
        for document in ("Volcano.pdf", "Iceberg.pdf"):
            found += [told(client, *r) for r in requests("north", document) if r[0] != "DELETE"]
    texts = [ECHO.sub("", text) for _, text in found]
    assert not [text for text in texts if OTHERS.search(text)]
    assert json.loads(found[1][1]) == [{"library": "north"}]
    assert sum(status == 200 for status, _ in found) > 12, "of her own library she got answers"


def test_the_other_group_and_the_owner_see_theirs(server: Server, team: Team) -> None:
    with server.client(team.tokens["bob"]) as client:
        assert "forty" in client.get("/api/libraries/south/search", params={"q": QUESTION}).text
    with server.client(team.tokens["olga"]) as client:
        assert client.get("/api/libraries").json() == [{"library": "north"}, {"library": "south"}]


@pytest.mark.parametrize("token", ["", "wrong", "pincite_wrong"])
def test_without_a_right_token_there_is_nothing(server: Server, token: str) -> None:
    with server.client(token) as client:
        for method, path, given in requests("south", "Volcano.pdf"):
            assert client.request(method, path, **given).status_code in (401, 429)


def test_an_old_token_is_refused_from_the_next_request_on(server: Server, team: Team) -> None:
    made = tokens(team.settings)
    with server.client(team.tokens["bob"]) as client:
        assert client.get("/api/libraries").status_code == 200
        [row] = [token for token in made.all() if token.person == "bob"]
        made.revoke(row.id)
        assert client.get("/api/libraries").status_code == 401


def test_a_reader_adds_nothing_and_a_new_library_is_its_makers(server: Server, team: Team) -> None:
    team.accounts.change("ann", role="reader")
    with server.client(team.tokens["ann"]) as client:
        for library in ("north", "south", "nowhere"):
            assert client.post(f"/api/libraries/{library}/documents", files=FILE).status_code == 403
    with server.client(team.tokens["olga"]) as client:
        assert client.post("/api/libraries/board/documents", files=FILE).status_code == 200
    with server.client(team.tokens["bob"]) as client:
        assert client.get("/api/libraries/board/documents").status_code == 404


def test_a_new_library_is_not_everybodys_where_people_are_away_as_it_is_made(
    libraries: Libraries, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise TablesAway("The server does not answer.")

    hers = shelf.Shelf(libraries, team.accounts.named("olga"))
    with monkeypatch.context() as patch, pytest.raises(TablesAway):
        patch.setattr(Accounts, "share", away)
        hers.changed("board", "added", "a.txt", make=True)
    hers.changed("board", "added", "a.txt", make=True)
    assert shelf.Shelf(libraries, team.accounts.named("bob")).names() == ["south"]
    with pytest.raises(SettingsError):
        hers.changed("../x", "added", "a.txt", make=True)
    assert set(team.accounts.shares()) == {"north", "south", "board"}


def test_over_the_context_protocol_it_is_the_same(server: Server, team: Team) -> None:
    async def called(token: str) -> list[str]:
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(headers=headers, timeout=30) as http:
            place = streamable_http_client(f"{server.address}/mcp", http_client=http)
            async with Client(place) as client:
                found = [await client.call_tool("list_libraries", {})]
                for library in ("south", "nowhere", "north"):
                    asked: list[tuple[str, dict[str, Any]]] = [
                        ("list_documents", {}), ("search", {"query": QUESTION}),
                        ("ask", {"question": QUESTION}),
                        ("read_page", {"document": "Volcano.pdf", "page": 1}),
                    ]  # fmt: skip
                    for tool, given in asked:
                        found.append(await client.call_tool(tool, {"library": library, **given}))
        return [done.model_dump_json() for done in found]

    said = asyncio.run(called(team.tokens["ann"]))
    assert [text.replace("south", "nowhere") for text in said[1:5]] == said[5:9]
    hers = [ECHO.sub("", text) for text in said[:1] + said[9:]]
    assert not [text for text in hers if OTHERS.search(text)]
    assert any("forty" in text for text in asyncio.run(called(team.tokens["bob"])))


def test_conversations_and_receipts_are_a_persons_own(libraries: Libraries, team: Team) -> None:
    ann, bob = (shelf.Shelf(libraries, team.accounts.named(name)) for name in ("ann", "bob"))
    reply = bob.assistant("south").ask(QUESTION, conversation="abc")
    reply.finish()
    assert bob.conversations.turns("abc") and bob.receipts.has(reply.id)

    for other in (ann, shelf.Shelf(libraries, team.accounts.named("olga"))):
        assert not other.conversations.turns("abc") and not other.conversations.library("abc")
        assert not other.conversations.infos("south")
        assert not other.receipts.has(reply.id)
    ann.assistant("north").ask("What has the iceberg?", conversation="abc").finish()
    assert [turn["question"] for turn in bob.conversations.turns("abc")] == [QUESTION]
    assert composition.receipts(team.settings).get(reply.id).library == "south"

    team.accounts.change("bob", groups=[])
    assert not bob.conversations.turns("abc") or bob.person.groups, "asked anew with each request"
    now = shelf.Shelf(libraries, team.accounts.named("bob"))
    assert not now.conversations.turns("abc") and not now.conversations.infos("south")
    with pytest.raises(composition.AssistantError, match="no receipt"):
        now.receipts.get(reply.id)


def test_the_audit_log_says_who_asked_saw_and_was_refused(server: Server, team: Team) -> None:
    with server.client(team.tokens["ann"]) as client:
        client.get("/api/libraries/north/documents/Iceberg.pdf/pages/1")
        client.post("/api/libraries/north/ask", json={"question": QUESTION})
        client.get("/api/libraries/south/search", params={"q": QUESTION})
    lines = team.accounts.lines()
    assert [(line.did, line.library) for line in lines] == [
        ("saw", "north"), ("asked", "north"), ("was refused", "south"),
    ]  # fmt: skip
    assert {(line.person, line.token) for line in lines} == {("ann", "program")}
    assert lines[0].what == "Iceberg.pdf, page 1"
    assert "volcano" not in str(lines)


def test_on_a_full_disk_nothing_is_changed_that_cannot_be_noted(server: Server, team: Team) -> None:
    if team.settings.catalogue or sys.platform == "win32":
        pytest.skip("the disk of another process, or a system without such a limit")
    olga, file = team.accounts.named("olga"), team.settings.home / "accounts.sqlite"
    for _ in range(40):  # larger than any other file that is written here
        team.accounts.note(olga, "saw", "north", "x" * 100_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size, before[1]))
    try:
        with pytest.raises(AssistantError, match="Free some space"):
            for _ in range(10_000):  # there is some room in the file
                team.accounts.note(olga, "saw", "north", "x" * 100)
        with server.client(team.tokens["olga"]) as client:
            refused = client.delete("/api/libraries/north/documents/Iceberg.pdf")
            seen = client.get("/api/libraries/north/documents/Iceberg.pdf/pages/1")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (refused.status_code, seen.status_code) == (400, 400)
    with server.client(team.tokens["olga"]) as client:
        page = client.get("/api/libraries/north/documents/Iceberg.pdf/pages/1")
        assert page.status_code == 200


def test_over_the_api_a_guessed_conversation_or_receipt_is_that_of_nothing(
    server: Server, team: Team
) -> None:
    asked = {"question": QUESTION, "conversation": "abc"}
    with server.client(team.tokens["bob"]) as bob:
        answer = bob.post("/api/libraries/south/ask", json=asked).json()
        own = ["/api/conversations/abc", f"/api/receipts/{answer['id']}"]
        assert all("forty" in bob.get(path).text for path in own)
        [row] = bob.get("/api/libraries/south/conversations").json()
        assert row == {"conversation": "abc", "title": QUESTION}
    for name in ("ann", "olga"):
        with server.client(team.tokens[name]) as other:
            for path, guess in zip(own, ("abc", answer["id"]), strict=True):
                found, nothing = other.get(path), other.get(path.replace(guess, "0123456789"))
                assert found.status_code == nothing.status_code >= 400
                assert found.text.replace(guess, "0123456789") == nothing.text
            rows = other.get("/api/libraries/south/conversations")
            assert rows.status_code == 404 or rows.json() == []
