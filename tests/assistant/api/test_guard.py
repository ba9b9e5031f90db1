"""Who may come in, and how much they may send."""

from collections.abc import Iterator

import httpx
import pytest

from assistant.api.libraries import Libraries
from assistant.ui.door.guests import TRIES, Guests
from tests.assistant.api.conftest import LEAVE, Server

STAFF = "/api/libraries/staff"


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
    [{"host": "evil.example"}, {"origin": "http://evil.example"}, {"origin": "null"}],
)
def test_pages_of_others_and_other_names_have_no_access(
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


def test_who_guesses_tokens_waits(guarded: Server, guests: Guests) -> None:
    with guarded.client("wrong") as client:
        tried = [client.get("/v1/models").status_code for _ in range(TRIES + 1)]
    assert tried == [401] * TRIES + [429]


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_that_is_too_large_is_refused_early(client: httpx.Client, announced: bool) -> None:
    data = b'{"question": "' + b"a" * (5 << 20)
    content = data if announced else iter([data[: 1 << 20]] * 6)
    try:
        status = client.post(f"{STAFF}/ask", content=content).status_code
    except httpx.HTTPError:  # the connection ended while it was sent
        return
    assert 400 <= status < 500
