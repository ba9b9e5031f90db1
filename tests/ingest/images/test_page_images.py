from pathlib import Path

import pytest
from fpdf import FPDF
from PIL import Image

from ingest.chunking import chunk, ledger
from ingest.document.model import Box, Line, Page
from ingest.document.source import Engines
from ingest.images import recognition
from ingest.loaders import load
from ingest.pdf import pdfium
from ingest.pdf.loader import pictured, reason
from tests.pdfs import HEIGHT, WIDTH
from tests.scans import drawn

pytestmark = pytest.mark.slow

PLACE = (100, 400)  # points: where the picture is on its page
PROSE = [f"Line {n} of a page that says enough to need no second look at it." for n in range(20)]
TABLE = tuple(f"Cost of level {n}: {n * 45}.00 euros a month, {n} persons" for n in range(1, 9))


def write(path: Path, picture: Image.Image, text: list[str] = PROSE) -> Path:
    """A page of text with a picture below, 330 x 200 points large."""
    pdf = FPDF(unit="pt", format=(WIDTH, HEIGHT))
    pdf.add_page()
    pdf.set_font("Helvetica", size=10)
    for number, line in enumerate(text):
        pdf.text(40, 50 + 14 * number, line)
    pdf.image(picture, *PLACE, 330, 200)
    pdf.output(str(path))
    return path


def table() -> Image.Image:
    return drawn(TABLE, 400, 240)


def read(path: Path, engines: Engines | None = None) -> tuple[Page, Page]:
    """Before and after."""
    (page,) = pdfium.pages(path)
    return page, pictured(path, page, engines or Engines())


class Reader:
    """Finds the lines that it is given; asked by the tests how often it was asked."""

    def __init__(self, *lines: Line) -> None:
        self._lines = lines
        self.asked = 0

    def lines(self, picture: Image.Image, scale: float) -> tuple[Line, ...]:
        self.asked += 1
        return self._lines


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def finds(*lines: Line) -> Reader:
        reader = Reader(*lines)
        monkeypatch.setattr(recognition, "recognizer", lambda engines: reader)
        return reader

    return finds


def test_a_table_that_is_a_picture_is_read_at_its_place(tmp_path: Path) -> None:
    path = write(tmp_path / "a.pdf", table())
    (before,) = pdfium.pages(path)
    assert reason(path, before) == ""  # the text of the page is good
    document = load(path)
    (page,) = document.pages
    assert page.lines[: len(PROSE)] == before.lines
    assert [line.text for line in page.lines[len(PROSE) :]] == list(TABLE)
    first = page.lines[len(PROSE)]
    assert first.begins and first.confidence < 1
    assert first.box.x0 == pytest.approx(PLACE[0] + 40 * 330 / 400, abs=4)
    assert first.box.y0 == pytest.approx(PLACE[1] + 40 * 200 / 240, abs=5)
    assert page.ocr and not page.note and not page.unread
    (row,) = ledger(document, chunk(document))
    assert row.balanced
    assert row.ocr == sum(len("".join(line.split())) for line in TABLE)


def test_a_logo_is_not_looked_at_closely(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    reader = finds()
    before, after = read(write(tmp_path / "a.pdf", drawn(["Contoso Ltd"], 400, 240, 30)))
    assert before.figures
    assert after == before
    assert reader.asked == 0


def test_a_page_without_a_picture_is_not_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(pdfium, "render")
    page = Page(1, WIDTH, HEIGHT, (Line("text", Box(1, 1, 9, 9)),))
    assert pictured(tmp_path / "none.pdf", page, Engines()) == page


def test_words_that_the_text_layer_has_are_not_read_twice(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    before, _ = read(write(tmp_path / "a.pdf", table()), Engines(ocr="off"))
    x0, y0 = PLACE
    known = Line("in the layer", Box(x0 + 10, y0 + 10, x0 + 90, y0 + 20))
    same = Line("in the laver", Box(10, 10, 90, 20), confidence=0.9)
    new = Line("only on the picture", Box(10, 30, 90, 40), confidence=0.9)
    finds(same, new)
    page = Page(
        1, WIDTH, HEIGHT, (known,), 1, figures=before.figures, characters=10
    )  # of another reading
    after = pictured(tmp_path / "a.pdf", page, Engines())
    assert [line.text for line in after.lines] == ["in the layer", "only on the picture"]
    assert after.characters == 10 + 16


def test_a_label_on_a_drawing_is_no_text(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    finds(Line("AB", Box(10, 10, 30, 20), confidence=0.9))
    before, after = read(write(tmp_path / "a.pdf", table()))
    assert after == before


def test_a_drawing_beside_good_text_is_no_unreadable_scan(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    reader = finds()
    before, after = read(write(tmp_path / "a.pdf", table()))
    assert reader.asked == 1
    assert after == before


def test_without_recognition_the_page_says_what_is_missing(tmp_path: Path) -> None:
    before, after = read(write(tmp_path / "a.pdf", table()), Engines(ocr="off"))
    assert after.lines == before.lines
    assert "switched off" in after.note
    assert 0.5 < after.unread / sum(len("".join(line.split())) for line in TABLE) < 2
