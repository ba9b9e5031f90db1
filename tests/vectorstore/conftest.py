"""A library of a few pages, and a way to do something to it in another process."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library

OpenLibrary = Callable[..., Library]

LEAVE = ["# Leave", "", "Thirty days of leave are paid in a year."]
TRAVEL = ["# Travel", "", "Travel by train; an expense needs a receipt."]
PASSWORD = ["# Security", "", "A password has fourteen letters."]


def write_papers(folder: Path) -> Path:
    """A folder with two PDFs: three pages."""
    write_pdf(folder / "papers" / "Handbook.pdf", LEAVE, TRAVEL)
    write_pdf(folder / "papers" / "Policy.pdf", PASSWORD)
    return folder / "papers"


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the papers lie in every test, and a library of them that was made once."""
    folder = tmp_path_factory.mktemp("desk")
    papers = write_papers(folder)
    with Library(folder / "library", "main", WordEmbedder) as library:
        library.add([papers])
    shutil.copytree(papers, folder / "originals")
    return folder


@pytest.fixture
def papers(desk: Path) -> Path:
    shutil.rmtree(desk / "papers")
    shutil.copytree(desk / "originals", desk / "papers")
    return desk / "papers"


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenLibrary]:
    """Opens the library of the test; all that were opened are closed at the end."""
    libraries: list[Library] = []

    def open_library(**embedder: str) -> Library:
        folder = tmp_path / "libraries" / "main"
        libraries.append(Library(folder, "main", lambda: WordEmbedder(**embedder)))
        return libraries[-1]

    yield open_library
    for library in libraries:
        library.close()


@pytest.fixture
def library(opened: OpenLibrary) -> Library:
    return opened()


@pytest.fixture
def full(desk: Path, papers: Path, opened: OpenLibrary, tmp_path: Path) -> Library:
    """A library with the papers in it."""
    shutil.copytree(desk / "library", tmp_path / "libraries" / "main")
    return opened()


_OTHER = """
import sys
from pathlib import Path
from tests.fakes import WordEmbedder
from vectorstore.library import Library

if __name__ == "__main__":
    with Library(Path(sys.argv[1]), "main", WordEmbedder) as library:
        exec(sys.argv[2])
"""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Callable[[str], "subprocess.Popen[str]"]:
    """Runs statements on `library` in a process of its own."""
    script = tmp_path / "other.py"  # a file, since the sandbox's child imports the main module
    script.write_text(_OTHER)

    def run(statements: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, str(script), str(tmp_path / "libraries" / "main"), statements],
            cwd=PROJECT, env={"PYTHONPATH": str(PROJECT), "PATH": ""}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    return run
