"""What is removed leaves no word in any file of the library."""

import random
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from ingest.document.model import Box
from tests.fakes import WordEmbedder
from tests.vectorstore.conftest import OpenLibrary
from vectorstore.images import KnownPicture
from vectorstore.library import Forgotten, Library
from vectorstore.maintenance.rebuild import open_staged
from vectorstore.store import ChromaStore


def invented(random_: random.Random, number: int) -> list[str]:
    """Words that no other text has, not even in part."""
    return ["qx" + "".join(random_.choices("bcdfghjkvwz", k=9)) for _ in range(number)]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """A library of documents that were added in several runs; their words by name."""
    folder, told = tmp_path_factory.mktemp("shelf"), {}
    random_ = random.Random(4)
    with Library(folder / "library", "main", WordEmbedder) as library:
        for run in range(3):
            for number in range(8):
                words = told[f"{run}-{number}.md"] = invented(random_, 120)
                lines = [" ".join(words[at : at + 6]) for at in range(0, 120, 6)]
                text = "# Novel\n\n" + ".\n\n".join(lines)
                (folder / f"{run}-{number}.md").write_text(text)
            library.add(sorted(folder.glob(f"{run}-*.md")))
    return folder, told


@pytest.fixture
def novels(
    shelf: tuple[Path, dict[str, list[str]]], tmp_path: Path, opened: OpenLibrary
) -> dict[str, list[str]]:
    """The documents of the library, by name, with their words."""
    shutil.copytree(shelf[0] / "library", tmp_path / "libraries" / "main")
    with closing(sqlite3.connect(tmp_path / "libraries" / "main" / "catalog.sqlite")) as catalog:
        catalog.execute(
            "UPDATE place SET path = replace(path, ?, ?)", (str(shelf[0]), str(tmp_path))
        )
        catalog.commit()
    for path in shelf[0].glob("*.md"):
        shutil.copy2(path, tmp_path / path.name)
    return shelf[1]


@pytest.fixture
def library(novels: dict[str, list[str]], opened: OpenLibrary) -> Library:
    return opened()


def left(
    folder: Path, words: Iterable[str], chroma: bool = False
) -> set[tuple[str, str]]:  # fmt: skip
    """(file, word) of the words that any file below the folder holds, without their beginning,
    which full-text search shares between neighbours.

    `chroma`: also its files, which hold what stood in the memory of the process that opened them,
    such as these words of ours. Only forgetting has them written by a process that never had them.
    """
    parts = [(word, word[2:].encode()) for word in words]
    found = set()
    for path in folder.rglob("*"):
        if not chroma and path.is_relative_to(folder / "chroma"):
            continue
        data = path.read_bytes() if path.is_file() else b""
        found |= {(path.name, word) for word, part in parts if part in data}
    return found


def words_of(novels: dict[str, list[str]], names: Iterable[str]) -> list[str]:
    return [word for name in names for word in novels[name]]


def test_no_byte_of_a_removed_document_is_left(
    library: Library, novels: dict[str, list[str]]
) -> None:
    gone = random.Random(5).sample(sorted(novels), 9)
    assert len(left(library.folder, words_of(novels, gone))) >= 9 * 120
    assert library.remove(gone) == 9
    assert left(library.folder, words_of(novels, gone)) == set()
    kept = sorted(set(novels) - set(gone))
    for name in kept:
        assert library.search(novels[name][30], k=1)[0].document == name
    assert library.maintenance.verify().mended == ()


def test_documents_whose_files_are_gone_leave_nothing_either(
    library: Library, novels: dict[str, list[str]], tmp_path: Path
) -> None:
    for name in ("0-3.md", "2-1.md"):
        (tmp_path / name).unlink()
    assert sorted(library.sources.prune([tmp_path])) == ["0-3.md", "2-1.md"]
    assert left(library.folder, words_of(novels, ["0-3.md", "2-1.md"])) == set()


def test_a_reader_of_an_older_state_only_delays_it(
    library: Library, novels: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vectorstore.database.sqlite._PATIENCE", 0.2)
    with closing(sqlite3.connect(library.folder / "catalog.sqlite")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM chunk").fetchone()
        library.remove(["1-1.md"])
        assert left(library.folder, novels["1-1.md"])
    library.maintenance.verify()
    assert left(library.folder, novels["1-1.md"]) == set()


def test_an_interrupted_rebuild_keeps_nothing_of_it(
    library: Library, novels: dict[str, list[str]]
) -> None:
    staged = open_staged(library.folder / "rebuilt.sqlite")
    for name, words in novels.items():
        row = library.sha256(name), "text/1", "", " ".join(words).encode(), -1, b""
        staged.write("INSERT INTO made VALUES (?, ?, ?, ?, ?, ?)", *row)
    staged.close()
    library.remove(["2-7.md"])
    assert left(library.folder, novels["2-7.md"]) == set()
    assert left(library.folder, novels["2-6.md"])


def test_pictures_of_it_leave_the_cache(library: Library, novels: dict[str, list[str]]) -> None:
    cache = library.pictures._cache
    cache.keep_to("a", [])
    (sha256, other) = (library.file(name).stem for name in ("0-0.md", "0-1.md"))
    for document, word in ((sha256, "qxzzbbkkvv"), (other, "qxwwjjkkvv")):
        small = b"small " + word.encode()
        cache.put(
            document,
            [KnownPicture(word, document, 1, Box(0, 0, 9, 9), None, word, b"", b"", small)],
        )
    assert library.forget(["0-0.md"]) == Forgotten((sha256,), 1, index=True)
    words = ["qxzzbbkkvv", *novels["0-0.md"]]
    assert left(library.folder, words, chroma=True) == set()
    assert [one.sha256 for one in cache.all()] == [other]


def test_forgetting_takes_the_vectors_out_of_chroma(
    library: Library, novels: dict[str, list[str]], opened: OpenLibrary
) -> None:
    sha256 = library.file("1-2.md").stem
    ids = [id for id in library._catalog.passages.ids() if id.startswith(sha256[:16])]
    (_, vectors) = library._catalog.passages.vectors(ids)
    assert library.forget(["1-2.md"]).index
    library.close()
    assert not (library.folder / "chroma").exists()
    assert opened().search(novels["2-7.md"][30], k=1)[0].document == "2-7.md"
    assert len(vectors) == len(ids) > 0


def test_a_process_that_has_forgotten_opens_chroma_no_more(
    library: Library, novels: dict[str, list[str]], opened: OpenLibrary, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Its memory may hold what was forgotten, and Chroma's files hold what is in that memory."""
    library.forget(["1-1.md"])
    monkeypatch.setattr(ChromaStore, "__init__", None)
    assert library.forget(["1-2.md"]).index
    for used in (library, opened()):
        assert used.search(novels["2-7.md"][30], k=1)[0].document == "2-7.md"
        (tmp_path / "new.md").write_text(f"A word that nobody knows, for {used}.\n")
        used.add([tmp_path / "new.md"])
        assert used.search("nobody knows", k=1)[0].document == "new.md"
        assert used.maintenance.verify().chroma.startswith("left to programs that start later")
        used.close()


def test_passages_keep_their_numbers_when_the_file_is_written_anew(
    library: Library, novels: dict[str, list[str]]
) -> None:
    library.remove(["0-0.md", "1-0.md"])
    database = library._catalog.database
    assert "deleted" not in dict(database.all("SELECT key, value FROM meta"))
    ((last,),) = database.all("SELECT max(rowid) FROM chunk")
    assert last > library._catalog.passages.count()
    for name in ("0-1.md", "2-7.md"):
        assert library.search(novels[name][30], k=1)[0].document == name


def test_what_a_replaced_file_said_is_wiped_with_the_next_removal(
    library: Library, novels: dict[str, list[str]], tmp_path: Path
) -> None:
    (tmp_path / "2-2.md").write_text("Nothing is left of the novel.\n")
    assert library.add([tmp_path / "2-2.md"]).updated == 1
    library.remove(["2-3.md"])
    assert left(library.folder, words_of(novels, ["2-2.md", "2-3.md"])) == set()
