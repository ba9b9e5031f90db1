"""The rights of what the commands leave in a home and outside of it, in processes of their own."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.pdfs import write_pdf

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")


def pincite(home: Path, *arguments: object) -> str:
    command = [sys.executable, "-m", "tests.pincite_with_words", "--home", str(home)]
    done = subprocess.run(
        ["sh", "-c", 'umask 022; exec "$0" "$@"', *command, *map(str, arguments)],
        cwd=PROJECT, text=True, capture_output=True, check=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    return done.stdout


def is_open(home: Path) -> list[str]:
    """What of a home somebody else could open."""
    return [str(p) for p in (home, *home.rglob("*")) if p.stat().st_mode & 0o077]


def test_nothing_in_a_home_is_open_to_others_and_what_was_asked_for_is(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "documents"
    write_pdf(folder / "Handbook.pdf", ["Full-time employees get 25 days of annual leave."])
    pincite(home, "add", folder)
    answer = pincite(home, "ask", "How many days of annual leave?", "--json")
    identity = answer.split('"id": "')[1].split('"')[0]
    pincite(home, "export", identity, "-o", tmp_path / "pack.html")
    pincite(home, "backup", tmp_path / "backup")

    assert (home / "conversations.sqlite").exists() or (home / "libraries").exists()
    assert len([path for path in home.rglob("*") if path.is_file()]) > 5
    assert is_open(home) == []
    assert stat.S_IMODE((tmp_path / "pack.html").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "Handbook.pdf").stat().st_mode) == 0o644

    # One that was open is closed by the next command.
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)

    pincite(home, "documents")

    assert is_open(home) == []
