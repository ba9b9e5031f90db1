"""Who may come in, and how much they may send."""

import argparse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from assistant.entrance.guests import TRIES, Guests
from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.team.api import application
from assistant.team.api.served_libraries import Libraries
from assistant.team.hosting import add_server_parsers
from assistant.wiring.people import home_accounts, tokens
from tests.assistant.team.api.conftest import LEAVE, STAFF, Server


@pytest.fixture
def guests() -> Guests:
    return Guests()


@pytest.fixture
def guarded(libraries: Libraries, guests: Guests) -> Iterator[Server]:
    running = Server(libraries, guests)
    yield running
    running.stop()


@pytest.mark.parametrize(
    "headers",
    [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"},
     {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
     {"x-forwarded-for": "203.0.113.7"}],
)  # fmt: skip
def test_pages_of_others_other_names_and_proxies_have_no_access(
    client: httpx.Client, headers: dict[str, str]
) -> None:
    answer = client.get("/v1/models", headers=headers)
    assert answer.status_code == 403
    assert answer.json()["error"]["message"]


def test_without_a_token_there_is_nothing_but_health(guarded: Server) -> None:
    with guarded.client() as client:
        assert client.get("/v1/models").status_code == 401
        assert client.get("/openapi.json").status_code == 401
        assert client.get("/healthz").status_code == 200


def test_a_visitor_reads_and_asks_and_changes_nothing(guarded: Server, guests: Guests) -> None:
    with guarded.client(guests.tokens["visitor"]) as client:
        assert client.get("/v1/models").status_code == 200
        assert client.post(f"{STAFF}/ask", json={"question": LEAVE}).status_code == 200
        assert client.delete(f"{STAFF}/documents/Travel.pdf").status_code == 403
        added = client.post(f"{STAFF}/documents", files={"files": ("a.txt", b"text")})
        assert added.status_code == 403
    with guarded.client(guests.tokens["owner"]) as client:
        assert len(client.get(f"{STAFF}/documents").json()) == 2
        assert client.delete(f"{STAFF}/documents/Travel.pdf").json() == {"removed": 1}


@pytest.mark.parametrize("people", [False, True])
def test_who_guesses_tokens_waits_and_a_right_one_is_let_in(
    libraries: Libraries, guests: Guests, people: bool
) -> None:
    token = guests.tokens["owner"]
    if people:
        known = home_accounts(libraries.settings)
        ann = known.add("ann", "correct horse battery", "owner")
        token = tokens(libraries.settings).add(ann, "a program", "reader")
    running = Server(libraries, guests)
    with running.client("wrong") as wrong, running.client(token) as right:
        tried = [wrong.get("/v1/models").status_code for _ in range(TRIES + 1)]
        assert right.get("/v1/models").status_code == 200
        with ThreadPoolExecutor(20) as threads:  # more at once than wrong ones are admitted
            seen = list(threads.map(lambda _: right.get("/v1/models").status_code, range(40)))
    running.stop()
    assert tried == [401] * TRIES + [429]
    assert seen == [200] * 40


def test_a_page_of_another_site_may_show_nothing_of_an_answer(client: httpx.Client) -> None:
    own = {"sec-fetch-site": "same-origin"}
    for path, headers, status in (
        ("/v1/models", own, 200), ("/healthz", {}, 200), ("/docs", {"sec-fetch-site": "none"}, 200),
        ("/nothing", own, 404), ("/v1/models", {"host": "evil.example"}, 403),
        ("/api/libraries/staff/search", own, 400),
    ):  # fmt: skip
        answer = client.get(path, headers=headers)
        assert answer.status_code == status
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_refused_early(client: httpx.Client, announced: bool) -> None:
    data = b'{"question": "' + b"a" * (5 << 20) + b'"}'
    content = data if announced else iter([data])
    try:
        answer = client.post(f"{STAFF}/ask", content=content)
    except httpx.HTTPError:  # the connection ended while it was sent
        return
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close", "what follows would be taken for the body"
    assert "4,194,304 bytes" in answer.json()["error"]["message"]


def test_who_may_not_add_files_sends_none(guarded: Server, guests: Guests) -> None:
    large = {"files": ("a.txt", b"a" * (5 << 20))}
    told = []
    for role in ("visitor", "owner"):
        with guarded.client(guests.tokens[role]) as client:
            told.append(client.post("/api/libraries/a b/documents", files=large).status_code)
    assert told == [413, 400]
    with guarded.client(guests.tokens["owner"]) as client:
        for path in ("/api/x/documents", f"{STAFF}/x/documents", "/documents"):
            assert client.post(path, files=large).status_code == 413, "no files go there"


def test_a_header_that_comes_twice_fits_nothing(guarded: Server, guests: Guests) -> None:
    right = ("authorization", f"Bearer {guests.tokens['owner']}")
    with guarded.client() as client:
        assert client.get("/v1/models", headers=[right]).status_code == 200
        assert client.get("/v1/models", headers=[right, right]).status_code == 401


def test_a_name_of_the_server_that_cannot_be_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(application, "serve", lambda *_: None)
    commands = argparse.ArgumentParser()
    add_server_parsers(commands.add_subparsers())
    for wrong, told in ((["--host", "x:443"], "neither"), (["--port", "70000"], "no port")):
        args = commands.parse_args(["serve", *wrong])
        with pytest.raises(AssistantError, match=told):
            args.run(args, Settings(home=tmp_path))


def test_visitors_are_not_told_apart_and_see_no_conversation(
    guarded: Server, guests: Guests
) -> None:
    with guarded.client(guests.tokens["visitor"]) as client:
        asked = {"question": LEAVE, "conversation": "abc"}
        assert client.post(f"{STAFF}/ask", json=asked).status_code == 403
        for path in ("/api/conversations/abc", "/api/receipts/abcdef", f"{STAFF}/conversations"):
            assert client.get(path).status_code == 403
