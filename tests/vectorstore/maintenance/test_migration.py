"""Another model is chosen, or the chunker has changed: the library serves, and is made anew."""

import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ingest import chunking
from ingest.loaders import VERSIONS
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from tests.vectorstore.conftest import OpenLibrary
from tests.vectorstore.test_keeping_up import RULES
from vectorstore.add_report import AddProgress
from vectorstore.errors import LibraryBusy, LibraryError
from vectorstore.indexing import jobs
from vectorstore.library import Library
from vectorstore.maintenance.rebuild import Migration, open_staged
from vectorstore.store import Vectors

Found = list[tuple[str, int, float, float]]


class Other(WordEmbedder):
    """Another model, which a killed process takes along after some documents."""

    def __init__(self, most: int = 9) -> None:
        super().__init__(("fourteen",), identity="other")
        self.most = most

    def passages(self, texts: Sequence[str]) -> Vectors:
        self.most -= 1
        if self.most < 0:
            raise KeyboardInterrupt
        return super().passages(texts)


def found(library: Library, query: str = "password") -> Found:
    return [(h.document, h.page, h.score, h.cosine) for h in library.passages(query)]


def test_what_another_version_has_rebuilt_is_not_read(tmp_path: Path) -> None:
    """Its columns had another order."""
    with closing(sqlite3.connect(tmp_path / "rebuilt.sqlite")) as file:
        file.executescript("CREATE TABLE made (sha256 TEXT); PRAGMA user_version = 1")
    with pytest.raises(LibraryError, match="another version of Pincite"):
        open_staged(tmp_path / "rebuilt.sqlite").one("SELECT 1")


@pytest.fixture
def folder(full: Library) -> Path:
    """Of the library, which is closed."""
    full.close()
    return full.folder


@pytest.fixture
def before(opened: OpenLibrary, folder: Path) -> Found:
    """What is found as long as nothing has changed."""
    with opened() as library:
        return found(library)


@pytest.fixture
def other_chunker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunking, "VERSION", "other")


# -- searching meanwhile


def test_another_chunker_searches_as_before_and_tells_it(
    before: Found, opened: OpenLibrary, other_chunker: None
) -> None:
    library = opened()
    assert found(library) == before
    assert library.embedders.notice() == (
        "The library 'main' was made by another version of Pincite. It can be used unchanged until "
        "`pincite rebuild`, or the next `pincite add`, has rebuilt it."
    )
    library.maintenance.rebuild()
    assert library.embedders.notice() == ""


def test_the_model_that_made_it_searches_while_it_is_here(before: Found, folder: Path) -> None:
    here = {"words": WordEmbedder()}
    with Library(folder, "main", Other, find_embedder=here.get) as library:
        assert found(library) == before
        assert library.embedder() is here["words"]
        assert (
            "was made with words, and other is chosen. It can be used" in library.embedders.notice()
        )


def test_words_find_when_that_model_is_gone_and_the_chosen_one_ranks(folder: Path) -> None:
    with Library(folder, "main", Other) as library:
        assert (
            "made with words, which is not here: words find its passages"
            in library.embedders.notice()
        )
        assert found(library, "visitor") == []
        ((document, page, _, cosine),) = found(library, "fourteen letters")
        assert (document, page, cosine) == ("Policy.pdf", 1, pytest.approx(1))
        assert library.passages("fourteen letters", documents=["Handbook.pdf"]) == []


def test_a_search_that_a_migration_overtakes_begins_again(folder: Path) -> None:
    class Slow(WordEmbedder):
        def query(self, text: str) -> Vectors:
            if not overtaken.is_set():
                overtaken.set()
                with Library(folder, "main", Other) as other:
                    other.maintenance.rebuild()
            return super().query(text)

    overtaken = threading.Event()
    with Library(folder, "main", Slow, find_embedder=lambda _: Other()) as library:
        best = library.search("fourteen", k=1)[0]
        assert (best.document, best.cosine) == ("Policy.pdf", pytest.approx(1))


# -- making it anew


def by_add(library: Library, papers: Path, progress: Callable[[AddProgress], None]) -> None:
    assert library.add([papers], progress).unchanged == 2


def by_rebuild(library: Library, papers: Path, progress: Callable[[AddProgress], None]) -> None:
    assert library.maintenance.rebuild(progress) == 3


@pytest.mark.parametrize("what", ["model", "chunker"])
@pytest.mark.parametrize("anew", [by_add, by_rebuild])
def test_a_killed_run_is_continued_and_the_old_index_serves_until_it_is_done(
    before: Found,
    folder: Path,
    opened: OpenLibrary,
    papers: Path,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    anew: Callable[..., None],
) -> None:
    if what == "chunker":
        monkeypatch.setattr(chunking, "VERSION", "other")
    half = Other(most=1)
    with Library(folder, "main", lambda: half) as other, pytest.raises(KeyboardInterrupt):
        anew(other, papers, lambda _: None)
    assert (folder / "rebuilt.sqlite").exists()
    with opened() as old:
        assert found(old) == before
    rest, steps = Other(most=1), []  # one document is left
    with Library(folder, "main", lambda: rest) as other:
        anew(other, papers, steps.append)
        assert [step.file for step in steps if step.stage == "rebuilding"] == [
            "Handbook.pdf", "Policy.pdf",
        ]  # fmt: skip
        best = other.search("fourteen", k=1)[0]
        assert (best.document, best.cosine) == ("Policy.pdf", pytest.approx(1))
        assert other.maintenance.verify().chroma == "complete"
        by_add(other, papers, lambda _: None)
    assert not list(folder.glob("rebuilt.sqlite*"))


def test_a_migration_is_cancelled_with_its_add_and_the_files_wait(
    before: Found, folder: Path, opened: OpenLibrary, tmp_path: Path
) -> None:
    cancel = threading.Event()
    new = write_pdf(tmp_path / "new.pdf", ["A visitor wears a badge."])
    with Library(folder, "main", Other) as other:
        assert other.add([new], lambda _: cancel.set(), cancel=cancel).cancelled == 1
    with opened() as old:
        assert found(old) == before
    with Library(folder, "main", Other) as other:
        assert other.add([]).added == 1
        assert other.embedders.notice() == ""
        assert len(other.documents()) == 3


def test_one_process_makes_it_anew_and_others_are_told(folder: Path, papers: Path) -> None:
    with Library(folder, "main", Other) as other:
        with jobs.alone(folder / "rebuilt.lock"):
            with pytest.raises(LibraryBusy, match="being rebuilt by another process"):
                other.add([papers])
            assert other.search("fourteen", k=1)[0].document == "Policy.pdf"
        assert other.add([papers]).unchanged == 2


def test_a_process_at_work_takes_the_model_that_was_chosen_meanwhile(
    folder: Path, papers: Path
) -> None:
    chosen: list[WordEmbedder] = [WordEmbedder()]
    with Library(folder, "main", lambda: chosen[0]) as app:
        app.add([papers])
        app.close()  # gives Chroma to the other process
        chosen[0] = Other()
        with Library(folder, "main", Other) as other:
            other.maintenance.rebuild()
        write_pdf(papers / "new.pdf", ["A visitor has fourteen badges."])
        assert app.add([papers]).added == 1
        assert {hit.document for hit in app.search("fourteen", k=2)} == {"Policy.pdf", "new.pdf"}


def test_what_was_made_for_a_third_model_is_not_used(folder: Path) -> None:
    half = Other(most=1)
    with Library(folder, "main", lambda: half) as other, pytest.raises(KeyboardInterrupt):
        other.maintenance.rebuild()
    third = WordEmbedder(words=("letters",), identity="third")
    with Library(folder, "main", lambda: third) as library:
        library.maintenance.rebuild()
        best = library.search("letters", k=1)[0]
        assert (best.document, best.cosine) == ("Policy.pdf", pytest.approx(1))


def test_vectors_of_passages_that_an_older_reader_found_are_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Library(folder, "main", WordEmbedder) as library, library._catalog.writing() as connection:
        connection.execute("UPDATE chunk SET text = 'Garbled.' WHERE text LIKE '%fourteen%'")
    half = Other(most=2)  # is killed when both are kept, before they are swapped in
    monkeypatch.setattr(Migration, "_swap", lambda *_: half.passages([""]))
    with Library(folder, "main", lambda: half) as other, pytest.raises(KeyboardInterrupt):
        other.maintenance.rebuild()
    monkeypatch.undo()
    monkeypatch.setitem(VERSIONS, "pdf", VERSIONS["pdf"] + 1)
    with Library(folder, "main", Other) as other:
        other.maintenance.rebuild()
        best = other.search("fourteen", k=1)[0]
        assert (best.document, best.cosine) == ("Policy.pdf", pytest.approx(1))


def test_versions_and_places_outlive_another_chunker(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_pdf(tmp_path / "in" / "Laptops v1.pdf", RULES)
    write_pdf(tmp_path / "in" / "Laptops v2.pdf", [*RULES, "Rule 31: no stickers."])
    library.add([tmp_path / "in"])
    before = library.documents()
    monkeypatch.setattr(chunking, "VERSION", "other")
    library.maintenance.rebuild()
    assert library.documents() == before
    assert library.maintenance.verify().mended == ()


@pytest.mark.parametrize("original", ["there", "gone"])
def test_a_lost_copy_is_made_again_or_its_old_passages_stay(
    full: Library, papers: Path, other_chunker: None, original: str
) -> None:
    shutil.rmtree(full.folder / "files")
    if original == "gone":
        (papers / "Policy.pdf").unlink()
    full.close()
    with Library(full.folder, "main", Other) as library:
        assert library.maintenance.rebuild() == 3
        best = library.search("fourteen", k=1)[0]
        assert (best.document, best.cosine) == ("Policy.pdf", pytest.approx(1))
        lost = ("Policy.pdf",) if original == "gone" else ()
        assert library.maintenance.verify().lost_files == lost
        assert library.embedders.notice() == ""
