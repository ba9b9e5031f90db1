import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from assistant.errors import NetworkRefused
from assistant.security import network_guard
from assistant.security.network_guard import (
    QUIET,
    allow_network,
    install_guard,
    permit,
    permit_meanwhile,
    quiet_telemetry,
)

ELSEWHERE = "192.0.2.1"  # reserved for documentation: nothing ever answers there


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "home" / "network.log"
    remove_guard = install_guard(path)
    yield path
    remove_guard()


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What would have left the machine, had the system been asked."""
    calls: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: calls.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: calls.append(host) or [])
    return calls


def test_another_machine_is_refused(log: Path) -> None:
    with socket.socket() as client, pytest.raises(NetworkRefused, match=ELSEWHERE):
        client.connect((ELSEWHERE, 443))
    with socket.socket() as client, pytest.raises(NetworkRefused):
        client.connect_ex((ELSEWHERE, 443))


def test_datagrams_are_refused(log: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        with pytest.raises(NetworkRefused):
            client.sendto(b"hello", (ELSEWHERE, 53))
        with pytest.raises(NetworkRefused):
            client.sendmsg([b"hello"], [], 0, (ELSEWHERE, 53))


def test_ipv6_is_refused_unless_it_is_loopback(log: Path) -> None:
    with socket.socket(socket.AF_INET6) as client:
        with pytest.raises(NetworkRefused):
            client.connect(("2001:db8::1", 443))
        with pytest.raises(NetworkRefused):
            client.connect((f"::ffff:{ELSEWHERE}", 443))
        with pytest.raises(OSError) as caught:
            client.connect(("::1", 9))
        assert not isinstance(caught.value, NetworkRefused)


def test_a_name_is_refused_before_it_is_looked_up(reached: list[object], tmp_path: Path) -> None:
    remove_guard = install_guard(tmp_path / "network.log")
    look_ups = [
        lambda: socket.getaddrinfo("example.org", 443),
        lambda: socket.getaddrinfo(host="example.org", port=443),
        lambda: socket.getaddrinfo(b"example.org", 443),
        lambda: socket.gethostbyname("example.org"),
        lambda: socket.gethostbyname_ex("example.org"),
    ]
    try:
        for look_up in look_ups:
            with pytest.raises(NetworkRefused, match=r"example\.org"):
                look_up()
    finally:
        remove_guard()
    assert reached == []


def test_loopback_and_localhost_work(log: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(("localhost", server.getsockname()[1])) as client,
        server.accept()[0] as peer,
    ):
        client.sendall(b"hello")
        assert peer.recv(5) == b"hello"


def test_unix_sockets_and_event_loops_work(log: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(str(tmp_path / "s"))
        server.listen()
        client.connect(str(tmp_path / "s"))
    assert asyncio.run(asyncio.sleep(0, "done")) == "done"


def test_a_server_binds_to_loopback_only(log: Path) -> None:
    with socket.socket() as server, pytest.raises(NetworkRefused):
        server.bind(("0.0.0.0", 0))
    with socket.socket() as server, pytest.raises(NetworkRefused):
        server.bind(("", 0))


@pytest.mark.parametrize("listen_on", ["0.0.0.0", "a-name-of-this-machine"])
def test_a_server_binds_elsewhere_when_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen_on: str
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("0.0.0.0", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    remove_guard = install_guard(tmp_path / "network.log", listen_on)
    try:
        with socket.socket() as server:
            server.bind(("0.0.0.0", 0))
    finally:
        remove_guard()


def test_the_network_is_open_inside_of_allow_network(reached: list[object], tmp_path: Path) -> None:
    remove_guard = install_guard(tmp_path / "network.log")
    try:
        with socket.socket() as client:
            with allow_network("fetching a"):
                with allow_network("fetching b"):
                    client.connect((ELSEWHERE, 443))
                client.connect((ELSEWHERE, 80))
                socket.getaddrinfo("example.org", 443)
            with pytest.raises(NetworkRefused):
                client.connect((ELSEWHERE, 443))
    finally:
        remove_guard()
    assert reached == [(ELSEWHERE, 443), (ELSEWHERE, 80), "example.org"]
    assert "allowed connect 192.0.2.1 (fetching b)" in (tmp_path / "network.log").read_text()


def test_only_the_chosen_port_of_a_chosen_host_is_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    calls: list[object] = []
    monkeypatch.setattr(network_guard, "_permitted", {})
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: calls.append(address))
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ELSEWHERE, 8443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *_, **__: found)
    log = tmp_path / "network.log"
    remove_guard = install_guard(log)
    try:
        permit("models.example", 8443, "answers")
        with socket.socket() as client:
            with pytest.raises(NetworkRefused):  # nobody has looked the name up
                client.connect((ELSEWHERE, 8443))
            socket.getaddrinfo("models.example", 8443)
            client.connect((ELSEWHERE, 8443))
            for other in ((ELSEWHERE, 443), ("192.0.2.2", 8443)):
                with pytest.raises(NetworkRefused):
                    client.connect(other)
        with pytest.raises(NetworkRefused):
            socket.getaddrinfo("other.example", 8443)
    finally:
        remove_guard()
    assert calls == [(ELSEWHERE, 8443)]
    assert f"allowed connect {ELSEWHERE} (answers)" in log.read_text("utf-8")


def test_what_is_open_for_a_while_closes_with_the_last_that_needs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(network_guard, "_permitted", {})
    monkeypatch.setattr(socket.socket, "connect", lambda *_: None)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ELSEWHERE, 993))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    remove_guard = install_guard(tmp_path / "network.log")
    try:
        permit("files.example", 443, "files")
        with socket.socket() as client:
            with permit_meanwhile("mail.example", 993, "one"):
                with permit_meanwhile("mail.example", 993, "two"):
                    socket.getaddrinfo("mail.example", 993)
                client.connect((ELSEWHERE, 993))
            with pytest.raises(NetworkRefused):
                client.connect((ELSEWHERE, 993))
        with pytest.raises(NetworkRefused):
            socket.getaddrinfo("mail.example", 993)
        with permit_meanwhile("files.example", 443, "source"):
            pass
        socket.getaddrinfo("files.example", 443)
    finally:
        remove_guard()


def test_what_is_open_for_good_stays_open_where_another_host_has_its_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(network_guard, "_permitted", {})
    monkeypatch.setattr(socket.socket, "connect", lambda *_: None)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.9", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_: found)
    remove_guard = install_guard(tmp_path / "network.log")
    try:
        with socket.socket() as client:
            with permit_meanwhile("one.example", 443, "one"):
                socket.getaddrinfo("one.example", 443)
                with permit_meanwhile("two.example", 443, "two"):
                    socket.getaddrinfo("two.example", 443)
                client.connect(("192.0.2.9", 443))
            with pytest.raises(NetworkRefused):
                client.connect(("192.0.2.9", 443))
            permit("192.0.2.9", 443, "files")
            with permit_meanwhile("nas.example", 443, "source"):
                socket.getaddrinfo("nas.example", 443)
            client.connect(("192.0.2.9", 443))
    finally:
        remove_guard()
    log = (tmp_path / "network.log").read_text("utf-8").splitlines()
    assert "allowed connect 192.0.2.9 (files)" in log[-1]


def test_other_threads_stay_closed_meanwhile(log: Path) -> None:
    refused: list[bool] = []

    def connect() -> None:
        try:
            socket.getaddrinfo("example.org", 443)
        except NetworkRefused:
            refused.append(True)

    with allow_network("fetching"):
        other = threading.Thread(target=connect)
        other.start()
        other.join()
    assert refused == [True]


def test_each_attempt_is_logged_with_its_thread(log: Path) -> None:
    with pytest.raises(NetworkRefused):
        socket.create_connection((ELSEWHERE, 443))
    (line,) = log.read_text().splitlines()
    assert line.endswith(f"refused getaddrinfo {ELSEWHERE} thread=MainThread")


def test_the_guard_holds_without_a_place_for_its_log(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    remove_guard = install_guard(tmp_path / "file" / "network.log")
    try:
        with pytest.raises(NetworkRefused):
            socket.getaddrinfo("example.org", 443)
    finally:
        remove_guard()


def test_removing_the_guard_gives_the_originals_back(tmp_path: Path) -> None:
    before = socket.socket.connect, socket.getaddrinfo
    install_guard(tmp_path / "network.log")()
    assert (socket.socket.connect, socket.getaddrinfo) == before


def test_telemetry_is_switched_off_even_where_it_was_on(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in QUIET:
        monkeypatch.setenv(name, "on")
    quiet_telemetry()
    assert {name: os.environ[name] for name in QUIET} == QUIET


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full by nature")
def test_a_line_that_cannot_be_written_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    journal = network_guard._journal(Path("/dev/full"))
    journal.info("a connection")
    with suppress(OSError):
        journal.handlers[0].close()
    assert capsys.readouterr().err == ""
