"""A reader has changed: the documents that it has read are made anew, and no others."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ingest.errors import Stopped
from ingest.loaders import LOADERS, VERSIONS, load, outdated
from ingest.sandbox.child import Child, Late
from tests.fakes import WordEmbedder
from tests.vectorstore.conftest import OpenLibrary
from vectorstore.add_report import AddProgress
from vectorstore.library import Library
from vectorstore.store import Vectors

GARBLED = "travel travel travel"


class Counting(WordEmbedder):
    """Keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def passages(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().passages(texts)


def readers(library: Library) -> dict[str, str]:
    return dict(library._catalog.database.all("SELECT name, reader FROM document"))


def texts(library: Library) -> list[str]:
    return [r[0] for r in library._catalog.database.all("SELECT text FROM chunk ORDER BY id")]


def aged(library: Library, name: str, reader: str = "pdf/0") -> None:
    """As if another reader had read it, and had found something else on its first page."""
    with library._catalog.writing() as connection:
        connection.execute("UPDATE document SET reader = ? WHERE name = ?", (reader, name))
        connection.execute(
            "UPDATE chunk SET text = ?, vector = ? WHERE id = (SELECT min(chunk.id) FROM chunk"
            " JOIN document ON document.id = document_id WHERE name = ?)",
            (GARBLED, WordEmbedder().query(GARBLED).tobytes(), name),
        )
        connection.execute("UPDATE meta SET value = '' WHERE key = 'chroma_made_by'")
    library.index.sync()


def by_add(library: Library, papers: Path, progress: Callable[[AddProgress], None]) -> None:
    assert library.add([papers], progress).unchanged == 2


def by_rebuild(library: Library, papers: Path, progress: Callable[[AddProgress], None]) -> None:
    assert library.maintenance.rebuild(progress) == 3


# -- what documents remember


def test_every_reader_has_a_number_and_documents_remember_it(full: Library, tmp_path: Path) -> None:
    assert {loader.__name__ for loader in LOADERS.values()} == {f"load_{name}" for name in VERSIONS}
    assert set(readers(full).values()) == {f"pdf/{VERSIONS['pdf']}"}
    note = tmp_path / "Note.txt"
    note.write_text("Travel by train.")
    assert load(note).reader == f"text/{VERSIONS['text']}"


def test_a_reader_with_a_lower_number_is_outdated_and_one_of_a_newer_pincite_is_not() -> None:
    now = VERSIONS["pdf"]
    assert [outdated(stamp) for stamp in ("", f"pdf/{now - 1}", f"pdf/{now}")] == [
        True,
        True,
        False,
    ]
    assert not outdated(f"pdf/{now + 1}") and not outdated("hologram/1")


# -- made anew


@pytest.mark.parametrize("anew", [by_add, by_rebuild])
def test_only_its_documents_are_read_again_and_the_others_are_left_alone(
    full: Library, papers: Path, anew: Callable[..., None]
) -> None:
    good = texts(full)
    aged(full, "Policy.pdf")
    assert texts(full) != good
    assert full.embedders.notice() == (
        "1 of the 2 documents of the library 'main' was read by an earlier version of Pincite. "
        "It can be used unchanged until "
        "`pincite rebuild`, or the next `pincite add`, has rebuilt it."
    )
    steps: list[AddProgress] = []
    anew(full, papers, steps.append)
    assert {step.file for step in steps if step.stage == "rebuilding"} == {"Policy.pdf"}
    assert texts(full) == good
    assert set(readers(full).values()) == {f"pdf/{VERSIONS['pdf']}"}
    assert full.embedders.notice() == ""
    assert full.maintenance.verify().mended == ()


def test_chroma_holds_the_new_vectors_of_passages_whose_ids_have_stayed(full: Library) -> None:
    password = WordEmbedder().query("password")
    (_, before), *_ = full.index.nearest(password, 1)
    aged(full, "Policy.pdf")
    assert full.index.nearest(password, 1)[0][1] < before
    full.maintenance.rebuild()
    chroma = full.index.current(full.generation())
    assert chroma is not None
    assert chroma.nearest(password, 1)[0][1] == pytest.approx(before)


def test_passages_that_have_stayed_are_not_embedded_again(full: Library) -> None:
    good = texts(full)
    aged(full, "Handbook.pdf")
    full.close()
    embedder = Counting()
    with Library(full.folder, "main", lambda: embedder) as library:
        library.maintenance.rebuild()
        assert texts(library) == good
    assert embedder.texts == [good[i] for i in range(3) if "Thirty days" in good[i]]


@pytest.mark.parametrize("anew", [by_add, by_rebuild])
def test_a_killed_run_is_continued_and_the_old_passages_serve_until_it_is_done(
    full: Library, papers: Path, opened: OpenLibrary, anew: Callable[..., None]
) -> None:
    good = texts(full)
    for name in ("Handbook.pdf", "Policy.pdf"):
        aged(full, name)
    old = texts(full)

    def kill(step: AddProgress) -> None:
        if step.file == "Policy.pdf":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        anew(full, papers, kill)
    full.close()
    embedder = Counting()
    with Library(full.folder, "main", lambda: embedder) as library:
        assert texts(library) == old
        assert library.search("travel", k=1)[0].chunk.text == GARBLED
        anew(library, papers, lambda _: None)
        assert texts(library) == good
    assert len(embedder.texts) == 1, "the document that was done is not read again"
    assert not list(full.folder.glob("rebuilt.sqlite*"))


def test_what_a_still_older_reader_has_made_for_the_next_catalogue_is_made_again(
    full: Library,
) -> None:
    good = texts(full)
    for name in ("Handbook.pdf", "Policy.pdf"):
        aged(full, name)
    cancel = threading.Event()

    def stop_at_the_second(step: AddProgress) -> None:
        if step.file == "Policy.pdf":  # before it is read, however long that would take
            cancel.set()
            raise Stopped("as the app stops it")

    full.maintenance.rebuild(stop_at_the_second, cancel)
    assert full.embedders.why()
    staged = full.folder / "rebuilt.sqlite"
    with closing(sqlite3.connect(staged)) as connection, connection:
        assert connection.execute("UPDATE made SET reader = 'pdf/0'").rowcount == 1
    full.maintenance.rebuild()
    assert texts(full) == good
    assert full.embedders.why() == ""


def test_a_document_whose_copy_is_lost_keeps_its_passages_and_is_not_tried_for_ever(
    full: Library, papers: Path
) -> None:
    aged(full, "Policy.pdf")
    old = texts(full)
    full.file("Policy.pdf").unlink()
    (papers / "Policy.pdf").unlink()
    assert full.maintenance.rebuild() == 3
    assert texts(full) == old
    assert full.embedders.notice() == ""
    assert "The library's copy is lost" in full.documents()[1].status


def test_a_document_whose_lost_copy_is_added_again_is_read_anew(
    full: Library, papers: Path
) -> None:
    good = texts(full)
    aged(full, "Policy.pdf")
    full.file("Policy.pdf").unlink()
    original = (papers / "Policy.pdf").read_bytes()
    (papers / "Policy.pdf").unlink()
    full.maintenance.rebuild()
    assert texts(full) != good
    (papers / "Policy.pdf").write_bytes(original)
    full.add([papers])
    assert full.embedders.notice()
    full.maintenance.rebuild()
    assert texts(full) == good


@contextmanager
def no_time() -> Iterator[None]:
    """As on a machine that has no time for a file, whatever its reader has answered by now."""

    def late(reader: Child, *_: object) -> None:
        reader.end()
        raise Late

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Child, "_result", late)
        yield


def test_a_document_that_could_not_be_read_again_is_said_kept_and_tried_once_more(
    full: Library, papers: Path
) -> None:
    good = texts(full)
    aged(full, "Policy.pdf")
    old = texts(full)
    full.close()
    with no_time(), Library(full.folder, "main", WordEmbedder) as busy:
        summary = busy.add([papers])
        assert texts(busy) == old
        [incomplete] = summary.incomplete
        assert incomplete.document == "Policy.pdf"
        assert "reading it again failed: Policy.pdf took longer than" in incomplete.status
        assert "1 of the 2 documents" in busy.embedders.notice()
        assert {d.document: d.status for d in busy.documents()}["Handbook.pdf"] == "ready"
    with Library(full.folder, "main", WordEmbedder) as library:
        assert library.add([papers]).incomplete == []
        assert texts(library) == good
        assert {d.status for d in library.documents()} == {"ready"}
        assert library.embedders.notice() == ""


def test_a_document_that_fails_twice_is_not_tried_for_ever_and_still_said(
    full: Library, papers: Path
) -> None:
    aged(full, "Policy.pdf")
    old = texts(full)
    full.close()
    with no_time(), Library(full.folder, "main", WordEmbedder) as busy:
        first, second = busy.add([papers]), busy.add([papers])
        assert busy.embedders.notice() == ""
        assert (first.incomplete, second.incomplete) == (second.incomplete, first.incomplete)
        steps: list[AddProgress] = []
        assert busy.add([papers], steps.append).incomplete == []
        assert not any(step.is_rebuild for step in steps)
        assert texts(busy) == old
        assert "reading it again failed" in busy.documents()[1].status
