"""A server on loopback that behaves as the model hub: files of a folder below /OWNER/NAME/resolve,
asked for by HEAD, and sent by another host to which a GET is redirected."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any


@dataclass
class Hub:
    """What the server has, what it was asked, and how it misbehaves."""

    root: Path
    port: int = 0
    storage: str = "http://localhost"  # another host than 127.0.0.1, as the hub's storage is
    token: str = ""  # the hub is gated for those who do not send it
    breaks: list[int] = field(default_factory=list)  # after so many bytes the connection is closed
    busy: int = 0  # requests that are answered with 429 first
    ranges: list[str] = field(default_factory=list)
    storage_authorizations: list[str | None] = field(default_factory=list)

    @property
    def repository(self) -> Path:
        """The folder of "owner/small"."""
        return self.root / "owner" / "small" / "resolve" / "main"


class _Handler(http.server.BaseHTTPRequestHandler):
    hub: Hub

    def do_HEAD(self) -> None:
        self._resolve()

    def do_GET(self) -> None:
        if self.headers["Host"].startswith("localhost"):
            return self._send_file()
        return self._resolve()

    def _resolve(self) -> None:
        path = self.hub.root / self.path[1:]
        if self.hub.token and self.headers["Authorization"] != f"Bearer {self.hub.token}":
            return self._reply(HTTPStatus.FORBIDDEN, {"X-Error-Code": "GatedRepo"})
        if not path.is_file():
            return self._reply(HTTPStatus.NOT_FOUND, {"X-Error-Code": "EntryNotFound"})
        about = {
            "X-Repo-Commit": "0" * 40,
            "X-Linked-ETag": f'"{hashlib.sha256(path.read_bytes()).hexdigest()}"',
            "X-Linked-Size": str(path.stat().st_size),
            "X-Xet-Hash": "0" * 64,
            "Location": f"{self.hub.storage}:{self.hub.port}{self.path}",
        }
        return self._reply(HTTPStatus.FOUND, about)

    def _send_file(self) -> None:
        if self.hub.busy:
            self.hub.busy -= 1
            return self._reply(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "0"})
        content = (self.hub.root / self.path[1:]).read_bytes()
        wanted = self.headers.get("Range", "")
        self.hub.ranges.append(wanted)
        self.hub.storage_authorizations.append(self.headers["Authorization"])
        start = int(wanted.removeprefix("bytes=").removesuffix("-") or 0)
        if start >= len(content):
            return self._reply(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {})
        self.send_response(HTTPStatus.PARTIAL_CONTENT if wanted else HTTPStatus.OK)
        if wanted:
            whole = len(content)
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        most = self.hub.breaks.pop(0) if self.hub.breaks else None
        self.wfile.write(content[start:][:most])
        return None

    def _reply(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serve(root: Path) -> Iterator[Hub]:
    """The hub, until the block ends."""
    hub = Hub(root)
    handler = type("Handler", (_Handler,), {"hub": hub})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()
