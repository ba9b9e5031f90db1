"""The real server of the app, over fakes, and what reaches it by raw connections."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode

import pytest

from assistant.entrance.asgi import ATTACHED, BYTES, LARGEST
from tests.conftest import PROJECT
from tests.servers.ports import free_port


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Message
    body: str


@dataclass(frozen=True)
class App:
    """A server, and what it has said on its terminal."""

    port: int
    told: str

    def get(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection):
            connection.request(method, path, body, {"Accept": "text/html", **given})
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())

    def socket(self, host: str = "", origin: str = "", cookie: str = "") -> int:
        """The status with which a handshake of a WebSocket is answered; 101 lets it in."""
        lines = [
            "GET /_stcore/stream HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.port}'}",
            "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            *([f"Origin: {origin}"] if origin else []), *([f"Cookie: {cookie}"] if cookie else []),
        ]  # fmt: skip
        with socket.create_connection(("127.0.0.1", self.port), 10) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode())
            return int(connection.recv(1000).split()[1])


@contextmanager
def served(home: Path, *options: str) -> Iterator[App]:
    port = free_port()
    command = [sys.executable, "-m", "tests.assistant.ui.fake_server", str(home), str(port)]
    told = home / "told.txt"
    with told.open("w") as output, subprocess.Popen(
        [*command, *options], cwd=PROJECT, stderr=output, stdout=subprocess.DEVNULL,
        env={**os.environ, "PINCITE_HOME": str(home)},
    ) as process:  # fmt: skip
        try:
            app = App(port, "")
            _wait(app, process)
            yield App(port, told.read_text())
        finally:
            process.terminate()
            process.wait(60)


def _wait(app: App, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        assert process.poll() is None
        try:
            if app.get("/_stcore/health").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the app did not start")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with served(tmp_path_factory.mktemp("alone")) as app:
        yield app


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with served(tmp_path_factory.mktemp("asking"), "token", "--host=pincite.example.org") as app:
        yield app


def cookie(app: App, token: str) -> str:
    answer = app.get("/", "POST", urlencode({"token": token}).encode())
    assert answer.status == 303
    return answer.headers["Set-Cookie"].split(";")[0]


def tokens(app: App) -> list[str]:
    return re.findall(r"/#([\w-]{24})$", app.told, re.M)


def test_a_page_whose_name_was_pointed_at_this_machine_gets_no_connection(alone: App) -> None:
    evil = f"evil.example:{alone.port}"

    assert alone.socket(evil, f"http://{evil}") == 403
    assert alone.socket(evil) == 403
    assert alone.get("/", Host=evil).status == 403


def test_pages_of_other_programs_on_this_machine_get_no_connection(alone: App) -> None:
    assert alone.socket(origin="http://localhost:3000") == 403
    assert alone.socket(origin="http://127.0.0.1:3000") == 403
    assert alone.socket(origin="null") == 403


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_names_of_this_machine_are_let_in(alone: App, name: str) -> None:
    host = f"{name}:{alone.port}"

    assert alone.socket(host, f"http://{host}") == 101


def test_figures_and_frames_are_closed(alone: App) -> None:
    page = alone.get("/")

    assert page.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert '"allowedOrigins":[]' in alone.get("/_stcore/host-config").body
    for path in ("metrics", "metrics/", "agent/openapi.json", "script-health-check"):
        assert alone.get(f"/_stcore/{path}").status == 404
    assert alone.get("/%5fstcore/metrics").status == 404


def test_tokens_are_shown_once_and_only_on_the_terminal(asking: App) -> None:
    found = tokens(asking)

    assert len(set(found)) == 2
    page = asking.get("/").body
    assert all(asking.told.count(token) == 1 and token not in page for token in found)


def test_without_a_token_there_is_no_page_no_upload_and_no_connection(asking: App) -> None:
    assert asking.get("/").status == 401
    assert asking.socket() == 403
    for method in ("PUT", "DELETE", "OPTIONS"):
        assert asking.get("/_stcore/upload_file/session/file", method, b"x").status == 401
    assert asking.get("/media/0123.png").status == 401


def test_with_a_token_there_is_a_connection(asking: App) -> None:
    for token in tokens(asking):
        kept = cookie(asking, token)

        assert asking.get("/", Cookie=kept).status == 200
        assert asking.socket(cookie=kept) == 101
        assert asking.socket("evil.example", cookie=kept) == 403
        assert asking.socket(cookie="pincite=" + token) == 403


def test_who_only_reads_sends_no_large_file(asking: App) -> None:
    """Of the length alone: nothing is sent."""
    path = "/_stcore/upload_file/tab/file"
    statuses = {}
    for who, token in zip(("owner", "visitor"), tokens(asking), strict=True):
        kept = cookie(asking, token)
        statuses[who] = [
            asking.get(path, "PUT", Cookie=kept, Content_Length=str(size * BYTES)).status
            for size in (LARGEST, LARGEST + 1, ATTACHED + 1)
        ]
    # 403 is Streamlit's own, for who has not drawn its page.
    assert statuses == {"owner": [403, 413, 403], "visitor": [413] * 3}


def test_through_a_proxy_each_visitor_has_tries_of_their_own(asking: App) -> None:
    def tried(visitor: str, token: str) -> int:
        return asking.get(
            "/", "POST", urlencode({"token": token}).encode(), Host="pincite.example.org",
            X_Forwarded_For=visitor, X_Forwarded_Proto="https",
        ).status  # fmt: skip

    statuses = [tried("203.0.113.7", "wrong") for _ in range(6)]

    assert statuses == [401] * 5 + [429]
    assert tried("203.0.113.8", tokens(asking)[1]) == 303


def test_who_says_to_be_the_owner_is_not_believed(asking: App) -> None:
    assert asking.get("/", X_Pincite_Role="owner").status == 401
