"""A catalogue moves to PostgreSQL and back, with all that is in it, or stays where it is."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from tests.fakes import WordEmbedder
from vectorstore.catalog.catalog import CATALOG, Catalog
from vectorstore.database.schema import fingerprints
from vectorstore.errors import LibraryBusy, LibraryError
from vectorstore.library import Library
from vectorstore.opened import FILE, SCHEMA_MARK, drop_catalog
from vectorstore.opened import open_catalog as opened
from vectorstore.team import moving
from vectorstore.team.moving import to_postgres, to_sqlite
from vectorstore.team.postgres import Server


@pytest.fixture
def folder(tmp_path: Path, desk: Path, papers: Path, postgres: Server) -> Iterator[Path]:
    """Of a library with a table, a version and a file that failed."""
    place = tmp_path / "library"
    shutil.copytree(desk / "library", place)
    more = tmp_path / "more"
    more.mkdir()
    (more / "Costs.csv").write_text("Item,Euro,Paid\nTrain,12.5,true\nHotel,1200,false\n")
    (more / "Plan v1.txt").write_text("The plan has two steps for all of us. " * 9)
    (more / "Plan v2.txt").write_text("The plan has two steps for all of us. " * 9 + "Or three.")
    (more / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    with Library(place, "main", WordEmbedder) as library:
        library.add([more])
    yield place
    drop_catalog(place, postgres)


def schemas(server: Server) -> set[str]:
    with server.connect() as connection:
        found = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^pincite_'")
        return {row[0] for row in found}


def contents(folder: Path, server: Server | None = None) -> dict[str, tuple[int, int]]:
    catalog = opened(folder, "main", server)
    with closing(catalog), catalog.database.read() as reading:
        return fingerprints(CATALOG, reading)


def test_it_goes_there_and_comes_back_the_same(folder: Path, postgres: Server) -> None:
    before = contents(folder)
    assert before["job"][0] == 1
    with Library(folder, "main", WordEmbedder) as library:
        here = [(hit.chunk.id, hit.score) for hit in library.passages("train leave password", 9)]
        listed, tables = library.documents(), library.page("Costs.csv", 1).tables
    moved = to_postgres(folder, postgres)
    assert moved and moved.documents == len(listed) and not (folder / FILE).exists()
    with Library(folder, "main", WordEmbedder, catalogue=postgres) as library:
        there = [(hit.chunk.id, hit.score) for hit in library.passages("train leave password", 9)]
        assert [id for id, _ in there] == [id for id, _ in here]
        assert [score for _, score in there] == pytest.approx([score for _, score in here])
        assert library.documents() == listed and library.page("Costs.csv", 1).tables == tables
        assert len(tables[0].rows) == 3
        (folder.parent / "new.txt").write_text("A new document after the move.")
        assert library.add([folder.parent / "new.txt"]).added == 1
        library.remove(["new.txt"])
    assert to_postgres(folder, postgres) is None
    assert to_sqlite(folder, postgres) and not (folder / SCHEMA_MARK).exists()
    after = contents(folder)
    same = set(before) - {"meta", "chunk_words", "card_words"}
    assert {table: after[table] for table in same} == {table: before[table] for table in same}
    assert to_sqlite(folder, postgres) is None


@pytest.mark.parametrize("step", ["mark_schema", "_compared"])
def test_what_interrupts_it_leaves_it_where_it_was(
    folder: Path, postgres: Server, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, had = contents(folder), schemas(postgres)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(moving if step == "_compared" else moving.opened, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            to_postgres(folder, postgres)
    assert contents(folder) == before and schemas(postgres) == had
    assert to_postgres(folder, postgres)
    there = contents(folder, postgres)
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_compared", interrupted)
        with pytest.raises(KeyboardInterrupt):
            to_sqlite(folder, postgres)
    assert contents(folder, postgres) == there and not (folder / FILE).exists()


def test_a_copy_that_differs_is_not_used(
    folder: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = iter([{"page": (3, 1)}, {"page": (2, 1)}])
    monkeypatch.setattr(moving, "fingerprints", lambda *_: next(found))
    before, had = contents(folder), schemas(postgres)
    with pytest.raises(LibraryError, match="differs in page, so it stays where it is"):
        to_postgres(folder, postgres)
    assert contents(folder) == before and schemas(postgres) == had


def test_what_a_killed_move_left_is_removed(folder: Path, postgres: Server) -> None:
    """Killed after it was moved, before the old one was gone; and in the middle of a copy."""
    shutil.copy(folder / FILE, folder / "kept")
    assert to_postgres(folder, postgres)
    (folder / "kept").rename(folder / FILE)
    (folder / "catalog.new.sqlite").write_bytes(b"half of it")
    assert to_postgres(folder, postgres) is None
    assert not (folder / FILE).exists() and not (folder / "catalog.new.sqlite").exists()


def test_who_has_it_open_hears_of_the_move(folder: Path, postgres: Server) -> None:
    with Library(folder, "main", WordEmbedder, vectors=postgres) as library:
        assert library.documents()
        assert to_postgres(folder, postgres)
        with pytest.raises(LibraryError, match="was moved to PostgreSQL meanwhile"):
            library.remove(["Policy.pdf"])


def _until_somebody_waits_for_the_lock(server: Server) -> None:
    end = time.monotonic() + 120
    with server.connect() as connection:
        asked = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        while connection.execute(asked).fetchall() == [(0,)]:
            assert time.monotonic() < end, "nobody waits"
            time.sleep(0.01)


def _delete(catalog: Catalog) -> None:
    with catalog.writing() as connection:
        catalog.delete(connection, "Policy.pdf")


@pytest.mark.parametrize(
    "write", [_delete, lambda catalog: catalog.set_meta("description", "Of the year.")]
)
def test_who_writes_during_the_way_back_hears_of_it(
    folder: Path, postgres: Server, write: Callable[[Catalog], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert to_postgres(folder, postgres)
    catalog = opened(folder, "main", postgres)
    said: list[str] = []

    def waits() -> None:
        try:
            write(catalog)
            said.append("written")
        except LibraryError as error:
            said.append(str(error))

    writer, compared, tidy = threading.Thread(target=waits), moving._compared, moving._tidy_catalog

    def meanwhile(*states: object) -> moving.Moved:
        writer.start()
        _until_somebody_waits_for_the_lock(postgres)
        return compared(*states)  # type: ignore[arg-type]

    def later(*where: object) -> None:
        if writer.ident:
            writer.join()  # the schema is there until the writer has had its turn
        tidy(*where)  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "_compared", meanwhile)
    monkeypatch.setattr(moving, "_tidy_catalog", later)
    assert to_sqlite(folder, postgres)
    again = "was moved to SQLite, or deleted, meanwhile: start again"
    assert len(said) == 1 and again in said[0]
    for late in (write, lambda catalog: catalog.database.note("DELETE FROM job")):
        with pytest.raises(LibraryError, match=again):
            late(catalog)
    catalog.close()


def test_the_mark_is_on_the_disk_before_the_old_catalogue_goes(
    folder: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[int, bool, bool]] = []
    real = os.fsync

    def noted(handle: int) -> None:
        inode = os.fstat(handle).st_ino
        synced.append((inode, (folder / SCHEMA_MARK).exists(), (folder / FILE).exists()))
        real(handle)

    monkeypatch.setattr(os, "fsync", noted)
    assert to_postgres(folder, postgres)
    mark, names = (folder / SCHEMA_MARK).stat().st_ino, folder.stat().st_ino
    assert (mark, False, True) in synced and (names, True, True) in synced
    synced.clear()
    assert to_sqlite(folder, postgres)
    assert (names, False, True) in synced


def test_a_library_in_use_is_not_moved(folder: Path, postgres: Server) -> None:
    with FileLock(folder / "adding.lock"), pytest.raises(LibraryBusy, match="is in use"):
        to_postgres(folder, postgres)
