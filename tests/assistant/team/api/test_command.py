"""The command starts a server, says where it is, and ends when it is told to."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from assistant.settings import Settings
from assistant.storage.part import Whose
from assistant.wiring import composition
from assistant.wiring.people import home_accounts, tokens
from tests.assistant.conversation.test_history import answer
from tests.conftest import PROJECT
from tests.servers.ports import free_port
from vectorstore.team.postgres import Server as Database

START = "import sys; from assistant.cli.main import main; sys.exit(main())"


def command(home: Path, *arguments: str) -> "subprocess.Popen[str]":
    surroundings = {**os.environ, "PINCITE_HOME": str(home), "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(
        [sys.executable, "-c", START, "serve", *arguments],
        env=surroundings,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGINT for a child")
def test_it_says_where_it_is_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    with command(tmp_path) as running:
        assert running.stderr
        told = running.stderr.readline()
        place = told.split("is at ")[1].split("/v1")[0]
        assert httpx.get(f"{place}/healthz").json() == {"status": "ok"}
        running.send_signal(signal.SIGINT)
        assert running.wait(60) in (0, 130)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with command(tmp_path, "--port", port) as running:
            assert running.stderr
            assert f"Port {port} is taken" in running.stderr.read()
            assert running.wait(60) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="it shows what a process has loaded")
def test_the_server_draws_pages_without_loading_what_reads_them(desk: Path) -> None:
    with command(desk / "home") as running:
        assert running.stderr
        place = running.stderr.readline().split("is at ")[1].split("/v1")[0]
        pages = f"{place}/api/libraries/main/documents/Handbook.pdf/pages"
        drawn = httpx.get(f"{pages}/2.png?box=10,10,90,30", timeout=120)
        assert drawn.content.startswith(b"\x89PNG")
        assert "pdfium" not in Path(f"/proc/{running.pid}/maps").read_text()
        running.terminate()


@pytest.mark.slow
def test_two_servers_with_homes_of_their_own_have_the_same_people_and_conversations(
    tmp_path: Path, team_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_CATALOGUE", team_database.address)
    here, there = (Settings(home=tmp_path / name, catalogue=team_database.address) for name in "ab")
    ann = home_accounts(here).add("ann", "correct horse battery", "reader")
    token = tokens(here).add(ann, "program", "reader")
    bobs = tokens(here).add(
        home_accounts(here).add("bob", "a long password", "owner"), "b", "owner"
    )
    composition.conversations(here, Whose(ann.id)).add("c", answer("How long is leave?"), "north")
    with ExitStack() as stack:
        places = [stack.enter_context(_serving(home.home)) for home in (here, there)]
        listed = [_asked(place, token).json() for place in places]
        assert listed[0] == listed[1] and "How long is leave?" in str(listed)
        assert "How long" not in _asked(places[1], bobs).text
        _asked(places[1], token, "PATCH", "/c", json={"title": "Leave"})
        assert "'Leave'" in str(_asked(places[0], token).json())
        [row] = [token for token in tokens(there).all() if token.person == "ann"]
        tokens(there).revoke(row.id)
        assert [_asked(place, token).status_code for place in places] == [401, 401]


@contextmanager
def _serving(home: Path) -> Iterator[str]:
    """The address of a server on a port that was free."""
    with command(home, "--port", str(free_port())) as running:
        assert running.stderr
        try:
            yield running.stderr.readline().split("is at ")[1].split("/v1")[0]
        finally:
            running.terminate()


def _asked(
    place: str, token: str, method: str = "GET", path: str = "", **given: object
) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"}
    address = f"{place}/api/conversations{path}"
    return httpx.request(method, address, headers=headers, timeout=120, **given)  # type: ignore[arg-type]
