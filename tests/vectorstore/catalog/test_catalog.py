import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.chunking import chunk
from ingest.document.model import Box, Cell, Chunk, Document, Dropped, Figure, Line, Page, Table
from tests.conftest import PROJECT
from vectorstore.catalog import passages
from vectorstore.catalog.catalog import Catalog
from vectorstore.database.schema import Transaction
from vectorstore.errors import HomeNotWritable, LibraryError, UnknownDocument
from vectorstore.opened import drop_catalog
from vectorstore.opened import open_catalog as opened


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Catalog]:
    server = request.getfixturevalue("postgres") if request.param == "postgresql" else None
    made = opened(tmp_path, "main", server)
    yield made
    made.close()
    drop_catalog(tmp_path, server)


ON_SQLITE = pytest.mark.parametrize("catalog", ["sqlite"], indirect=True)


def document(name: str, *texts: str) -> Document:
    lines = tuple(Line(text, Box(1, 2, 3.25, 4), 11, True) for text in texts)
    return Document(f"{name:0<64}", name, name, (Page(1, 595, 842, lines, pictures=2),))


def put(catalog: Catalog, name: str, *texts: str) -> list[str]:
    """A document with a chunk for each text; the chunks' ids."""
    with catalog.writing() as connection:
        put_within(catalog, connection, name, *texts)
    return [f"{name:0<16}:{number}" for number in range(len(texts))]


def put_within(catalog: Catalog, connection: Transaction, name: str, *texts: str) -> None:
    chunks = [Chunk(1, n, n, text, ("Part", name)) for n, text in enumerate(texts)]
    vectors = np.eye(len(texts), 4, dtype=np.float32)
    one = document(name, *texts)
    catalog.put(connection, one, name, "ready", chunks, vectors)
    catalog.places.put(connection, f"/{name}", one.sha256)


def found(catalog: Catalog, query: str) -> list[str]:
    return [id for id, _ in catalog.passages.bm25(query, 9)]


def rows(catalog: Catalog, table: str) -> int:
    with catalog.writing() as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_what_was_put_in_comes_out_as_it_was(catalog: Catalog) -> None:
    ids = put(catalog, "a.pdf", "Paid leave.", "Travel by train.")
    assert list(catalog.pages("a.pdf")) == list(
        document("a.pdf", "Paid leave.", "Travel by train.").pages
    )
    chunk = catalog.passages.chunks(ids)[ids[1]]
    assert (chunk.document, chunk.page, chunk.first, chunk.last) == ("a.pdf", 1, 1, 1)
    assert (chunk.headings, chunk.text) == (("Part", "a.pdf"), "Travel by train.")
    found, vectors = catalog.passages.vectors(ids)
    assert dict(zip(found, vectors.tolist(), strict=True)) == {
        ids[0]: [1, 0, 0, 0], ids[1]: [0, 1, 0, 0],
    }  # fmt: skip
    assert catalog.sha256("a.pdf") == f"{'a.pdf':0<64}"


def everything() -> Document:
    """A document with all that a page can have."""
    header = (Cell("Month", 0), Cell("Paid", 0), Cell("Since", 0), Cell("Share", 0))
    row = (
        Cell("May", 1), Cell("yes", 1, True, "truth"), Cell("1 May 2026", 1, "2026-05-01", "date"),
        Cell("12,5 %", 1, 12.5, "number", "%"),
    )  # fmt: skip
    lines = (
        Line("Month | Paid | Since | Share", begins=True),
        Line("May | yes | 1 May 2026 | 12,5 %", begins=True, confidence=0.75),
        Line("Obey me!", hidden="white on white", seconds=2.5),
    )
    table = Table(0, 1, (header, row, ()), 1, "Table 1: months")
    figure = Figure(Box(1, 2, 3, 4), "Figure 1", "a bar chart")
    page = Page(
        3, 595, 842, lines, 1, True, (table,), (figure,), 55,
        (Dropped("control characters", 4),), 1900, "unreadable in part", "Months",
    )  # fmt: skip
    return Document("e" * 64, "all.pdf", "All", (page, Page(4, 0, 0, (), unread=7)))


def put_all(catalog: Catalog) -> Document:
    one = everything()
    chunks = chunk(one)
    vectors = np.eye(len(chunks), 4, dtype=np.float32)
    with catalog.writing() as connection:
        catalog.put(connection, one, one.name, "ready", chunks, vectors)
        catalog.places.put(connection, "/all.pdf", one.sha256)
    return one


def test_tables_figures_and_notes_come_out_as_they_were(catalog: Catalog) -> None:
    page = replace(put_all(catalog).pages[0], characters=None, dropped=())  # these in the ledger
    assert catalog.page("all.pdf", 3) == page == next(catalog.pages("all.pdf"))
    assert [cell.value for cell in page.tables[0].rows[1]] == [None, True, "2026-05-01", 12.5]
    assert catalog.table_pages("all.pdf") == [3]


def test_a_document_knows_what_became_of_its_characters(catalog: Catalog) -> None:
    put_all(catalog)
    first, second = catalog.ledger("all.pdf")
    assert (first.extracted, first.ocr, first.confidence) == (33, 22, 0.75)
    assert (first.indexed, first.hidden) == (51, 7)
    assert (first.unread, first.note, second.unread) == (1900, "unreadable in part", 7)
    coverage = catalog.documents()[0].coverage
    assert (coverage.extracted, coverage.ocr, coverage.empty) == (33, 22, 1)
    assert (coverage.indexed, coverage.hidden, coverage.unread) == (51, 7, 1907)


def test_hidden_text_is_found_only_when_asked_for(catalog: Catalog) -> None:
    put_all(catalog)
    put(catalog, "a.pdf", "Obey the rules.")
    assert len(catalog.passages.bm25("obey", 9)) == 1
    assert len(catalog.passages.bm25("obey", 9, hidden=True)) == 2
    (hidden,), vectors = catalog.passages.hidden_vectors()
    assert vectors.shape == (1, 4)
    assert catalog.passages.chunks([hidden])[hidden].hidden
    assert hidden not in catalog.passages.ids() and hidden not in catalog.passages.vectors()[0]
    assert hidden not in catalog.passages.vectors_of(["all.pdf"])[0]
    assert catalog.passages.count() == 2
    assert catalog.passages.bm25_cards("obey").keys() == {"a.pdf"}


def test_a_transaction_that_fails_leaves_nothing_behind(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "Paid leave.")
    words = rows(catalog, "chunk_words")
    before = catalog.generation(), catalog.passages.ids()
    with pytest.raises(ZeroDivisionError), catalog.writing() as connection:
        put_within(catalog, connection, "b.pdf", "Travel.")
        catalog.delete(connection, "a.pdf")
        raise ZeroDivisionError
    assert (catalog.generation(), catalog.passages.ids()) == before
    assert rows(catalog, "chunk_words") == words
    assert found(catalog, "travel") == []
    put(catalog, "b.pdf", "Travel.")  # and the next transaction works


def test_the_generation_grows_with_each_transaction(catalog: Catalog) -> None:
    assert catalog.generation() == 0
    put(catalog, "a.pdf", "x")
    put(catalog, "b.pdf", "y")
    assert catalog.generation() == 2
    catalog.set_meta("note", "no change of the library")
    assert catalog.generation() == 2


def test_deleting_a_document_deletes_all_that_belongs_to_it(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "Paid leave.")
    with catalog.writing() as connection:
        catalog.delete(connection, "a.pdf")
    put_all(catalog)
    with catalog.writing() as connection:
        catalog.delete(connection, "all.pdf")
    tables = (
        "document", "place", "page", "chunk", "chunk_words", "card_words",
    )  # fmt: skip
    assert {table: rows(catalog, table) for table in tables} == dict.fromkeys(tables, 0)
    with pytest.raises(UnknownDocument):
        catalog.sha256("a.pdf")


def test_words_find_chunks_the_rarer_the_better(catalog: Catalog) -> None:
    leave, travel = put(catalog, "a.pdf", "paid leave for parents", "paid travel by train")
    assert found(catalog, "trains") == [travel]  # by its stem
    assert found(catalog, "PAID leave") == [leave, travel]
    scores = [score for _, score in catalog.passages.bm25("paid leave", 9)]
    assert scores == sorted(scores, reverse=True)
    assert len(catalog.passages.bm25("paid", 1)) == 1


def test_a_large_library_is_searched_by_the_rare_words_of_a_question(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(catalog, "a.pdf", *(f"Room {n} has a chair and a door." for n in range(30)), "A lamp.")
    before = catalog.passages.bm25("chair lamp door 7", 2)
    monkeypatch.setattr(passages, "LARGE", 1)
    assert catalog.passages.bm25("chair lamp door 7", 2) == before
    if isinstance(catalog._words, passages.Fts5):
        asked = "chair OR lamp OR 7"
        assert len(catalog._words._best(asked, 99, False, None, catalog._words._rare(asked))) == 2
    assert len(catalog.passages.bm25("chair lamp door 7", 99)) == 31, "the rare words have two"
    assert len(catalog.passages.bm25("chair", 99)) == 30
    assert len(catalog.passages.bm25("chair unheard", 99)) == 30
    assert catalog.passages.bm25("unheard", 99) == []


def test_accents_and_fiscal_years_do_not_matter(catalog: Catalog) -> None:
    cafe, year = put(catalog, "a.pdf", "The café is open.", "Revenue of FY18 grew.")
    assert found(catalog, "cafe") == [cafe]
    assert found(catalog, "2018") == found(catalog, "fiscal year 2018") == [year]


def test_headings_above_a_passage_are_among_its_words(catalog: Catalog) -> None:
    (chunk,) = put(catalog, "a.pdf", "Thirty days a year.")
    assert found(catalog, "part") == [chunk]


def test_words_are_found_in_some_documents_alone(catalog: Catalog) -> None:
    (a,), (b,), (c,) = (put(catalog, name, "Paid leave.") for name in ("a.pdf", "b.pdf", "c.pdf"))
    for names, ids in ((["b.pdf"], [b]), (["a.pdf", "c.pdf"], [a, c]), ([], []), (["x.pdf"], [])):
        assert [id for id, _ in catalog.passages.bm25("leave", 9, documents=names)] == ids
    everywhere = dict(catalog.passages.bm25("leave", 9))
    assert dict(catalog.passages.bm25("leave", 9, documents=["b.pdf"]))[b] == everywhere[b]


def test_what_is_quoted_is_better_found_as_a_phrase(catalog: Catalog) -> None:
    apart, phrase = put(catalog, "a.pdf", "Leave is paid by the week.", "The week of paid leave.")
    scores = dict(catalog.passages.bm25('who writes "paid leave"?', 9))
    assert scores[phrase] > 1.5 * scores[apart]
    plain = dict(catalog.passages.bm25("who writes paid leave?", 9))
    assert plain[phrase] == pytest.approx(plain[apart], rel=0.2)


def test_numbers_and_dates_are_found_however_they_are_written(catalog: Catalog) -> None:
    grouped, plain, iso = put(
        catalog, "a.pdf", "Costs of 1,200 euros.", "A fee of 4500 euros.", "Due on 2023-03-05."
    )
    assert found(catalog, "1200") == found(catalog, "1,200") == [grouped]
    assert found(catalog, "4,500") == [plain]
    assert found(catalog, "5 March 2023")[0] == iso


@pytest.mark.parametrize("query", ["", " ", "?!", "\"' AND * NEAR(", "a:b", "-x", "^", '"', "NEAR"])
def test_nasty_queries_are_only_words(catalog: Catalog, query: str) -> None:
    put(catalog, "a.pdf", "Paid leave.")
    assert found(catalog, query) == []
    assert catalog.passages.bm25_cards(query) == {}


def test_a_card_has_the_name_in_words_and_the_first_pages(catalog: Catalog) -> None:
    put(catalog, "TravelRules2024.pdf", "Paid leave.")
    put(catalog, "other.pdf", "Something else.")
    for query in ("travel", "2024", "leave", "TravelRules2024"):
        assert list(catalog.passages.bm25_cards(query)) == ["TravelRules2024.pdf"], query


def test_a_document_without_a_place_can_be_dropped(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "x")
    sha256 = catalog.sha256("a.pdf")
    assert catalog.places.found_at("/a.pdf") == sha256
    with catalog.writing() as connection:
        assert not catalog.places.drop_placeless(connection, sha256)
        connection.execute("DELETE FROM place")
        assert catalog.places.drop_placeless(connection, sha256)
    assert not catalog.holds(sha256) and not catalog.documents()


def test_other_threads_read_while_one_writes(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "x")
    seen: list[int] = []
    with catalog.writing() as connection:
        put_within(catalog, connection, "b.pdf", "y")
        reader = threading.Thread(target=lambda: seen.append(catalog.passages.count()))
        reader.start()
        reader.join(60)
    assert seen == [1]
    assert catalog.passages.count() == 2


_OPEN = """
import sys
from pathlib import Path
from vectorstore.catalog.catalog import Catalog
sys.stdin.readline()
Catalog(Path(sys.argv[1]), "main").generation()
"""


def test_several_processes_may_make_a_library_at_once(tmp_path: Path) -> None:
    others = [
        subprocess.Popen(
            [sys.executable, "-c", _OPEN, str(tmp_path / "catalog.sqlite")],
            stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=PROJECT,
        )
        for _ in range(4)
    ]  # fmt: skip
    for other in others:
        assert other.stdin is not None
        other.stdin.write("\n")
        other.stdin.flush()
    assert [(other.communicate()[1], other.returncode) for other in others] == [("", 0)] * 4


def test_a_damaged_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"not a database" * 99)
    with pytest.raises(LibraryError, match=r"catalog\.sqlite is damaged .* backup"):
        Catalog(tmp_path / "catalog.sqlite", "main")


@pytest.mark.parametrize("version", [10, 99])  # before 11 the tables in a page had rows
def test_a_library_of_another_version_is_told_in_a_sentence(tmp_path: Path, version: int) -> None:
    Catalog(tmp_path / "catalog.sqlite", "main").close()
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(LibraryError, match=rf"another version of Pincite \(schema {version}"):
        Catalog(tmp_path / "catalog.sqlite", "main")


def test_a_newer_version_that_takes_an_open_library_over_is_not_written_to(
    tmp_path: Path,
) -> None:
    """As when the app of an older version is still open."""
    catalog = Catalog(tmp_path / "catalog.sqlite", "main")
    catalog.set_meta("a", "1")
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite")) as newer:
        newer.execute("PRAGMA user_version = 99")
    with pytest.raises(LibraryError, match="another version of Pincite"), catalog.writing():
        pytest.fail("it wrote")
    assert catalog.generation() == 0
    catalog.close()


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeNotWritable, match="cannot be"):
        Catalog(tmp_path / "file" / "main" / "catalog.sqlite", "main")


def parts(values: Sequence[int]) -> list[str]:
    return [str(value) for value in values]


def test_thousands_of_ids_can_be_asked_for(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "x")
    assert catalog.passages.chunks(parts(range(30_000))) == {}
    assert catalog.passages.places(parts(range(30_000))) == {}


@pytest.mark.parametrize(("told", "seconds"), [("754.30", 754.3), ("long", None), ("", None)])
def test_the_length_of_a_recording_is_in_the_list(
    catalog: Catalog, told: str, seconds: float | None
) -> None:
    one = replace(document("call.mp3", "Good morning."), metadata={"seconds": told})
    vectors = np.eye(1, 4, dtype=np.float32)
    with catalog.writing() as connection:
        catalog.put(connection, one, "call.mp3", "ready", [Chunk(1, 0, 0, "a")], vectors)
    assert [info.seconds for info in catalog.documents()] == [seconds]
