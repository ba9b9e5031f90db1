"""Small pictures of pages are drawn once, stay private and bounded, and go with their document."""

import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def _kept(library: Library) -> list[Path]:
    return sorted((library.folder / "thumbnails").glob("*/*"))


def test_they_are_drawn_once_and_closed_to_others(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.umask(0o022)
    try:
        first = library.thumbnails.of(NAME, [3, 1, 99])
    finally:
        os.umask(before)

    assert list(first) == [3, 1]
    assert max(Image.open(io.BytesIO(first[1])).size) == 240
    for path in (*_kept(library), *(library.folder / "thumbnails").glob("*")):
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077
    monkeypatch.setattr(images, "Sandbox", None)  # nothing is drawn again
    assert library.thumbnails.of(NAME, [1, 3]) == first


def test_no_more_than_a_few_are_drawn_at_once_and_the_oldest_make_room(library: Library) -> None:
    drawn = library.thumbnails.of(NAME, range(1, 21))
    assert list(drawn) == list(range(1, 13))
    os.utime(_kept(library)[0].with_name("5.jpg"), (0, 0))
    library.thumbnails._capacity = sum(path.stat().st_size for path in _kept(library))

    library.thumbnails.of(NAME, [13])

    assert "5.jpg" not in {path.name for path in _kept(library)}
    assert "13.jpg" in {path.name for path in _kept(library)}


def test_they_go_when_their_document_does(library: Library, file: Path) -> None:
    library.thumbnails.of(NAME, [1])
    assert _kept(library)
    library.remove([NAME])
    assert list((library.folder / "thumbnails").glob("*")) == []

    library.add([file])
    library.thumbnails.of(NAME, [1])
    library.forget([NAME])
    assert list((library.folder / "thumbnails").glob("*")) == []
    with pytest.raises(UnknownDocument):
        library.thumbnails.of(NAME, [1])


def test_no_copy_goes_with_them_that_is_on_its_way_in_again(
    library: Library, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document is removed while its pages are drawn, and another process adds it again."""
    sha256, draw = library.sha256(NAME), library.thumbnails._drawn

    def drawn(*given: Any) -> dict[int, bytes]:
        found = draw(*given)
        library.remove([NAME])
        library._files.keep(file, sha256)
        return found

    monkeypatch.setattr(library.thumbnails, "_drawn", drawn)
    library.thumbnails.of(NAME, [1])
    assert library._files.holds(sha256) and _kept(library) == []


def test_they_go_when_their_document_changes(library: Library, file: Path) -> None:
    library.thumbnails.of(NAME, [1])
    before = _kept(library)
    write_pdf(file, ["Leave", "other words"])
    library.add([file])
    library.thumbnails.of(NAME, [1])
    assert len(_kept(library)) == 1
    assert _kept(library) != before


def test_a_document_that_cannot_be_drawn_has_none(library: Library, tmp_path: Path) -> None:
    text = tmp_path / "in" / "notes.txt"
    text.write_text("Leave is long.", encoding="utf-8")
    library.add([text])
    assert library.thumbnails.of("notes.txt", [1]) == {}
    library.file(NAME).write_bytes(b"%PDF-1.7 broken")
    assert library.thumbnails.of(NAME, [1]) == {}
