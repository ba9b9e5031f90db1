"""The commands that serve, each started as the documentation says: they come up, and let in whom
they should. (`--host`: test_reverse_proxy.py and test_compose.py, behind the proxy.)"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.servers.started import PINCITE, Started, started

OPTIONS = ([], ["--address", "0.0.0.0"], ["--token"])


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
def test_the_app_comes_up(tmp_path: Path, options: list[str]) -> None:
    with started(tmp_path, "app", *options) as app:
        assert app.get("/") == (401 if options else 200)
        assert [_enters(app, token) for token in app.tokens] == [303, 303] * bool(options)


def test_alone_it_opens_the_app_and_ctrl_c_ends_it_without_a_traceback(tmp_path: Path) -> None:
    mine = {"PINCITE_HOME": str(tmp_path), "STREAMLIT_SERVER_HEADLESS": "true"}
    with subprocess.Popen([PINCITE], env={**os.environ, **mine}, stderr=subprocess.PIPE) as app:
        assert app.stderr is not None
        assert app.stderr.readline().startswith(b"Pincite is at http://localhost:")
        app.send_signal(signal.SIGINT)
        assert app.stderr.read() == b""
        assert app.wait(60) in (0, 130)  # a server that serves already ends of its own accord


@pytest.mark.slow
def test_with_a_folder_it_opens_the_app_and_adds_the_folder(
    tmp_path: Path, minilm: Path, papers: Path
) -> None:
    (tmp_path / "home" / "models").mkdir(parents=True)
    (tmp_path / "home" / "models" / minilm.name).symlink_to(minilm)
    with started(tmp_path / "home", str(papers), "--library", "papers"):
        while len(_documents(tmp_path / "home")) < 2:  # until the test has taken too long
            time.sleep(0.5)


def _documents(home: Path) -> list[Any]:
    listed = [PINCITE, "documents", "--library", "papers", "--home", home, "--json"]
    ran = subprocess.run(listed, capture_output=True, text=True)
    return list(json.loads(ran.stdout)) if ran.returncode == 0 else []


def _enters(app: Started, token: str) -> int:
    return app.get("/", "POST", urlencode({"token": token}))


@pytest.mark.parametrize("options", [*OPTIONS, ["--host", "api.example.org"]], ids=" ".join)
def test_the_api_comes_up(tmp_path: Path, options: list[str]) -> None:
    with started(tmp_path, "serve", *options) as api:
        assert api.get("/v1/models") == (401 if options else 200)
        assert [_asks(api, token) for token in api.tokens] == [200, 200] * bool(options)


def _asks(api: Started, token: str) -> int:
    return api.get("/v1/models", Authorization=f"Bearer {token}")


def test_the_context_protocol_comes_up_and_says_its_version(tmp_path: Path) -> None:
    given = {"protocolVersion": "2025-03-26", "capabilities": {},
             "clientInfo": {"name": "test", "version": "1"}}  # fmt: skip
    asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": given})
    ran = subprocess.run(
        [PINCITE, "mcp"], input=f"{asked}\n", capture_output=True, text=True, timeout=120,
        env={**os.environ, "PINCITE_HOME": str(tmp_path)},
    )  # fmt: skip
    [answer] = ran.stdout.splitlines()
    told = json.loads(answer)["result"]["serverInfo"]
    shown = subprocess.run([PINCITE, "--version"], capture_output=True, text=True, check=True)
    assert f"{told['name']} {told['version']}" == shown.stdout.strip()
    assert ran.returncode == 0
