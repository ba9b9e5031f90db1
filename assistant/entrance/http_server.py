"""The HTTP server of app and API: uvicorn, with bounds that hold before anybody is known.

uvicorn bounds neither headers that come whole, nor the time in which a request comes, nor how many
connections there are; one program that sends nothing can so use up all files of a process. Here:

- A request has at most 100 headers, of 32 kB with its first line.
- Its headers are there 15 seconds after the connection, or after the answer before it. Its body
  comes at a kilobyte a second or more, with half a minute to spare; what waits for the application
  costs the client nothing, and after an answer the rest of a body is not looked at. An answer that
  nobody reads for as long is not held either. This is looked at once a second for all connections,
  so that it needs no timer in any state of any.
- A half of the files that the process may open are connections. Beyond that the one gives way whose
  client has been silent longest: before its request, within its body, or after an answer. To refuse
  the new one instead would leave the server to who comes first and stays; so somebody has to open
  all connections anew within the time in which one visitor's request travels. Where the server is
  at work for all of them, the new one is refused.

A WebSocket stays as long as its client answers a ping every half a minute. Its handshake is bound
like a request, and what is sent over it by the size and the pieces of a message; to who does not
read, no pong is queued. Who has no right to the app gets none.
"""

import socket
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import h11
import uvicorn
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from assistant.entrance.asgi import Asgi, Receive, Scope, Send, answer

HEADERS = 100  # of a request
HEADER_BYTES = 32 << 10  # of all of them
HEADER_SECONDS = 15.0  # until they are there
_LINE = 8 << 10  # bytes of one header in the handshake of a WebSocket, which websockets admits
_SPARE = 30.0  # seconds that a body or the reader of an answer may be late
_RATE = 1000.0  # bytes a second of a body
_PIECES = 1000  # of a message
_PING = 30.0  # seconds
_FILES = 1024  # that a process may open, where the system does not say it
_MOST = 4096  # connections
_TEXT = {"log_level": "warning"}


def server(
    app: Asgi, address: str, port: int, listens: Callable[[], None], proxies: Sequence[str] = (),
    message_bytes: int = 0, stop_seconds: int = 30, logs: Mapping[str, Any] = _TEXT,
) -> uvicorn.Server:  # fmt: skip
    """A server that `run` starts, and ends on a signal; `listens` is called once it answers.

    `proxies` are addresses and networks that are believed when they say for whom they ask (as
    X-Forwarded-For) and how (-Proto). `message_bytes` is the size of a message of a WebSocket; 0:
    there are none. Answers that are under way have `stop_seconds` to end in. `logs` are uvicorn's
    own options for it.
    """
    most = _most_connections()
    config = uvicorn.Config(
        _bounded(ProxyHeadersMiddleware(app, list(proxies))),  # type: ignore[arg-type]
        host=address, port=port, backlog=min(128, most // 4), http=_Connection,
        ws=_Socket if message_bytes else "none", ws_max_size=message_bytes,
        ws_ping_interval=_PING, ws_ping_timeout=_PING, ws_per_message_deflate=False,
        proxy_headers=False, server_header=False, access_log=False,
        timeout_graceful_shutdown=stop_seconds, **logs,
    )  # fmt: skip
    return _Server(config, listens)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, listens: Callable[[], None]) -> None:
        super().__init__(config)
        self._listens = listens

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listens()

    async def on_tick(self, counter: int) -> bool:
        if counter % 10 == 0:  # each second
            for connection in list(self.server_state.connections):
                if isinstance(connection, _Connection) and connection.is_late():
                    connection.transport.abort()
        return await super().on_tick(counter)


class _ClosesEarly(h11.Connection):
    """Says "Connection: close" in an answer that comes before the end of the body."""

    def send(self, event: Any) -> Any:
        # h11 must not know: uvicorn would close at once, and the client lose the answer.
        early = isinstance(event, h11.Response) and self.their_state is h11.SEND_BODY
        sent = super().send(event)
        return sent[:-2] + b"Connection: close\r\n\r\n" if early and sent else sent


class _Connection(H11Protocol):
    """One connection, until it becomes a WebSocket."""

    _since = 0.0  # when its client was last not late with anything
    _left = 0  # bytes that the client had not read a second ago

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.conn = _ClosesEarly(h11.SERVER, HEADER_BYTES)

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._since = self.loop.time()
        if len(self.connections) > _most_connections():
            self._make_room()

    def _make_room(self) -> None:
        """One gives way, perhaps this one itself."""
        others = (each for each in self.connections if isinstance(each, _Connection))
        silent = [each for each in others if each is not self and (each._left or each._owes())]
        longest = min(silent, key=lambda each: each._since, default=self)
        self.connections.discard(longest)
        longest.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._answered_early():
            return  # unread: to parse chunks of a byte takes longer than to send them
        waited, in_body = self._waits(), self.conn.their_state is h11.SEND_BODY
        super().data_received(data)
        now = self.loop.time()
        if waited and not self._waits():
            self._since = now
        elif in_body:
            self._since = min(self._since + len(data) / _RATE, now)

    def on_response_complete(self) -> None:
        self._since = self.loop.time()
        super().on_response_complete()
        if self._answered_early() and not self.transport.is_closing():
            self.transport.write_eof()  # the client has the keep-alive seconds to read the answer

    def _answered_early(self) -> bool:
        """Whether there was an answer before the end of the body: no other request comes."""
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def resume_writing(self) -> None:
        self._since = self.loop.time()
        super().resume_writing()

    def is_late(self) -> bool:
        """Whether the client has kept the server waiting for too long. Call it once a second."""
        now, before = self.loop.time(), self._left
        self._left = self.transport.get_write_buffer_size()
        reads = not before or self._left < before
        if reads if self._left else not self._owes():
            self._since = now
        waits = self._waits() and not self._left
        return now - self._since > (HEADER_SECONDS if waits else _SPARE)

    def _waits(self) -> bool:
        """Whether the headers of a request are not all there."""
        return self.conn.their_state is h11.IDLE

    def _owes(self) -> bool:
        """Whether nothing goes on until the client sends more; or it ends without reading."""
        asked_to_wait = self.flow.read_paused or self.conn.they_are_waiting_for_100_continue
        body = self.conn.their_state is h11.SEND_BODY and not asked_to_wait
        return self._waits() or body or self.transport.is_closing()

    def _unsupported_upgrade_warning(self) -> None:
        """Log nothing: it is a request like others, and whoever sends many fills no log."""

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        lines = [(event.method, event.target), *self.headers]
        if _is_too_large(lines) or any(len(n) + len(v) > _LINE for n, v in lines):
            self.send_400_response(_TOO_LARGE)
        else:
            super().handle_websocket_upgrade(event)


class _Socket(WebSocketsSansIOProtocol):
    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the pong

    def handle_cont(self, event: Any) -> None:
        if len(self.frames) < _PIECES:
            super().handle_cont(event)
        else:
            self.transport.abort()


_TOO_LARGE = f"A request here has at most {HEADERS} headers, of {HEADER_BYTES:,} bytes in all."


def _bounded(inner: Any) -> Any:
    """Before the application, and before others look at the headers."""

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            first = scope["method"].encode(), scope["raw_path"] + scope["query_string"]
            if _is_too_large([first, *scope["headers"]]):
                await answer(send, 431, _TOO_LARGE, {"connection": "close"})
                return
        await inner(scope, receive, send)

    return asked


def _is_too_large(lines: Sequence[tuple[bytes, bytes]]) -> bool:
    # h11 itself counts the bytes of what is not whole, and a piece of 256 kB may be.
    return len(lines) > 1 + HEADERS or sum(len(n) + len(v) for n, v in lines) > HEADER_BYTES


@cache
def _most_connections() -> int:
    try:
        import resource
    except ImportError:  # Windows
        files = _FILES
    else:
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _MOST if files < 0 else min(_MOST, files // 2)
