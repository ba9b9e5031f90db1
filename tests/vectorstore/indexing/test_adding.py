"""What happens when files or another process change something in the middle of a run."""

import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from ingest.document.source import Engines
from tests.fakes import WordEmbedder
from vectorstore.add_report import AddProgress, AddSummary
from vectorstore.catalog.catalog import Catalog
from vectorstore.copies import Files
from vectorstore.errors import EmbedderMismatch
from vectorstore.library import Library
from vectorstore.maintenance.rebuild import Migration
from vectorstore.store import Vectors

Opened = Callable[[Callable[[], None]], Library]


class Interrupted(WordEmbedder):
    """Something happens while it embeds the first document."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens: Callable[[], None] | None = happens

    def passages(self, texts: Sequence[str]) -> Vectors:
        if self._happens:
            self._happens()
            self._happens = None
        return super().passages(texts)


def add(folder: Path, papers: Path, happens: Callable[[], None]) -> AddSummary:
    with Library(folder, "main", lambda: Interrupted(happens)) as library:
        return library.add([papers])


def copies(folder: Path) -> int:
    return sum(1 for _ in (folder / "files").glob("*"))


def test_a_file_that_vanishes_while_it_is_embedded_costs_only_itself(
    tmp_path: Path, papers: Path
) -> None:
    summary = add(tmp_path / "library", papers, (papers / "Handbook.pdf").unlink)
    assert summary.added == 1
    assert [failure.error for failure in summary.failed] == [
        "Handbook.pdf cannot be opened: No such file or directory."
    ]


def test_a_file_that_is_saved_while_it_is_embedded_is_named(tmp_path: Path, papers: Path) -> None:
    handbook = papers / "Handbook.pdf"
    summary = add(tmp_path / "library", papers, lambda: handbook.write_bytes(b"%PDF") and None)
    assert [failure.error for failure in summary.failed] == [
        "Handbook.pdf changed while it was read. Add it again."
    ]
    assert copies(tmp_path / "library") == 1


def test_whatever_fails_in_the_catalogue_leaves_no_copy_behind(
    tmp_path: Path, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("vectorstore.catalog.rows.insert_document", fail)
    with pytest.raises(ZeroDivisionError):
        add(tmp_path / "library", papers, lambda: None)
    assert copies(tmp_path / "library") == 0


def test_vectors_of_the_old_model_are_refused_when_a_rebuild_was_quicker(
    tmp_path: Path, papers: Path
) -> None:
    folder = tmp_path / "library"

    def rebuild() -> None:
        Catalog(folder / "catalog.sqlite", "main").set_meta("made_by", "other/1")

    with pytest.raises(EmbedderMismatch, match="rebuilt with other/1 meanwhile"):
        add(folder, papers, rebuild)
    assert Catalog(folder / "catalog.sqlite", "main").documents() == []
    assert copies(folder) == 0


class Quicker(Catalog):
    """Another process adds a file just before this one begins to write."""

    happens: Callable[[], object] | None = None

    def writing(self) -> AbstractContextManager[sqlite3.Connection]:
        if self.happens:
            self.happens()
            self.happens = None
        return super().writing()


def test_a_rebuild_includes_what_was_added_just_before(tmp_path: Path, papers: Path) -> None:
    folder = tmp_path / "library"
    catalog = Quicker(folder / "catalog.sqlite", "main")
    catalog.happens = lambda: add(folder, papers, lambda: None)
    read: list[AddProgress] = []
    other = WordEmbedder(identity="other")
    staged = folder / "rebuilt.sqlite"
    files = Files(folder)
    Migration(catalog, files, staged, other, Engines(), read.append, threading.Event()).run()
    assert list(dict.fromkeys(step.file for step in read)) == ["Handbook.pdf", "Policy.pdf"]
    assert not staged.exists()
