"""The command starts a server, says where it is, and ends when it is told to."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.conftest import PROJECT

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
        assert running.wait(30) in (0, 130)


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with command(tmp_path, "--port", port) as running:
            assert running.stderr
            assert f"Port {port} is taken" in running.stderr.read()
            assert running.wait(30) == 1
