"""The services of compose.yaml: its own commands start app and API, behind nginx with its file."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import yaml

from assistant.entrance.asgi import LARGEST
from tests.conftest import PROJECT
from tests.servers.ports import free_ports
from tests.servers.started import Started, started
from tests.test_reverse_proxy import NAME, NGINX, Proxy, _wait
from tests.test_reverse_proxy import pytestmark as needs_nginx

FILE = PROJECT / "Containerfile"
CONFIGURATION = PROJECT / "deploy" / "nginx.conf"


def test_each_service_finds_what_it_names() -> None:
    described = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    services, volumes = described["services"], set(described["volumes"])
    stages = re.findall(r"^FROM \S+ AS (\w+)$", FILE.read_text("utf-8"), re.MULTILINE)
    for service in services.values():
        assert service["build"]["target"] in stages
        for volume in service["volumes"]:
            assert volume.partition(":")[0] in {*volumes, "./certificates"}
    behind = set(re.findall(r"proxy_pass http://(\w+):(\d+)", CONFIGURATION.read_text("utf-8")))
    assert behind == {("api", "8600"), ("app", "8501")}
    for name, port in behind:
        command = services[name]["command"]
        assert command[command.index("--port") + 1] == port and "${PINCITE_NAME" in command[-1]


def test_no_service_is_root_or_writes_beside_its_volume() -> None:
    described = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    stages = FILE.read_text("utf-8").split("\nFROM ")[1:]
    users = {stage.partition("\n")[0].split()[-1]: "\nUSER " in stage for stage in stages}
    for name, service in described["services"].items():
        assert users[service["build"]["target"]], name
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
    for copied in re.findall(r"^COPY ([\w/.]+\.\w+) ", FILE.read_text("utf-8"), re.MULTILINE):
        assert (PROJECT / copied).is_file()


def test_app_and_api_believe_the_address_of_the_proxy_alone() -> None:
    described = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    services, [network] = described["services"], described["networks"]["default"]["ipam"]["config"]
    at = services["proxy"]["networks"]["default"]["ipv4_address"]
    assert ip_address(at) in ip_network(network["subnet"])
    assert ip_address(at) not in ip_network(network["ip_range"]), "no other container gets it"
    assert at != network["gateway"], "as which this machine asks"
    assert {services[name]["environment"]["PINCITE_PROXY"] for name in ("app", "api")} == {at}


def test_the_proxy_takes_files_as_large_as_the_app() -> None:
    told = CONFIGURATION.read_text(encoding="utf-8")
    assert told.count(f"client_max_body_size {LARGEST}m;") == 2, "one for the app, one for the API"
    assert f"client_max_body_size {LARGEST}m;" in (PROJECT / "docs/sharing.md").read_text("utf-8")


@contextmanager
def service(name: str, home: Path) -> Iterator[Started]:
    """A service's command as it is written, on a port that is free."""
    described = yaml.safe_load((PROJECT / "compose.yaml").read_text(encoding="utf-8"))
    _, command, *options = map(_filled, described["services"][name]["command"])
    del options[(at := options.index("--port")) : at + 2]
    given = {**described["services"][name]["environment"], "PINCITE_PROXY": "127.0.0.1"}
    named = {key: value for key, value in given.items() if value}
    with started(home, command, *options, **named) as running:
        yield running


def _filled(text: str) -> str:
    """As compose fills it where only the name is given."""
    return re.sub(r"\$\{\w+:-(.*?)\}", r"\1", text.replace("${PINCITE_NAME:-localhost}", NAME))


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with service("api", tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    with service("app", tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture
def proxy(tmp_path: Path, api: Started, app: Started) -> Iterator[Proxy]:
    with ExitStack() as stack:
        port, plain = free_ports(2)
        text = CONFIGURATION.read_text(encoding="utf-8")
        for old, new in (
            ("/tmp/", f"{tmp_path}/"),
            ("listen 8443 ssl", f"listen 127.0.0.1:{port} ssl"),
            ("listen 8080", f"listen 127.0.0.1:{plain}"), ("api:8600", f"127.0.0.1:{api.port}"),
            ("app:8501", f"127.0.0.1:{app.port}"), ("/etc/nginx/certificates", str(tmp_path)),
        ):  # fmt: skip
            assert old in text
            text = text.replace(old, new)
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                f"/CN={NAME}", "-keyout", "pincite.key", "-out", "pincite.crt"]  # fmt: skip
        subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
        (tmp_path / "nginx.conf").write_text(text)
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
def test_programs_reach_the_api_and_people_the_app(
    proxy: Proxy, api: Started, app: Started
) -> None:
    for path in ("/v1/models", "/api/libraries", "/mcp", "/openapi.json"):
        assert _told(proxy.ask(path)) == (401, "application/json"), path
        assert proxy.status(path, Authorization=f"Bearer {api.tokens[0]}") != 401, path
    assert _told(proxy.ask("/healthz")) == (200, "application/json")
    for path in ("/", "/library", "/apiary"):
        assert _told(proxy.ask(path)) == (401, "text/html"), path
    assert proxy.status(Cookie=proxy.enters(app.tokens[1])) == 200
    assert "max-age=31536000" in proxy.ask()


def _told(head: str) -> tuple[int, str]:
    """Its status and its type: the app asks people for a token, the API programs."""
    [kind] = re.findall(r"content-type: ([\w/]+)", head, re.IGNORECASE)
    return int(head.split()[1]), kind


@needs_nginx
def test_a_program_cannot_claim_another_address_to_try_more_tokens(proxy: Proxy) -> None:
    def tried(number: int) -> int:
        claimed = {"X_Forwarded_For": f"203.0.113.{number}", "Authorization": "Bearer wrong"}
        return proxy.status("/v1/models", **claimed)

    assert [tried(number) for number in range(6)] == [401] * 5 + [429]


@needs_nginx
@pytest.mark.parametrize(
    ("path", "largest"),
    [
        ("/api/libraries/a/documents", LARGEST), ("/_stcore/upload_file/a/b", LARGEST),
        ("/v1/chat/completions", 4), ("/", 4),
    ],
)  # fmt: skip
def test_a_body_beyond_the_limit_is_refused_before_it_is_sent(
    proxy: Proxy, path: str, largest: int
) -> None:
    for size, refused in ((largest << 20, False), ((largest << 20) + 1, True)):
        head = f"POST {path} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {size}\r\n\r\n"
        with (
            socket.create_connection(("127.0.0.1", proxy.port), 10) as plain,
            proxy._context.wrap_socket(plain, server_hostname=NAME) as connection,
        ):
            connection.sendall(head.encode())
            connection.settimeout(10 if refused else 1)
            if refused:
                assert b" 413 " in connection.recv(4096).split(b"\r\n")[0] + b" "
            else:
                with pytest.raises(TimeoutError):  # it waits for the body
                    connection.recv(4096)
