"""The door before an application that says whom it has let in."""

import asyncio
import re
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

import pytest

from assistant.entrance.asgi import Hosts, headers_of
from assistant.entrance.guests import ROLE_HEADER, TRIES, Guests, unsealed
from assistant.ui.door import Door

Message = MutableMapping[str, Any]


async def inner(scope: Message, receive: Any, send: Any) -> None:
    given = [value.decode() for name, value in scope["headers"] if name.decode() == ROLE_HEADER]
    assert len(given) == 1
    body = unsealed(given[0]).encode()
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept", "subprotocol": body.decode()})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


class Answer:
    def __init__(self, messages: list[Message]) -> None:
        first = messages[0]
        self.kind = first["type"]
        self.status: int = first.get("status", 0)
        pairs = [(name.decode(), value.decode()) for name, value in first.get("headers", ())]
        self.headers = dict(pairs)
        self.body = messages[1]["body"].decode() if len(messages) > 1 else ""


def sent(
    door: Door, path: str = "/", kind: str = "http", method: str = "GET", body: bytes = b"",
    query: str = "", client: str = "10.0.0.9", scheme: str = "http", **headers: str,
) -> Answer:  # fmt: skip
    given = {"host": "localhost:8501", "accept": "text/html", **headers}
    scope = {
        "type": kind, "path": path, "method": method, "scheme": scheme,
        "query_string": query.encode(), "client": (client, 1), "server": ("127.0.0.1", 8501),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in given.items()],
    }  # fmt: skip
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(door(scope, receive, send))
    return Answer(messages)


def signed_in(door: Door, token: str, **more: Any) -> Answer:
    return sent(door, method="POST", body=urlencode({"token": token}).encode(), **more)


@pytest.fixture
def guests() -> Guests:
    return Guests()


@pytest.fixture
def alone() -> Door:
    return Door(inner, Hosts("127.0.0.1"))


@pytest.fixture
def shared(guests: Guests) -> Door:
    return Door(inner, Hosts("0.0.0.0", ["pincite.example.org"]), lambda: guests)


def test_from_this_machine_everybody_is_the_owner(alone: Door) -> None:
    assert sent(alone).body == "owner"
    assert sent(alone, origin="http://localhost:8501").body == "owner"


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:8501", "origin": "http://evil.example:8501"},
        {"host": "evil.example:8501"},
        {"host": ""},
        {"origin": "http://localhost:3000"},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"x_forwarded_for": "203.0.113.7"},
        {"forwarded": "for=203.0.113.7"},
    ],
)
def test_another_name_another_page_or_a_proxy_is_refused(
    alone: Door, kind: str, headers: dict[str, str]
) -> None:
    answer = sent(alone, kind=kind, **headers)

    assert (answer.kind, answer.status) in (("websocket.close", 0), ("http.response.start", 403))


def test_a_host_that_comes_twice_fits_no_name(alone: Door) -> None:
    assert sent(alone, Host="evil.example").status == 403


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/agent/mcp"])
def test_what_nobody_needs_is_closed_to_the_owner_as_well(alone: Door, path: str) -> None:
    assert sent(alone, path).status == 404


def test_no_page_is_framed_and_none_loads_from_elsewhere(alone: Door, shared: Door) -> None:
    for door in (alone, shared):
        headers = sent(door).headers

        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert headers["x-frame-options"] == "DENY"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["default-src"] == "'self'"
        scripts = set(policy["script-src"].split())
        assert all(re.fullmatch("'self'|blob:|'sha256-.{44}'", script) for script in scripts)
        assert len(scripts) >= 3, "the inline script of the page"


@pytest.mark.parametrize("path", ["/", "/library", "/media/x.png", "/_stcore/host-config"])
def test_without_a_cookie_there_is_nothing_but_the_form(shared: Door, path: str) -> None:
    page = sent(shared, path)

    assert page.status == 401
    assert '<form method="post">' in page.body
    assert sent(shared, path, accept="*/*").body == "Sign in first."
    assert sent(shared, path, kind="websocket").kind == "websocket.close"
    assert sent(shared, path, method="PUT", accept="*/*").status == 401


def test_the_state_of_the_server_is_open(shared: Door) -> None:
    assert sent(shared, "/_stcore/health").status == 200


@pytest.mark.parametrize("role", ["owner", "visitor"])
def test_a_token_gives_a_cookie_that_scripts_do_not_see(
    shared: Door, guests: Guests, role: Any
) -> None:
    answer = signed_in(shared, guests.tokens[role], query="c=1")

    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert (answer.status, answer.headers["location"]) == (303, "?c=1")
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Lax"}
    assert guests.tokens[role] not in cookie
    assert sent(shared, cookie=f"other=1; {cookie}").body == role
    assert sent(shared, kind="websocket", cookie=cookie).kind == "websocket.accept"


def test_over_https_the_cookie_stays_there(shared: Door, guests: Guests) -> None:
    answer = signed_in(shared, guests.tokens["owner"], scheme="https", host="pincite.example.org",
                       origin="https://pincite.example.org")  # fmt: skip

    assert answer.headers["set-cookie"].endswith("; Secure")


def test_a_role_that_a_client_claims_is_not_believed(shared: Door, guests: Guests) -> None:
    cookie = signed_in(shared, guests.tokens["visitor"]).headers["set-cookie"].split(";")[0]

    assert sent(shared, x_pincite_role="owner").status == 401
    assert sent(shared, x_pincite_role="owner", cookie=cookie).body == "visitor"


def test_wrong_tokens_are_refused_and_then_slowed_down(shared: Door, guests: Guests) -> None:
    for _ in range(TRIES):
        wrong = signed_in(shared, "wrong")
        assert wrong.status == 401
        assert "set-cookie" not in wrong.headers
        assert "That is not the token" in wrong.body
    late = signed_in(shared, "wrong")

    assert (late.status, late.headers["retry-after"]) == (429, "60")
    assert signed_in(shared, "wrong", client="10.0.0.8").status == 401
    assert signed_in(shared, guests.tokens["owner"]).status == 303


@pytest.mark.parametrize(
    "body", [b"", b"token=", b"token=" + b"x" * 5000, b"&".join([b"a=1"] * 50), b"\xff\xfe=%zz"]
)
def test_a_form_that_is_none_is_a_wrong_token(shared: Door, body: bytes) -> None:
    assert sent(shared, method="POST", body=body).status == 401


def test_the_form_of_another_site_is_not_judged(shared: Door, guests: Guests) -> None:
    answer = signed_in(shared, guests.tokens["owner"], origin="https://evil.example")

    assert answer.status == 403
    assert "set-cookie" not in answer.headers


def test_streamlit_gets_no_cookie_that_takes_long_to_unquote() -> None:
    reached: list[Message] = []

    async def kept(scope: Message, receive: Any, send: Any) -> None:
        reached.append(scope)
        await inner(scope, receive, send)

    door = Door(kept, Hosts("127.0.0.1"))
    sent(door, "/_stcore/health", cookie='_streamlit_xsrf="\\\\\\"; a=1; b="\\012"')
    assert headers_of(reached[0])["cookie"].strip() == "a=1"


@pytest.mark.parametrize("cookie", ["pincite_8501=", "pincite_8501=x", "=;;=,", "a" * 9000, "\x7f"])
def test_a_made_up_cookie_opens_nothing(shared: Door, cookie: str) -> None:
    assert sent(shared, cookie=cookie).status == 401
