"""Vectors in a real PostgreSQL: filled once, read by several, not missed while it is away."""

import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from assistant.libraries.libraries import delete, make, rename, undo
from assistant.settings import Settings
from tests.fakes import WordEmbedder
from tests.servers.postgres_process import PostgresProcess
from tests.vectorstore.test_dense import EMBEDDER, nearest, put, serves
from vectorstore.catalog.catalog import Catalog
from vectorstore.library import Library
from vectorstore.team import served_vectors
from vectorstore.team.postgres import Server
from vectorstore.team.served_vectors import ServedIndex

Opened = Callable[[], ServedIndex]


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite", "main")


@pytest.fixture
def opened(catalog: Catalog, tmp_path: Path, pgvector: Server) -> Iterator[Opened]:
    indexes: list[ServedIndex] = []

    def open_index() -> ServedIndex:
        indexes.append(ServedIndex(catalog, tmp_path / "chroma", pgvector))
        return indexes[-1]

    yield open_index
    for index in indexes:
        index.close()


def test_what_one_fills_all_read(catalog: Catalog, opened: Opened) -> None:
    writer, reader = opened(), opened()
    ids = put(catalog, "leave", "travel")
    assert not serves(reader, catalog) and nearest(reader, "leave") == f"{'leave':x<16}:0"
    assert writer.sync()
    assert serves(reader, catalog) and reader.ids() == ids
    assert nearest(reader, "travel") == f"{'travel':x<16}:0"
    put(catalog, "password")
    assert not serves(reader, catalog)
    assert nearest(reader, "password") == f"{'password':x<16}:0", "the scan finds what is new"
    assert reader.sync() and serves(writer, catalog)


def test_one_fills_at_a_time(catalog: Catalog, opened: Opened, tmp_path: Path) -> None:
    index = opened()
    put(catalog, "leave")
    with FileLock(tmp_path / "chroma.lock"):
        assert not index.sync() and not index.clear()
        assert index.why == "being filled by another process"
    assert index.sync() and serves(index, catalog)


def test_a_writer_that_was_killed_leaves_nothing_wrong(catalog: Catalog, opened: Opened) -> None:
    index = opened()
    put(catalog, "leave", "travel")
    index.sync()
    server = index.current(catalog.generation())
    assert server
    server.say(-1, catalog.made())
    server.remove([f"{'leave':x<16}:0"])
    other = opened()
    assert not serves(other, catalog) and nearest(other, "leave") == f"{'leave':x<16}:0"
    assert other.sync() and serves(other, catalog) and len(other.ids()) == 2


def test_vectors_of_another_model_are_replaced(catalog: Catalog, opened: Opened) -> None:
    index = opened()
    put(catalog, "leave")
    index.sync()
    catalog.set_meta("made_by", "another model")
    with catalog.writing() as connection:  # the generation grows
        turned = (-EMBEDDER.passages(["leave"])[0]).tobytes()
        connection.execute("UPDATE chunk SET vector = ?", (turned,))
    assert index.sync()
    server = index.current(catalog.generation())
    assert server and server.nearest(EMBEDDER.query("leave"), 1)[0][1] < 0


def test_an_index_is_filled_again(catalog: Catalog, opened: Opened) -> None:
    index, reader = opened(), opened()
    put(catalog, "leave")
    assert index.sync() and serves(reader, catalog)
    assert index.clear() and index.sync() and index.ids() == {f"{'leave':x<16}:0"}
    assert nearest(reader, "leave") == f"{'leave':x<16}:0", "its schema has gone"


def test_a_server_that_goes_and_comes_back_is_not_missed(
    catalog: Catalog, opened: Opened, pgvector: Server, postgres_process: PostgresProcess,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(served_vectors, "_PAUSE", 0.0)
    try:
        index = opened()
        put(catalog, "leave")
        assert index.sync()
        postgres_process.end()
        with caplog.at_level(logging.WARNING):
            assert nearest(index, "leave") == f"{'leave':x<16}:0"
        assert f"The PostgreSQL server at {pgvector.place} does not answer" in caplog.text
        put(catalog, "travel")
        assert not index.sync() and "does not answer" in index.why
        assert nearest(index, "travel") == f"{'travel':x<16}:0"
        postgres_process.start()
        assert index.sync() and serves(index, catalog) and len(index.ids()) == 2
    finally:
        if not postgres_process.running():
            postgres_process.start()


def test_two_homes_share_a_server(tmp_path: Path, pgvector: Server) -> None:
    found = []
    for name in ("one", "two"):
        catalog = Catalog(tmp_path / name / "catalog.sqlite", "main")
        index = ServedIndex(catalog, tmp_path / name / "chroma", pgvector)
        put(catalog, name)
        assert index.sync()
        found.append(index.ids())
        index.close()
    assert found == [{f"{'one':x<16}:0"}, {f"{'two':x<16}:0"}]


def test_a_library_searches_while_another_adds(tmp_path: Path, pgvector: Server) -> None:
    def library() -> Library:
        return Library(tmp_path / "library", "main", WordEmbedder, vectors=pgvector)

    wrong: list[str] = []
    ended = threading.Event()

    def search() -> None:
        with library() as mine:
            while not ended.is_set():
                if mine.documents():
                    [hit] = mine.search("alpha leave", 1)
                    wrong.extend([hit.document] if hit.document != "alpha.txt" else [])

    with library() as writer:
        (tmp_path / "alpha.txt").write_text("The alpha leave has thirty days.")
        writer.add([tmp_path / "alpha.txt"])
        readers = [threading.Thread(target=search) for _ in range(3)]
        for thread in readers:
            thread.start()
        for number in range(5):
            (tmp_path / f"{number}.txt").write_text(f"The number {number} travels by train.")
            writer.add([tmp_path / f"{number}.txt"])
        ended.set()
        for thread in readers:
            thread.join()
        assert wrong == []
        assert writer.maintenance.verify().chroma == "complete"
        assert not (tmp_path / "library" / "chroma").exists()


def test_a_server_that_dies_after_it_was_filled_has_no_ids(
    catalog: Catalog, opened: Opened, postgres_process: PostgresProcess
) -> None:
    index = opened()
    put(catalog, "leave")
    assert index.sync()
    postgres_process.end()
    try:
        assert index.ids() == set() and "does not answer" in index.why
        assert not index.clear() and "does not answer" in index.why  # within its pause
    finally:
        postgres_process.start()


def test_a_library_that_is_renamed_or_deleted_leaves_no_vectors(
    tmp_path: Path, pgvector: Server
) -> None:
    settings = Settings(home=tmp_path, vectors=pgvector.address)
    make(settings, "north")

    def ids(of: str, at: str, fill: bool = False) -> set[str]:
        """What is on the server of a library in a folder."""
        catalog = Catalog(settings.libraries_folder / of / "catalog.sqlite", of)
        index = ServedIndex(catalog, settings.libraries_folder / at / "chroma", pgvector)
        if fill:
            put(catalog, *() if catalog.documents() else ("leave",))
            assert index.sync()
        found = index.ids()
        index.close()
        catalog.close()
        return found

    assert ids("north", "north", fill=True)
    rename(settings, "north", "south")
    assert ids("south", "north") == set()
    assert ids("south", "south", fill=True)
    undo(settings, delete(settings, "south"))
    assert ids("south", "south") == set()


def test_processes_that_begin_at_once_share_a_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (Catalog(tmp_path / "catalog.sqlite", "main") for _ in range(2))
    ask = other.meta

    def late(key: str) -> str | None:
        """The other one writes between the question and the answer."""
        found = ask(key)
        one.identity()
        return found

    monkeypatch.setattr(other, "meta", late)
    assert other.identity() == one.identity()
