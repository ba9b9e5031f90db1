"""The services of compose.yaml: nginx reads their proxy's configuration and sends requests on."""

import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tests.conftest import PROJECT
from tests.servers.ports import free_ports
from tests.test_reverse_proxy import NAME, NGINX, Proxy, _wait
from tests.test_reverse_proxy import pytestmark as needs_nginx

TEMPLATE = PROJECT / "deploy" / "nginx.conf.template"


def test_each_service_finds_what_it_names() -> None:
    described = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    services, volumes = described["services"], set(described["volumes"])
    for service in services.values():
        assert "build" in service or "image" in service
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            given_by_people = source in ("./certificates", "./models")
            assert source in volumes or given_by_people or (PROJECT / source).exists()
    behind = set(re.findall(r"proxy_pass http://(\w+):(\d+)", TEMPLATE.read_text("utf-8")))
    assert behind == {("api", "8600"), ("app", "8501")}
    for name, port in behind:
        command = services[name]["command"]
        assert command[command.index("--port") + 1] == port and "${PINCITE_NAME" in command[-1]


@contextmanager
def told(name: str) -> Iterator[int]:
    """A server that says its name, the path, and the headers that a proxy sets."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept = (self.headers.get(key, "") for key in ("host", "x-forwarded-for"))
            self.send_response(200)
            self.send_header("x-told", " ".join([name, self.path, *kept]))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with ExitStack() as stack:
        api, app = stack.enter_context(told("api")), stack.enter_context(told("app"))
        port, plain = free_ports(2)
        text = TEMPLATE.read_text(encoding="utf-8").replace("${PINCITE_NAME}", NAME)
        for old, new in (
            ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
            ("listen 80", f"listen 127.0.0.1:{plain}"), ("api:8600", f"127.0.0.1:{api}"),
            ("app:8501", f"127.0.0.1:{app}"), ("/etc/nginx/certificates", str(tmp_path)),
        ):  # fmt: skip
            assert old in text
            text = text.replace(old, new)
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={NAME}", "-keyout", "pincite.key", "-out", "pincite.crt"]  # fmt: skip
        subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = "".join(f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in kinds)
        (tmp_path / "nginx.conf").write_text(
            f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{places}{text}}}\n"
        )
        command = [str(NGINX), "-p", str(tmp_path), "-c", "nginx.conf", "-g", "daemon off;"]
        process = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE))
        try:
            running = Proxy(port)
            _wait(running, process)
            yield running
        finally:
            process.terminate()
            process.communicate(timeout=60)


@needs_nginx
def test_programs_reach_the_api_and_people_the_app(proxy: Proxy) -> None:
    for path, behind in (
        ("/", "app"), ("/library", "app"), ("/apiary", "app"), ("/v1/models", "api"),
        ("/api/libraries", "api"), ("/mcp", "api"), ("/openapi.json", "api"), ("/healthz", "api"),
    ):  # fmt: skip
        answer = proxy.ask(path, X_Forwarded_For="203.0.113.9")
        assert f"x-told: {behind} {path} {NAME}:{proxy.port} 127.0.0.1\r\n" in answer
        assert "max-age=31536000" in answer


@needs_nginx
def test_a_body_beyond_the_limit_is_refused_before_it_is_sent(proxy: Proxy) -> None:
    head = f"POST /api/libraries/a/documents HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: 600000000"
    with (
        socket.create_connection(("127.0.0.1", proxy.port), 10) as plain,
        proxy._context.wrap_socket(plain, server_hostname=NAME) as connection,
    ):
        connection.sendall(f"{head}\r\n\r\n".encode())
        assert b" 413 " in connection.recv(4096).split(b"\r\n")[0] + b" "
