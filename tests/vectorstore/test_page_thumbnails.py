"""Small pictures of pages are drawn once, stay bounded, and go with their document."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from ingest.document.source import Engines
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore import images
from vectorstore.errors import UnknownDocument
from vectorstore.library import Library

NAME = "Leave.pdf"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_pdf(tmp_path / "in" / NAME, *(["Leave", f"page {n}"] for n in range(20)))


@pytest.fixture
def library(tmp_path: Path, file: Path) -> Iterator[Library]:
    folder = tmp_path / "library"
    with Library(folder, "main", lambda: WordEmbedder(("leave",)), lambda: Engines("off")) as made:
        made.add([file])
        yield made


def test_they_are_drawn_once(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    first = library.thumbnails.of(NAME, [3, 1, 99])
    assert list(first) == [3, 1]
    assert max(Image.open(io.BytesIO(first[1])).size) == 240
    monkeypatch.setattr(images, "Sandbox", None)  # nothing is drawn again
    assert library.thumbnails.of(NAME, [1, 3]) == first


def test_no_more_than_a_few_are_drawn_at_once_and_the_oldest_make_room(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(library.thumbnails.of(NAME, range(1, 21))) == list(range(1, 13))
    monkeypatch.setattr(images, "_CAPACITY", 12)
    library.thumbnails.of(NAME, [13])
    assert [page for _, page in library.thumbnails._drawn] == list(range(2, 14))


def test_they_go_with_their_document_and_change_with_it(library: Library, file: Path) -> None:
    before = library.thumbnails.of(NAME, [1])
    write_pdf(file, ["Leave", "other words"])
    library.add([file])
    assert library.thumbnails.of(NAME, [1]) != before
    now = library.file(NAME).stem
    library.remove([NAME])
    assert now not in {sha256 for sha256, _ in library.thumbnails._drawn}
    with pytest.raises(UnknownDocument):
        library.thumbnails.of(NAME, [1])


def test_a_document_that_cannot_be_drawn_has_none(library: Library, tmp_path: Path) -> None:
    text = tmp_path / "in" / "notes.txt"
    text.write_text("Leave is long.", encoding="utf-8")
    library.add([text])
    assert library.thumbnails.of("notes.txt", [1]) == {}
    library.file(NAME).write_bytes(b"%PDF-1.7 broken")
    assert library.thumbnails.of(NAME, [1]) == {}
