from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from ingest.chunking import chunk, ledger
from ingest.document.model import Box, Dropped, Line, Page
from ingest.document.source import Engines, Source
from ingest.images import recognition
from ingest.loaders import load, load_pdf
from ingest.pdf import loader, pdfium, text_lines
from ingest.pdf.loader import NAMELESS, REPLACED, UNEXPLAINED, reason, recognised
from ingest.platform import process
from tests.pdfs import HEIGHT, WIDTH, write_pdf, write_picture_pdf
from tests.scans import LETTER, drawn, write_scan

OFF = Engines(ocr="off")
STAMP = ("Received 3 March", "Archive copy 2 of 7")
PROSE = [f"Line {n} of a page that says enough to need no second look at it." for n in range(12)]


def a4(lines: tuple[str, ...] = LETTER) -> Image.Image:
    return drawn(lines, WIDTH, HEIGHT, 14)


class Reader:
    """Finds the lines that it is given, in points of the picture, whatever the picture."""

    def __init__(self, *lines: Line) -> None:
        self._lines = lines

    def lines(self, picture: Image.Image, scale: float) -> tuple[Line, ...]:
        return self._lines


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def finds(*lines: Line) -> None:
        monkeypatch.setattr(recognition, "recognizer", lambda engines: Reader(*lines))

    return finds


def line(text: str, top: float, confidence: float = 0.9) -> Line:
    return Line(text, Box(40, top, 300, top + 16), 11, confidence=confidence)


def read(path: Path, engines: Engines | None = None) -> tuple[Page, ...]:
    return recognised(path, tuple(pdfium.pages(path)), engines or Engines())


@pytest.mark.slow
def test_a_scanned_page_is_read_where_its_letters_are(tmp_path: Path) -> None:
    document = load(write_scan(tmp_path / "a.pdf", drawn(), size=(330, 180)))
    (page,) = document.pages
    assert [found.text for found in page.lines] == list(LETTER)
    assert page.ocr and not page.unread and not page.note
    assert page.lines[0].box.x0 == pytest.approx(40, abs=4)
    assert page.lines[3].box.y0 == pytest.approx(40 + 3 * 20, abs=6)
    (row,) = ledger(document, chunk(document))
    assert row.balanced
    assert (row.extracted, row.ocr) == (0, row.indexed)


def test_a_page_of_text_is_never_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing it would take as long as reading it."""
    path = write_pdf(tmp_path / "a.pdf", PROSE)
    pages = tuple(pdfium.pages(path))
    monkeypatch.delattr(pdfium, "render")
    assert recognised(path, pages, Engines()) == pages


@pytest.mark.parametrize("write", [write_picture_pdf, lambda path: write_pdf(path, [])])
def test_a_page_without_writing_is_left_alone(tmp_path: Path, write) -> None:  # type: ignore[no-untyped-def]
    path = write(tmp_path / "a.pdf")
    pages = tuple(pdfium.pages(path))
    assert recognised(path, pages, Engines(ocr="nobody is asked")) == pages


def test_without_recognition_the_page_says_what_is_missing(tmp_path: Path) -> None:
    (page,) = load_pdf(Source(write_scan(tmp_path / "a.pdf", a4()), "0", OFF)).pages
    assert page.lines == () and not page.ocr
    assert "switched off" in page.note
    assert 60 < page.unread < 400


def test_what_cannot_be_recognised_is_an_unreadable_scan(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    finds(line("zzq", 40, confidence=0.2))
    (page,) = read(write_scan(tmp_path / "a.pdf", a4()))
    assert (page.lines, page.note) == ((), recognition.UNREADABLE)
    assert page.unread > 60


def test_a_stamp_keeps_its_letters_and_the_scan_below_is_added(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    seen = Line("Received 3 Marsh", Box(38, 11, 118, 24), 9, confidence=0.9)
    finds(seen, *(line(text, 100 + 30 * n) for n, text in enumerate(LETTER)))
    path = write_scan(tmp_path / "a.pdf", a4(LETTER * 5), text=STAMP)
    (page,) = read(path)
    assert [found.text for found in page.lines] == [*STAMP, *LETTER]
    assert [found.confidence < 1 for found in page.lines] == [False] * 2 + [True] * 4
    document = load(path)
    assert all(row.balanced for row in ledger(document, chunk(document)))


def garbled(path: Path) -> Path:
    """A page whose letters are each another one, as from a font without a table."""
    words = "wkh frpplwwhh vkdoo phhw irxu wlphv d bhdu dqg uhsruw wr wkh erdug ri gluhfwruv"
    return write_pdf(path, [words] * 12)


def test_a_text_layer_without_sense_is_replaced_and_accounted_for(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    finds(*(line(text, 60 + 20 * n) for n, text in enumerate(LETTER)))
    path = garbled(tmp_path / "a.pdf")
    (before,) = pdfium.pages(path)
    (page,) = read(path)
    assert [found.text for found in page.lines] == list(LETTER)
    assert page.ocr
    assert any(dropped.reason.startswith(REPLACED) for dropped in page.dropped)
    assert page.characters == (before.characters or 0) + len("".join("".join(LETTER).split()))
    document = load(path)
    assert all(row.balanced for row in ledger(document, chunk(document)))


def test_a_text_layer_without_sense_is_kept_where_recognition_makes_no_more(
    tmp_path: Path, finds
) -> None:  # type: ignore[no-untyped-def]
    finds()
    path = garbled(tmp_path / "a.pdf")
    (page,) = read(path)
    assert page.lines == next(iter(pdfium.pages(path))).lines
    assert page.note


def test_a_page_of_letters_without_names_is_recognised(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    assert NAMELESS in text_lines._REASONS.values()
    finds(line("The whole of it", 60))
    path = write_pdf(tmp_path / "a.pdf", PROSE)
    (page,) = pdfium.pages(path)
    few, many = ((Dropped(NAMELESS, n),) for n in (20, 200))
    characters = (page.characters or 0) + 20
    assert reason(path, replace(page, dropped=few, characters=characters)) == ""
    holed = replace(page, dropped=many, characters=characters + 180)
    (read,) = recognised(path, (holed,), Engines())
    assert read.text == "The whole of it"
    assert sum(d.characters for d in read.dropped) + 12 == read.characters


def test_a_page_that_cannot_be_drawn_keeps_what_it_has(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "a.pdf", a4())
    pages = tuple(pdfium.pages(path))
    path.write_bytes(b"%PDF-1.7 gone")
    assert recognised(path, pages, Engines()) == pages


def test_the_reason_is_said(tmp_path: Path) -> None:
    def why(path: Path) -> str:
        return reason(path, next(iter(pdfium.pages(path))))

    assert why(write_pdf(tmp_path / "text.pdf", PROSE)) == ""
    assert why(write_scan(tmp_path / "scan.pdf", a4())) == UNEXPLAINED
    assert why(garbled(tmp_path / "garbled.pdf")) == "letters that make no words"


def test_the_points_of_a_scan_may_be_anything(tmp_path: Path) -> None:
    """Some scanners write one point a pixel, others a page the size of a stamp."""
    for size in ((60, 80), (595, 842), (8_000, 11_000)):
        wanted = max(loader._DOTS, loader._LEAST_SIDE / max(size))
        scale = loader._fitting(Page(1, *size, ()), wanted)
        assert max(size) * scale >= 999.9
        assert size[0] * size[1] * scale**2 <= 3_300_000


def test_scans_are_told_page_by_page(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    finds(line("a", 40))
    heard: list[tuple[int, int]] = []
    process.set_progress_listener(lambda done, total: heard.append((done, total)))
    try:
        load(write_scan(tmp_path / "a.pdf", *[drawn(size=14)] * 3))
    finally:
        process.set_progress_listener(None)
    assert heard == [(1, 3), (2, 3), (3, 3)]
