"""The server of app and API, by raw connections: as commands start it, and with a clock that the
test moves."""

import asyncio
import http.client
import re
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import uvicorn
from uvicorn.server import ServerState

from assistant.entrance import http_server
from assistant.entrance.guests import TRIES
from tests.servers.ports import free_port
from tests.servers.started import HEALTH, started

if sys.platform != "linux":
    pytest.skip("sets the limit of open files, and asks from 127.0.0.3", allow_module_level=True)

FILES = 256  # that each server may open


class Place:
    """A server that listens on a port."""

    def __init__(self, port: int, health: str = "/") -> None:
        self.port, self._health = port, health

    def open(self, sent: bytes = b"") -> socket.socket:
        """A connection that has sent so much."""
        connection = socket.create_connection(("127.0.0.1", self.port), 20)
        connection.sendall(sent)
        return connection

    def answer(self, sent: bytes) -> bytes:
        """All that comes until the server ends the connection."""
        with closing(self.open()) as connection:
            with suppress(OSError):  # it may have ended it already
                connection.sendall(sent)
            return b"".join(iter(lambda: received(connection), b""))

    def status(self, sent: bytes) -> int:
        """0 where there is no answer."""
        found = re.match(rb"HTTP/1.1 (\d+)", self.answer(sent))
        return int(found[1]) if found else 0

    def get(self, path: str = "", *more: bytes, close: bool = True, version: str = "1.1") -> bytes:
        """The bytes of a request."""
        first = f"GET {path or self._health} HTTP/{version}\r\nHost: 127.0.0.1:{self.port}\r\n"
        ends = [b"Connection: close\r\n"] if close else []
        return b"".join([first.encode(), *ends, *(line + b"\r\n" for line in more), b"\r\n"])

    def well(self) -> bool:
        return self.status(self.get()) == 200


def received(connection: socket.socket) -> bytes:
    """What came; empty at the end, which a reset is, too."""
    try:
        return connection.recv(1 << 16)
    except ConnectionError:
        return b""


@pytest.fixture(scope="module", params=["app", "serve"])
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Both commands, which may open few files."""
    home = tmp_path_factory.mktemp("home")
    with started(home, request.param, "--token", files=FILES) as running:
        yield Place(running.port, HEALTH[request.param])


def test_headers_are_bounded_in_number_and_in_size(place: Place) -> None:
    assert place.status(place.get("", *[b"a: b"] * 90)) == 200
    assert place.status(place.get("", *[b"a: b"] * 100)) == 431
    assert place.status(place.get("", b"Cookie: a=" + b"b" * http_server.HEADER_BYTES)) == 431
    assert place.status(place.get("/" + "a" * http_server.HEADER_BYTES)) == 431
    upgrade = [b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13"]
    assert place.status(place.get("", *upgrade, *[b"a: b"] * 100)) in (400, 431)
    endless = place.get()[:-2] + b"x: " + b"a" * (4 << 20)
    assert place.answer(endless)[:12] in (b"HTTP/1.1 400", b"")
    assert place.well()


def test_connections_that_send_nothing_more_keep_nobody_away(place: Place) -> None:
    with ExitStack() as stack:
        body = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\n1"
        sent = b"", body, place.get()[:-2]
        held = [stack.enter_context(place.open(sent[n % 3])) for n in range(FILES + 50)]
        assert place.well()
        assert received(held[0]) == b"", "the first have given way"
        held[-1].sendall(b"\r\n")
        assert b"200 OK" in received(held[-1]), "and the last have not"


def test_a_proxy_that_is_named_is_believed_and_nobody_else(tmp_path: Path) -> None:
    name = "pincite.example.org"
    with started(tmp_path, "serve", "--host", name, PINCITE_PROXY="127.0.0.3") as running:

        def wrong(through: str, visitor: int) -> int:
            """The status of a made-up token."""
            headers = {"Host": name, "Authorization": "Bearer wrong",
                       "X-Forwarded-For": f"203.0.113.{visitor}"}  # fmt: skip
            connection = http.client.HTTPConnection(
                "127.0.0.1", running.port, timeout=60, source_address=(through, 0)
            )
            with closing(connection):
                connection.request("GET", "/v1/models", headers=headers)
                return connection.getresponse().status

        assert [wrong("127.0.0.3", 1) for _ in range(TRIES + 1)] == [401] * TRIES + [429]
        assert wrong("127.0.0.3", 2) == 401, "another visitor"
        assert [wrong("127.0.0.4", n) for n in range(TRIES + 1)] == [401] * TRIES + [429]


class Moved(asyncio.SelectorEventLoop):
    """A loop whose clock goes ahead when it is told to."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class Clocked(Place):
    """A server in this process, and the application behind it."""

    def __init__(self, loop: Moved) -> None:
        super().__init__(free_port())
        self.loop, self.released = loop, asyncio.Event()
        self.listens = threading.Event()
        self.server = http_server.server(
            self._app, "127.0.0.1", self.port, self.listens.set, message_bytes=1 << 20
        )

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            raise RuntimeError
        if scope["type"] == "websocket":
            await send({"type": "websocket.accept"})
            while (await receive())["type"] != "websocket.disconnect":
                pass
            return
        many = 1
        if scope["path"] == "/wait":
            await self.released.wait()
        elif scope["path"] == "/large":
            many = 10_000
        elif scope["path"] == "/body":
            while (await receive()).get("more_body"):
                pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(many):
            await send({"type": "http.response.body", "body": b"a" * 4096, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def clocked() -> Iterator[Clocked]:
    loop = Moved()
    place = Clocked(loop)
    thread = threading.Thread(target=loop.run_until_complete, args=(place.server.serve(),))
    thread.start()
    assert place.listens.wait(60)
    yield place
    loop.call_soon_threadsafe(place.released.set)
    place.server.should_exit = True
    thread.join(60)
    loop.close()


def is_open(connection: socket.socket) -> bool:
    """Whether the server has not ended it, and sent nothing."""
    connection.setblocking(False)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        connection.settimeout(20)


def test_what_comes_too_slowly_is_ended_and_what_is_at_work_stays(clocked: Clocked) -> None:
    body = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n1"
    with ExitStack() as stack:

        def opened(sent: bytes) -> socket.socket:
            return stack.enter_context(clocked.open(sent))

        half = clocked.get("/wait")[:-1]
        slow = [opened(b""), opened(half), opened(clocked.get("/", version="1.0")[:-1])]
        slow.append(opened(clocked.get("/", close=False)))
        assert b"200 OK" in received(slow[-1]), "it is kept for the next request"
        slow[-1].sendall(half)
        trickles, flows, unread = opened(body), opened(body), opened(clocked.get("/large"))
        works = opened(clocked.get("/wait"))
        assert clocked.well(), "all has been read"

        clocked.loop.ahead += http_server.HEADER_SECONDS + 1
        while received(slow[-1]):  # the rest of its answer
            pass
        assert not any(map(received, slow))
        assert all(map(is_open, (trickles, flows, works, unread)))

        flows.sendall(b"1" * 20_000)
        assert clocked.well()
        clocked.loop.ahead += 25
        assert not received(trickles)
        assert all(map(is_open, (flows, works, unread)))

        clocked.loop.ahead += 10
        assert not received(flows)
        while is_open(unread) and received(unread):
            pass
        assert is_open(works)
        clocked.loop.call_soon_threadsafe(clocked.released.set)
        assert b"200 OK" in received(works)


def test_the_rest_of_a_body_is_not_looked_at_once_there_is_an_answer(clocked: Clocked) -> None:
    chunked = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
    with closing(clocked.open(chunked)) as connection:
        told = b"".join(iter(lambda: received(connection), b""))  # to its end
        assert told.startswith(b"HTTP/1.1 200 OK") and told.endswith(b"\r\n0\r\n\r\n")
        assert b"\r\nConnection: close\r\n\r\n" in told, (
            "another request would be taken for the body"
        )


def test_a_message_comes_in_at_most_a_thousand_pieces(clocked: Clocked) -> None:
    asked = (b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13",
             b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")  # fmt: skip
    mask, pong = b"\x81\0\0\0\0", b"\x8a\x01a"  # a byte that is masked with zeros
    with closing(clocked.open(clocked.get("/", *asked, close=False))) as connection:
        assert b"101" in received(connection)
        piece = b"\0" + mask + b"a"
        connection.sendall(b"\1" + mask + b"a" + piece * 999 + b"\x89" + mask + b"a")
        assert received(connection) == pong
        connection.sendall(piece)
        assert received(connection) == b""


def test_no_pong_is_queued_for_who_does_not_read() -> None:
    config = uvicorn.Config(lambda: None, ws_max_size=1)  # type: ignore[arg-type]
    with closing(asyncio.SelectorEventLoop()) as loop:
        made = http_server._Socket(config, ServerState(), {}, loop)
        made.conn, made.transport = Mock(), Mock()
        made.writable.clear()
        made.handle_ping()
    assert made.conn.data_to_send.called and not made.transport.write.called
