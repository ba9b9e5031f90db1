"""The configuration of nginx in docs/sharing.md, in front of the app as it is started there."""

import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.conftest import PROJECT
from tests.servers.ports import free_port
from tests.servers.started import Started, started

NAME = "pincite.example.org"
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
pytestmark = pytest.mark.skipif(
    NGINX is None or shutil.which("openssl") is None, reason="nginx or openssl is not installed"
)


class Proxy:
    """Speaks HTTPS to nginx, as a browser that asks for the name."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._context = ssl.create_default_context()
        self._context.check_hostname = False
        self._context.verify_mode = ssl.CERT_NONE

    def ask(self, path: str = "/", method: str = "GET", body: str = "", **headers: str) -> str:
        """The head of the answer."""
        given = {
            "Host": f"{NAME}:{self.port}", "Accept": "text/html", "Connection": "close",
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }  # fmt: skip
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in given.items()), "", body]
        with (
            socket.create_connection(("127.0.0.1", self.port), 10) as plain,
            self._context.wrap_socket(plain, server_hostname=NAME) as connection,
        ):
            connection.sendall("\r\n".join(lines).encode())
            return connection.recv(65536).decode("latin-1")

    def status(self, *args: str, **headers: str) -> int:
        return int(self.ask(*args, **headers).split()[1])

    @property
    def origin(self) -> str:
        return f"https://{NAME}:{self.port}"

    def enters(self, token: str) -> str:
        """The cookie for a token, which goes by HTTPS alone."""
        answer = self.ask("/", "POST", urlencode({"token": token}), Origin=self.origin)
        (kept,) = re.findall(r"set-cookie: (\S+);.*; Secure\r", answer, re.IGNORECASE)
        return str(kept)

    def socket(self, origin: str, kept: str) -> int:
        return self.status(
            "/_stcore/stream", Connection="Upgrade", Upgrade="websocket", Origin=origin,
            Cookie=kept, Sec_WebSocket_Version="13", Sec_WebSocket_Key="AAAAAAAAAAAAAAAAAAAAAA==",
        )  # fmt: skip


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    told = (PROJECT / "docs" / "sharing.md").read_text(encoding="utf-8")
    [options] = re.findall(r"^    pincite app (--host .*)", told, re.MULTILINE)
    assert options == f"--host {NAME}"
    with started(tmp_path_factory.mktemp("home"), "app", *options.split()) as app:
        yield app


@pytest.fixture(scope="module")
def proxy(app: Started, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    command = [str(NGINX), "-p", str(folder), "-c", str(_written(folder, port, app.port))]
    with subprocess.Popen([*command, "-g", "daemon off;"], stderr=subprocess.PIPE) as process:
        try:
            proxy = Proxy(port)
            _wait(proxy, process)
            yield proxy
        finally:
            process.terminate()
            process.communicate(timeout=60)


def _written(folder: Path, port: int, behind: int) -> Path:
    """The documented server, on ports of its own, with a certificate made for the test."""
    text = (PROJECT / "docs" / "sharing.md").read_text(encoding="utf-8")
    (server,) = re.findall(r"```nginx\n(.*?)```", text, re.DOTALL)
    for old, new in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("127.0.0.1:8501", f"127.0.0.1:{behind}"),
        ("/etc/ssl/pincite", f"{folder}/pincite"),
    ):
        assert old in server
        server = server.replace(old, new)
    certificate = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    files = ["-subj", f"/CN={NAME}", "-keyout", "pincite.key", "-out", "pincite.crt"]
    subprocess.run([*certificate, *files], cwd=folder, check=True, capture_output=True)
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        f"pid {folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}{server}}}\n"
    )
    return path


def _wait(proxy: Proxy, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(100):
        assert process.poll() is None, process.communicate()[1].decode()
        try:
            proxy.status("/_stcore/health")
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("nginx did not start")


def test_visitors_sign_in_over_https_and_get_their_connection(app: Started, proxy: Proxy) -> None:
    assert proxy.status() == 401
    kept = proxy.enters(app.tokens[1])

    assert proxy.status(Cookie=kept) == 200
    assert proxy.socket(proxy.origin, kept) == 101
    assert proxy.status("/_stcore/upload_file/s/f", "PUT", "x") == 401
    assert "max-age=31536000" in proxy.ask()


def test_pages_of_others_and_other_names_are_refused(app: Started, proxy: Proxy) -> None:
    kept = proxy.enters(app.tokens[0])

    assert proxy.socket("https://evil.example", kept) == 403
    assert proxy.status(Host="evil.example", Cookie=kept) == 403
    assert proxy.status("/_stcore/metrics", Cookie=kept) == 404


def test_a_visitor_cannot_claim_another_address_to_try_more_tokens(proxy: Proxy) -> None:
    def tried(number: int) -> int:
        claimed = f"203.0.113.{number}"
        return proxy.status("/", "POST", "token=wrong", X_Forwarded_For=claimed)

    assert [tried(number) for number in range(6)] == [401] * 5 + [429]
