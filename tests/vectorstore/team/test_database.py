"""A catalogue in a real PostgreSQL: what differs from SQLite, and that nothing else does."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ingest.language import words
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from tests.servers.postgres_process import PostgresProcess
from tests.vectorstore.catalog.test_catalog import put
from vectorstore.catalog.catalog import CATALOG, Catalog
from vectorstore.errors import LibraryAway, LibraryError
from vectorstore.library import Library
from vectorstore.opened import SCHEMA_MARK, drop_catalog
from vectorstore.opened import open_catalog as opened
from vectorstore.team.postgres import Server
from vectorstore.team.postgres_catalog import Bm25

TEXTS = (
    "Employees employ an employee; 30 days of paid leave, and 3.5 % more.",
    "The leave of 1,200 EUR is paid in March 2024.",
    "Travel by train: a café in Zürich, 1200 metres high.",
    "An annual report of FY18; the report is annual.",
    "paid paid paid leave in the annual report of the company",
)


@pytest.fixture
def both(tmp_path: Path, postgres: Server) -> Iterator[tuple[Catalog, Catalog]]:
    """The same documents in SQLite and in PostgreSQL."""
    made = [opened(tmp_path / "here", "main"), opened(tmp_path / "there", "main", postgres)]
    for catalog in made:
        for number, text in enumerate(TEXTS):
            put(catalog, f"{number}.pdf", text, f"Page {number} of the company.")
    yield made[0], made[1]
    for catalog in made:
        catalog.close()
    drop_catalog(tmp_path / "there", postgres)


@pytest.mark.parametrize(
    "query",
    ["employee leave", "1,200 EUR", '"annual report"', "3.5 percent", "café zurich", "2018",
     "what is paid to employees in the annual report?", "nothing-of-the-kind", "company"],
)  # fmt: skip
def test_words_have_the_same_scores_as_in_sqlite(both: tuple[Catalog, Catalog], query: str) -> None:
    here, there = (catalog.passages.bm25(query, 99) for catalog in both)
    assert dict(there) == pytest.approx(dict(here), rel=1e-6)
    assert len(here) > 0 or query == "nothing-of-the-kind"
    few = {"1.pdf", "4.pdf"}
    here, there = (catalog.passages.bm25(query, 99, documents=few) for catalog in both)
    assert dict(there) == pytest.approx(dict(here), rel=1e-6)
    here_too, there_too = (catalog.passages.bm25_cards(query) for catalog in both)
    assert there_too == pytest.approx(here_too, rel=1e-6)
    id = f"{'0.pdf':0<16}:0"
    shares = [catalog.passages.share_of_words(query, id) for catalog in both]
    counts = [catalog.passages.stating(words.content_words(query)[0]) for catalog in both]
    assert shares[0] == shares[1] and counts[0] == counts[1]


def test_words_are_found_while_others_add(
    both: tuple[Catalog, Catalog], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a word may stand in more passages than were counted a moment ago."""
    _, there = both
    monkeypatch.setattr(Bm25, "_size", lambda *_: (1, 5.0))
    assert len(there.passages.bm25("annual paid leave", 9)) == 4


def test_both_have_the_same_tables_and_columns(both: tuple[Catalog, Catalog]) -> None:
    here_, there_ = (catalog.database for catalog in both)
    names = "SELECT column_name FROM information_schema.columns WHERE table_name = ?"
    for table, columns in CATALOG.tables.items():
        here = [name for (name,) in here_.all("SELECT name FROM pragma_table_info(?)", table)]
        there = [name for (name,) in there_.all(names, table)]
        assert set(there) - {"terms", "length"} | {"rowid"} == {*here, "rowid"}, table
        assert {*columns.all, "rowid"} == {*here, "rowid"}, table  # none is left behind


def test_what_goes_takes_its_words_with_it(both: tuple[Catalog, Catalog]) -> None:
    _, there = both
    with there.writing() as connection:
        there.delete(connection, "0.pdf")
    there.wipe()
    assert there.passages.bm25("employee", 9) == []
    left = there.database.all("SELECT count(*) FROM posting WHERE term = 'employe'")
    assert left == [(0,)] and there.meta("deleted") is None


def test_writers_take_turns(tmp_path: Path, postgres: Server) -> None:
    catalogs = [opened(tmp_path, "main", postgres) for _ in range(4)]

    def write(catalog: Catalog, own: int) -> None:
        for number in range(5):
            put(catalog, f"{own}-{number}.pdf", f"Text {number} of {own}.")

    threads = [
        threading.Thread(target=write, args=(catalog, own)) for own, catalog in enumerate(catalogs)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert catalogs[0].size() == (20, 20)
    assert catalogs[0].generation() == 20, "each change is counted, and none twice"
    for catalog in catalogs:
        catalog.close()
    drop_catalog(tmp_path, postgres)


def test_a_restart_is_not_noticed_by_who_reads_and_said_to_who_writes(
    tmp_path: Path, postgres_process: PostgresProcess
) -> None:
    server = Server(postgres_process.address)
    catalog = opened(tmp_path, "main", server)
    put(catalog, "a.pdf", "Paid leave.")
    postgres_process.end("immediate")
    try:
        with pytest.raises(LibraryAway, match="does not answer: start it") as raised:
            catalog.documents()
        assert "\n" not in str(raised.value)
        postgres_process.start()
        assert [info.document for info in catalog.documents()] == ["a.pdf"]
        with pytest.raises(LibraryAway), catalog.writing() as connection:
            catalog.delete(connection, "a.pdf")
            postgres_process.end("immediate")
            connection.execute("SELECT 1")
    finally:
        if not postgres_process.running():
            postgres_process.start()
    assert catalog.size() == (1, 1), "half a change is none"
    catalog.close()
    drop_catalog(tmp_path, server)


def _with_idle_connections(catalog: Catalog, number: int) -> None:
    """So many threads use it at once, each with its own; all are kept for the next use."""
    together = threading.Barrier(number)

    def use() -> None:
        with catalog.database.read() as reading:
            reading.execute("SELECT 1")
            together.wait(60)

    threads = [threading.Thread(target=use) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_connection_in_use_is_closed_after_its_use_when_all_are_closed(
    both: tuple[Catalog, Catalog],
) -> None:
    connections = both[1].database._connections  # type: ignore[attr-defined]
    with connections.one() as used:
        connections.close()
        assert not used.closed
    assert used.closed and not connections._idle
    with connections.one() as used:
        pass
    assert not used.closed


def test_after_a_restart_the_first_request_is_answered_whatever_it_is(
    tmp_path: Path, postgres_process: PostgresProcess
) -> None:
    server = Server(postgres_process.address)
    with ExitStack() as stack:
        reads, writes, notes = (opened(tmp_path, "main", server) for _ in range(3))
        for catalog in (reads, writes, notes):
            stack.callback(catalog.close)
            _with_idle_connections(catalog, 3)
        postgres_process.end("immediate")
        postgres_process.start()
        assert reads.documents() == []
        put(writes, "a.pdf", "Paid leave.")
        notes.database.note("UPDATE document SET status = 'noted'")
        with notes.database.read() as reading:
            assert reading.execute("SELECT status FROM document").fetchall() == [("noted",)]
    drop_catalog(tmp_path, server)


def test_a_library_that_is_not_where_it_was_is_not_an_empty_one(
    tmp_path: Path, postgres: Server
) -> None:
    opened(tmp_path, "main", postgres).close()
    drop_catalog(tmp_path, postgres)
    with pytest.raises(LibraryError, match="names another database than before"):
        opened(tmp_path, "main", postgres)
    with pytest.raises(LibraryError, match="no setting says where"):
        opened(tmp_path, "main")
    (tmp_path / SCHEMA_MARK).unlink()
    opened(tmp_path, "main").close()
    with pytest.raises(LibraryError, match="migrate-home postgresql"):
        opened(tmp_path, "main", postgres)


def test_a_library_lives_in_postgresql(tmp_path: Path, postgres: Server, papers: Path) -> None:
    """Add, search, read with another chunker's leftovers, back up, restore, rebuild, verify."""
    folder = tmp_path / "library"
    with Library(folder, "main", WordEmbedder, catalogue=postgres) as library:
        assert library.add([papers]).added == 2
        assert library.search("password letters", 1)[0].document == "Policy.pdf"
        backup = tmp_path / "backup.zip"
        assert library.maintenance.back_up(backup).documents == 2
        library.remove(["Policy.pdf"])
        assert library.search("password letters", 1)[0].document == "Handbook.pdf"
        assert library.maintenance.restore(backup).documents == 2
        assert library.search("password letters", 1)[0].document == "Policy.pdf"
        assert library.maintenance.verify().lost_files == ()
    other = WordEmbedder(identity="other")
    with Library(folder, "main", lambda: other, catalogue=postgres) as library:
        assert library.embedders.why()
        assert library.maintenance.rebuild() == 3
        assert library.search("password letters", 1)[0].document == "Policy.pdf"
        assert not library.embedders.why()
    drop_catalog(folder, postgres)
    with postgres.connect() as connection:
        schemas = connection.execute("SELECT nspname FROM pg_namespace").fetchall()
    assert not [name for (name,) in schemas if name.endswith("_next")]


def test_a_library_with_versions_is_restored(tmp_path: Path, postgres: Server) -> None:
    folder, backup, rules = tmp_path / "library", tmp_path / "backup.zip", tmp_path / "in"
    lines = [f"Rule {number}: a laptop is returned before noon." for number in range(30)]
    with Library(folder, "main", WordEmbedder, catalogue=postgres) as library:
        for number in (3, 1, 2):
            more = [f"Rule {30 + n}: no stickers on it." for n in range(number)]
            write_pdf(rules / f"Laptops v{number}.pdf", [*lines, *more])
            library.add([rules])
        before = library.documents()
        assert [info.superseded_by for info in before] == ["Laptops v2.pdf", "Laptops v3.pdf", None]
        library.maintenance.back_up(backup)
        assert library.maintenance.restore(backup).documents == 3
        assert library.documents() == before
    drop_catalog(folder, postgres)
