"""The index of words of large libraries: it finds what the catalogue finds, follows each change,
and keeps nothing of what was removed.
"""

import hashlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from ingest.document.model import Box, Chunk, Document, Line, Page
from ingest.language import words
from tests.fakes import WordEmbedder
from vectorstore import word_index
from vectorstore.catalog.catalog import Catalog
from vectorstore.library import Library
from vectorstore.word_index import WordIndex

tantivy = pytest.importorskip("tantivy", reason="the extra `large` is not installed")

EMBEDDER = WordEmbedder()
TEXTS = [
    "Employees have thirty days of leave in a year.",
    "The employee's leave ends on 31 December; the rest is lost after March.",
    "Invoices above 1,200 euros need two signatures.",
    "The café opens at nine, and leave of its staff is planned in spring.",
    *[f"Room {n} has {n * 7} chairs, a table and a window to the yard." for n in range(40)],
]


@pytest.fixture(autouse=True)
def every_library_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_index, "LARGE", 1)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path / "catalog.sqlite", "main")
    yield catalog
    catalog.close()


@pytest.fixture
def index(catalog: Catalog, tmp_path: Path) -> WordIndex:
    put(catalog, *TEXTS)
    made = WordIndex(catalog, tmp_path / "words")
    made.sync()
    return made


def put(catalog: Catalog, *texts: str) -> None:
    """Each text as a document of one passage, named as it reads."""
    for text in texts:
        document = Document(sha256(text), text, text, (Page(1, 9, 9, (Line(text, BOX),)),))
        with catalog.writing() as connection:
            vectors = EMBEDDER.passages([text])
            catalog.put(connection, document, text, "ready", [], [Chunk(1, 0, 0, text)], vectors)


BOX = Box(0, 0, 9, 9)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def found(index: WordIndex, question: str, documents: list[str] | None = None) -> list[str]:
    hits = index.passages(words.match(question), 10, documents)
    assert hits is not None, "it is not current"
    return [id for id, _ in hits]


@pytest.mark.parametrize(
    "question",
    ["leave of employees", "1200 euros", "a cafe", 'the "rest is lost"', "31 December", "window"],
)
def test_it_finds_what_the_catalogue_finds_with_nearly_its_scores(
    index: WordIndex, catalog: Catalog, question: str
) -> None:
    expected = catalog.passages.bm25(question, 10)
    got = index.passages(words.match(question), 10, None)
    assert got is not None
    assert expected
    assert [id for id, _ in got][:3] == [id for id, _ in expected][:3]
    for (_, score), (_, wanted) in zip(got, expected, strict=True):
        assert score == pytest.approx(wanted, rel=0.15)  # it rounds the lengths of passages


def test_it_keeps_to_some_documents(index: WordIndex) -> None:
    only = found(index, "leave of employees", [TEXTS[3]])
    assert only == [f"{sha256(TEXTS[3])[:16]}:0"]
    assert found(index, "leave of employees", []) == []


def test_it_follows_what_is_added(index: WordIndex, catalog: Catalog) -> None:
    put(catalog, "Parental leave takes fourteen months.")
    assert index.passages(words.match("parental"), 3, None) is None  # the catalogue answers

    index.sync()

    assert len(found(index, "parental")) == 1


def test_a_removed_document_is_in_none_of_its_files(
    index: WordIndex, catalog: Catalog, tmp_path: Path
) -> None:
    put(catalog, "Quixotry is welcome.")
    index.sync()
    before = _files(tmp_path / "words")
    assert before
    with catalog.writing() as connection:
        catalog.delete(connection, "Quixotry is welcome.")

    index.sync()

    assert found(index, "quixotry") == []
    assert found(index, "leave of employees")
    assert _files(tmp_path / "words").isdisjoint(before)  # words are packed: nobody can look


def test_another_process_reads_what_one_has_written(
    index: WordIndex, catalog: Catalog, tmp_path: Path
) -> None:
    other = WordIndex(catalog, tmp_path / "words")
    assert found(other, "signatures") == found(index, "signatures")


@pytest.mark.parametrize("damage", ["cut", "empty", "zeros", "missing"])
def test_damage_leaves_the_work_to_the_catalogue_until_it_is_mended(
    index: WordIndex, catalog: Catalog, tmp_path: Path, damage: str
) -> None:
    index.close()
    files = [path for path in (tmp_path / "words").rglob("*") if path.suffix in {".idx", ".store"}]
    assert files
    for path in files:
        size = path.stat().st_size
        path.unlink() if damage == "missing" else path.write_bytes(
            {"cut": path.read_bytes()[: size // 2], "empty": b"", "zeros": b"\0" * size}[damage]
        )
    fresh = WordIndex(catalog, tmp_path / "words")

    assert fresh.passages(words.match("leave of employees"), 3, None) is None
    fresh.sync()
    assert found(fresh, "leave of employees")


def test_a_folder_that_was_deleted_is_written_anew(
    index: WordIndex, catalog: Catalog, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "words")
    fresh = WordIndex(catalog, tmp_path / "words")
    assert fresh.passages(words.match("leave"), 3, None) is None
    fresh.sync()
    assert found(fresh, "leave")


def test_a_writer_that_was_ended_leaves_nothing_that_is_believed(
    index: WordIndex, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(catalog, "Parental leave takes fourteen months.")
    monkeypatch.setattr(WordIndex, "_say", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        index.sync()
    monkeypatch.undo()
    monkeypatch.setattr(word_index, "LARGE", 1)

    fresh = WordIndex(catalog, tmp_path / "words")
    assert fresh.passages(words.match("parental"), 3, None) is None
    fresh.sync()
    assert len(found(fresh, "parental")) == 1
    assert len(found(fresh, "leave")) == 4


def test_a_library_uses_it_and_forgets_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, text in enumerate(TEXTS[:4]):
        (tmp_path / f"{number}.txt").write_text(text, "utf-8")
    asked: list[str] = []
    real = WordIndex.passages

    def noting(self: WordIndex, match: str, *rest: object) -> object:
        hits = real(self, match, *rest)  # type: ignore[arg-type]
        asked.append("index" if hits is not None else "catalogue")
        return hits

    monkeypatch.setattr(WordIndex, "passages", noting)
    with Library(tmp_path / "library", "main", lambda: EMBEDDER) as library:
        library.add([tmp_path / f"{number}.txt" for number in range(4)], cancel=Event())
        assert asked == []
        hits = library.search("signatures of invoices")
        assert hits[0].document == "2.txt"
        assert asked == ["index"]

        library.remove(["2.txt"])
        assert not list((tmp_path / "library" / "words").iterdir())
        library.maintenance.sync()
        assert all(hit.document != "2.txt" for hit in library.search("signatures of invoices"))
        assert asked[-1] == "index"


def test_without_the_package_the_catalogue_answers(
    index: WordIndex, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_index, "has_tantivy", lambda: False)
    monkeypatch.setitem(sys.modules, "tantivy", None)
    fresh = WordIndex(catalog, tmp_path / "words")
    assert fresh.passages(words.match("leave"), 3, None) is None


def test_a_small_library_has_none(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_index, "LARGE", 1000)
    put(catalog, *TEXTS)
    index = WordIndex(catalog, tmp_path / "words")
    index.sync()
    assert index.passages(words.match("leave"), 3, None) is None
    assert not (tmp_path / "words").exists()


def _files(folder: Path) -> set[Path]:
    return {path for path in folder.glob("*/*") if path.is_file()}


def test_one_thread_of_a_process_writes(
    index: WordIndex, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(catalog, "The roof is green.")
    begun, end, times = Event(), Event(), list[str]()

    def follow() -> None:
        times.append("again")
        begun.set()
        assert end.wait(60)

    monkeypatch.setattr(index, "_follow", follow)
    writer = Thread(target=index.sync)
    writer.start()
    assert begun.wait(60)
    other = Thread(target=index.sync)
    other.start()
    other.join(60)
    alone = not other.is_alive()
    end.set()
    writer.join()
    other.join()
    assert alone and times == ["again"]


def test_what_a_killed_writer_left_goes_when_the_library_is_small(
    index: WordIndex, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "words" / "state.json").unlink()
    monkeypatch.setattr(word_index, "LARGE", 1000)
    WordIndex(catalog, tmp_path / "words").sync()
    assert [path for path in (tmp_path / "words").iterdir() if path.is_dir()] == []
