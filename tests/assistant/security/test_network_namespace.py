"""Adding, searching and asking where there is no network at all, for native code and children too.

The guard of `assistant.security.network_guard` sees what goes through Python; a network namespace
without any route sees the rest, and the guard's log shows that nothing even tried.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.assistant.llm.conftest import SMALLEST
from tests.conftest import PROJECT, models_folder

pytestmark = pytest.mark.slow

UNSHARE = ["unshare", "--user", "--map-root-user", "--net"]
ROUTES = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"


@pytest.fixture(scope="module", autouse=True)
def namespace() -> None:
    """Skips where namespaces are not permitted; fails where they have a way out."""
    if shutil.which("unshare") is None or subprocess.run([*UNSHARE, "true"]).returncode:
        pytest.skip("this system does not permit network namespaces")
    tried = subprocess.run([*UNSHARE, sys.executable, "-c", ROUTES], text=True, capture_output=True)
    assert "Network is unreachable" in tried.stderr


def pincite(home: Path, *arguments: str, **settings: str) -> Any:
    """What a command prints in a namespace without a route, as JSON."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PINCITE_")}
    command = [sys.executable, "-m", "assistant.cli.main", "--home", str(home), *arguments]
    done = subprocess.run(
        [*UNSHARE, *command, "--json"],
        cwd=PROJECT, text=True, capture_output=True, timeout=280,
        env={**kept, "PYTHONPATH": str(PROJECT), "PINCITE_THREADS": "1", **settings},
    )  # fmt: skip
    assert done.returncode in (0, 3), done.stderr
    return json.loads(done.stdout)


def attempts(home: Path) -> list[str]:
    """Lines of the network log about anything that is not this machine."""
    log = (home / "network.log").read_text(encoding="utf-8")
    return [line for line in log.splitlines() if " refused " in line]


def test_the_real_models_add_find_and_answer(tmp_path: Path, samples: Path, minilm: Path) -> None:
    chat = next(models_folder().rglob(SMALLEST), None)
    settings = {"PINCITE_EMBEDDING_MODEL": str(minilm), "PINCITE_ANSWER_TOKENS": "64"}
    if chat is not None:
        settings["PINCITE_CHAT_MODEL"] = str(chat)
    papers = ("Security Policy v2 (2026).pdf", "Letter from the Landlord.pdf")  # which is a scan
    added = pincite(tmp_path, "add", *(str(samples / name) for name in papers), **settings)
    assert added["added"] == 2 and not added["failed"]
    hits = pincite(tmp_path, "search", "How long must a password be?", **settings)
    assert "password" in hits[0]["text"].lower()
    reply = pincite(tmp_path, "ask", "How long must a password be?", **settings)
    assert reply["answer"]
    assert attempts(tmp_path) == []


def test_onnxruntime_keeps_no_account_of_its_use(
    tmp_path: Path, samples: Path, minilm: Path
) -> None:
    """Version 1.32 collects it in a file below the home folder and sends it from native code, now
    and then, unless it runs for a test of somebody's.
    """
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    policy = samples / "Security Policy v2 (2026).pdf"
    done = subprocess.run(
        [sys.executable, "-m", "assistant.cli.main", "--home", str(tmp_path), "add", str(policy)],
        cwd=PROJECT, text=True, capture_output=True, timeout=280,
        env={**kept, "HOME": str(tmp_path), "PINCITE_EMBEDDING_MODEL": str(minilm)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [path for path in tmp_path.rglob("*onnxruntime*") if "models" not in path.parts] == []
