import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ingest.document import Box, Chunk, Document, Line, Page
from tests.conftest import PROJECT
from vectorstore.catalog import Catalog
from vectorstore.errors import HomeNotWritable, LibraryError, UnknownDocument


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog.sqlite", "main")


def document(name: str, *texts: str) -> Document:
    lines = tuple(Line(text, Box(1, 2, 3.25, 4), 11, True) for text in texts)
    return Document(f"{name:0<64}", name, name, (Page(1, 595, 842, lines, pictures=2),))


def put(catalog: Catalog, name: str, *texts: str) -> list[str]:
    """A document with a chunk for each text; the chunks' ids."""
    with catalog.writing() as connection:
        put_within(catalog, connection, name, *texts)
    return [f"{name:0<16}:{number}" for number in range(len(texts))]


def put_within(catalog: Catalog, connection: sqlite3.Connection, name: str, *texts: str) -> None:
    chunks = [Chunk(1, n, n, text, ("Part", name)) for n, text in enumerate(texts)]
    vectors = np.eye(len(texts), 4, dtype=np.float32)
    one = document(name, *texts)
    catalog.put(connection, one, name, "ready", ["Part"], chunks, vectors)
    catalog.put_place(connection, f"/{name}", one.sha256)


def found(catalog: Catalog, query: str) -> list[str]:
    return [id for id, _ in catalog.bm25(query, 9)]


def rows(catalog: Catalog, table: str) -> int:
    with catalog.writing() as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def test_what_was_put_in_comes_out_as_it_was(catalog: Catalog) -> None:
    ids = put(catalog, "a.pdf", "Paid leave.", "Travel by train.")
    assert list(catalog.pages("a.pdf")) == list(
        document("a.pdf", "Paid leave.", "Travel by train.").pages
    )
    chunk = catalog.chunks(ids)[ids[1]]
    assert (chunk.document, chunk.page, chunk.first, chunk.last) == ("a.pdf", 1, 1, 1)
    assert (chunk.headings, chunk.text) == (("Part", "a.pdf"), "Travel by train.")
    found, vectors = catalog.vectors(ids)
    assert dict(zip(found, vectors.tolist(), strict=True)) == {
        ids[0]: [1, 0, 0, 0], ids[1]: [0, 1, 0, 0],
    }  # fmt: skip
    assert catalog.outline("a.pdf") == ["Part"]
    assert catalog.sha256("a.pdf") == f"{'a.pdf':0<64}"


def test_a_transaction_that_fails_leaves_nothing_behind(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "Paid leave.")
    words = rows(catalog, "chunk_words")
    before = catalog.generation(), catalog.ids()
    with pytest.raises(ZeroDivisionError), catalog.writing() as connection:
        put_within(catalog, connection, "b.pdf", "Travel.")
        catalog.delete(connection, "a.pdf")
        raise ZeroDivisionError
    assert (catalog.generation(), catalog.ids()) == before
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
    tables = ("document", "place", "page", "chunk", "chunk_words", "card_words")
    assert {table: rows(catalog, table) for table in tables} == dict.fromkeys(tables, 0)
    with pytest.raises(UnknownDocument):
        catalog.sha256("a.pdf")


def test_words_find_chunks_the_rarer_the_better(catalog: Catalog) -> None:
    leave, travel = put(catalog, "a.pdf", "paid leave for parents", "paid travel by train")
    assert found(catalog, "trains") == [travel]  # by its stem
    assert found(catalog, "PAID leave") == [leave, travel]
    scores = [score for _, score in catalog.bm25("paid leave", 9)]
    assert scores == sorted(scores, reverse=True)
    assert len(catalog.bm25("paid", 1)) == 1


def test_accents_and_fiscal_years_do_not_matter(catalog: Catalog) -> None:
    cafe, year = put(catalog, "a.pdf", "The café is open.", "Revenue of FY18 grew.")
    assert found(catalog, "cafe") == [cafe]
    assert found(catalog, "2018") == found(catalog, "fiscal year 2018") == [year]


@pytest.mark.parametrize("query", ["", " ", "?!", "\"' AND * NEAR(", "a:b", "-x", "^", '"', "NEAR"])
def test_nasty_queries_are_only_words(catalog: Catalog, query: str) -> None:
    put(catalog, "a.pdf", "Paid leave.")
    assert found(catalog, query) == []
    assert catalog.bm25_cards(query) == {}


def test_a_card_has_the_name_in_words_and_the_first_pages(catalog: Catalog) -> None:
    put(catalog, "TravelRules2024.pdf", "Paid leave.")
    put(catalog, "other.pdf", "Something else.")
    for query in ("travel", "2024", "leave", "TravelRules2024"):
        assert list(catalog.bm25_cards(query)) == ["TravelRules2024.pdf"], query


def test_a_document_without_a_place_can_be_dropped(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "x")
    sha256 = catalog.sha256("a.pdf")
    assert catalog.found_at("/a.pdf") == sha256
    with catalog.writing() as connection:
        assert not catalog.drop_placeless(connection, sha256)
        connection.execute("DELETE FROM place")
        assert catalog.drop_placeless(connection, sha256)
    assert not catalog.holds(sha256) and not catalog.has_name("a.pdf")


def test_other_threads_read_while_one_writes(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "x")
    seen: list[int] = []
    with catalog.writing() as connection:
        put_within(catalog, connection, "b.pdf", "y")
        reader = threading.Thread(target=lambda: seen.append(catalog.count()))
        reader.start()
        reader.join(10)
    assert seen == [1]
    assert catalog.count() == 2


_OPEN = """
import sys
from pathlib import Path
from vectorstore.catalog import Catalog
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


def test_a_library_of_another_version_is_told_in_a_sentence(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LibraryError, match=r"a newer version of Pincite \(schema 99"):
        Catalog(tmp_path / "catalog.sqlite", "main")


def test_a_place_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeNotWritable, match="cannot be"):
        Catalog(tmp_path / "file" / "main" / "catalog.sqlite", "main")


def parts(values: Sequence[int]) -> list[str]:
    return [str(value) for value in values]


def test_thousands_of_ids_can_be_asked_for(catalog: Catalog) -> None:
    put(catalog, "a.pdf", "x")
    assert catalog.chunks(parts(range(30_000))) == {}
    assert catalog.chunk_places(parts(range(30_000))) == {}
