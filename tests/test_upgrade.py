"""A home that the wheel of the last release has filled, opened by a version with newer tables."""

import io
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.pdfs import write_pdf

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name == "nt", reason="nothing is killed there by a signal"),
]
TODAY, NEXT = "tests.pincite_with_words", "tests.pincite_of_the_next_version"
SHEET = ("sheet", "--question", "How many days of annual leave?", "-o")
# What gets a table more in the next version, in which file of the home.
FILES = {
    "catalogue": "libraries/main/catalog.sqlite",
    "conversations": "conversations.sqlite",
    "sheets": "sheets.sqlite",
}


def pincite(code: Path, module: str, home: Path, *arguments: object, killed_at: str = "") -> str:
    """What a command prints whose code is in a folder; of one that is killed, nothing."""
    command = [sys.executable, "-P", "-m", module, "--home", str(home), *map(str, arguments)]
    environment = {
        **os.environ, "PYTHONPATH": f"{code}{os.pathsep}{PROJECT}", "KILLED_AT": killed_at,
    }  # fmt: skip
    done = subprocess.run(command, cwd=home.parent, env=environment, capture_output=True, text=True)
    assert done.returncode == (-signal.SIGKILL if killed_at else 0), done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code in the wheel of the last release before this commit. Before the first one, and in
    a clone without its history, in the wheel of this commit."""
    folder = tmp_path_factory.mktemp("released")
    asked = ["git", "describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD^"]
    tag = subprocess.run(asked, cwd=PROJECT, capture_output=True, text=True).stdout.strip()
    packed = ["git", "archive", tag or "HEAD"]
    archive = subprocess.run(packed, cwd=PROJECT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as packed_source:
        packed_source.extractall(folder / "source", filter="data")
    build = [sys.executable, "-m", "uv", "build", "--quiet", "--wheel", "--offline"]
    options = ["--no-build-isolation", "--python", sys.executable, "--out-dir", str(folder)]
    subprocess.run([*build, *options], cwd=folder / "source", check=True)
    zipfile.ZipFile(next(folder.glob("*.whl"))).extractall(folder / "code")
    return folder / "code"


@pytest.fixture(scope="module")
def filled(released: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a document, a conversation and a sheet, and a backup beside it."""
    folder = tmp_path_factory.mktemp("filled")
    write_pdf(folder / "Handbook.pdf", ["Full-time employees get 25 days of annual leave."])
    for arguments in (
        ("add", folder / "Handbook.pdf"),
        ("ask", "--conversation", "leave", "How many days of annual leave?"),
        (*SHEET, folder / "sheet.csv"),
        ("backup", folder / "backup"),
    ):
        pincite(released, TODAY, folder / "home", *arguments)
    return folder


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    """A copy of that home."""
    shutil.copytree(filled / "home", tmp_path / "home")
    return tmp_path / "home"


def shown(code: Path, module: str, home: Path) -> list[str]:
    """What a version shows of a home: its documents, the conversation, the sheet."""
    saved = home.parent / "conversation.md", home.parent / "sheet.csv"
    documents = pincite(code, module, home, "documents", "--json")
    pincite(code, module, home, "export", "--conversation", "leave", "-o", saved[0])
    pincite(code, module, home, *SHEET, saved[1])
    return [documents, *(path.read_text("utf-8") for path in saved)]


def added(home: Path, what: str) -> list[str]:
    """The rows that the step of the next version has left in a file."""
    with closing(sqlite3.connect(home / FILES[what])) as file:
        is_there = f"SELECT 1 FROM sqlite_schema WHERE name = 'of_{what}'"
        rows = (
            file.execute(f"SELECT added FROM of_{what}")
            if file.execute(is_there).fetchone()
            else ()
        )
        return [str(row[0]) for row in rows]


def test_an_upgrade_that_is_killed_again_and_again_loses_nothing(
    released: Path, home: Path
) -> None:
    before = shown(released, TODAY, home)
    assert "25 days" in before[1]
    assert "25 days" in before[2]
    for what, command in {
        "catalogue": ("documents",),
        "conversations": ("export", "--conversation", "leave", "-o", home.parent / "a.md"),
        "sheets": (*SHEET, home.parent / "a.csv"),
    }.items():
        pincite(PROJECT, NEXT, home, *command, killed_at=what)
        assert added(home, what) == []
    assert shown(PROJECT, NEXT, home) == before
    assert [added(home, what) for what in FILES] == [["later"]] * len(FILES)
    with pytest.raises(AssertionError, match="made by another version of Pincite"):
        pincite(released, TODAY, home, "documents")


def test_the_next_version_restores_a_backup_of_before(filled: Path, tmp_path: Path) -> None:
    pincite(PROJECT, NEXT, tmp_path / "home", "restore", filled / "backup")
    asked = "How many days of annual leave?"
    assert "25 days" in pincite(PROJECT, NEXT, tmp_path / "home", "ask", asked)
