"""Pictures inside of documents, in files that the usual libraries write."""

import io
import zipfile
from pathlib import Path

import docx
import numpy as np
import pptx
import pytest
from odf import draw, style, text
from odf.opendocument import OpenDocumentPresentation, OpenDocumentText
from PIL import Image

from ingest.chunking import chunk, ledger
from ingest.document.model import Box, Document, Line, count
from ingest.document.source import Engines
from ingest.images import recognition
from ingest.images.recognition import AGAIN, DAMAGED_PICTURE, Pasted
from ingest.loaders import load
from ingest.sandbox.pool import Sandbox
from tests.ingest.made import dropped, lines, read
from tests.scans import LETTER, drawn

pytestmark = pytest.mark.slow

LETTERS = sum(map(count, LETTER))
OFF = Engines(ocr="off")


def png(picture: Image.Image) -> io.BytesIO:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return io.BytesIO(file.getvalue())


def photograph(width: int, height: int) -> Image.Image:
    """Shades that run into each other, and grain: no letters."""
    random = np.random.default_rng(3)
    coarse = Image.fromarray(random.integers(0, 255, (6, 8, 3), np.uint8))
    smooth = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    grain = random.integers(-12, 12, smooth.shape)
    return Image.fromarray(np.clip(smooth + grain, 0, 255).astype(np.uint8))


def word(path: Path, *pictures: Image.Image) -> Path:
    """A paragraph, pictures, a paragraph."""
    file = docx.Document()
    file.add_paragraph("Before the scan.")
    for picture in pictures:
        file.add_picture(png(picture))
    file.add_paragraph("After the scan.")
    file.save(path)
    return path


def deck(path: Path, *slides: list[Image.Image]) -> Path:
    file = pptx.Presentation()
    for pictures in slides:
        slide = file.slides.add_slide(file.slide_layouts[6])
        for picture in pictures:
            slide.shapes.add_picture(png(picture), 0, 0)
    file.save(path)
    return path


class Reader:
    """Finds the lines that it is given, and keeps the sizes of what it was shown."""

    def __init__(self, *lines: str) -> None:
        self._lines = tuple(Line(line, Box(1, 1, 9, 9), confidence=0.9) for line in lines)
        self.shown: list[tuple[int, int]] = []

    def lines(self, picture: Image.Image, scale: float) -> tuple[Line, ...]:
        self.shown.append(picture.size)
        return self._lines


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    def finds(*lines: str) -> Reader:
        reader = Reader(*lines)
        monkeypatch.setattr(recognition, "recognizer", lambda engines: reader)
        return reader

    return finds


def recognised(document: Document) -> int:
    """Characters that the ledger knows as recognised, once its books are found in order."""
    rows = ledger(document, chunk(document))
    assert all(row.balanced for row in rows)
    return sum(row.ocr for row in rows)


def test_a_scan_in_a_word_file_is_read_where_it_stands(tmp_path: Path) -> None:
    document = read(word(tmp_path / "a.docx", drawn()))
    assert lines(document) == ["Before the scan.", *LETTER, "After the scan."]
    page = document.pages[0]
    assert [line.confidence < 1 for line in page.lines] == [False, *[True] * len(LETTER), False]
    assert page.lines[1].begins and page.ocr and page.pictures == 1
    assert (page.note, page.unread) == ("", 0)
    assert recognised(document) == LETTERS


def test_a_confined_reader_recognises_it_too(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        document, _ = sandbox.start(word(tmp_path / "a.docx", drawn()))()
    assert lines(document) == ["Before the scan.", *LETTER, "After the scan."]


def test_a_picture_in_a_cell_is_read_behind_its_table(tmp_path: Path) -> None:
    file = docx.Document()
    table = file.add_table(2, 2)
    for cell, said in zip(table.rows[0].cells, ("Site", "Plan"), strict=True):
        cell.text = said
    table.cell(1, 0).text = "Rome"
    table.cell(1, 1).paragraphs[0].add_run().add_picture(png(drawn()))
    file.add_paragraph("End.")
    file.save(tmp_path / "a.docx")
    document = read(tmp_path / "a.docx")
    assert lines(document) == ["Site | Plan", "Rome", *LETTER, "End."]
    assert (document.pages[0].tables[0].first, document.pages[0].tables[0].last) == (0, 1)


def test_a_picture_in_the_header_is_read_too(tmp_path: Path) -> None:
    file = docx.Document()
    file.add_paragraph("Text.")
    file.sections[0].header.paragraphs[0].add_run().add_picture(png(drawn()))
    file.save(tmp_path / "a.docx")
    assert lines(read(tmp_path / "a.docx")) == ["Text.", *LETTER]


def test_the_caption_below_a_picture_remains_its_caption(tmp_path: Path) -> None:
    file = docx.Document()
    file.add_picture(png(drawn()))
    file.add_paragraph("Figure 1: A letter", style="Caption")
    file.save(tmp_path / "a.docx")
    document = read(tmp_path / "a.docx")
    assert lines(document) == [*LETTER, "Figure 1: A letter"]
    assert [figure.caption for figure in document.pages[0].figures] == ["Figure 1: A letter"]


def test_each_slide_has_the_text_of_its_own_pictures(tmp_path: Path) -> None:
    document = read(deck(tmp_path / "a.pptx", [drawn()], [drawn(LETTER[:1])]))
    assert [lines(document, page) for page in (0, 1)] == [list(LETTER), [LETTER[0]]]
    assert [page.ocr for page in document.pages] == [True, True]
    assert recognised(document) == LETTERS + count(LETTER[0])


def test_opendocument_text_and_slides_are_read_alike(tmp_path: Path) -> None:
    drawn().save(tmp_path / "letter.png")
    written = OpenDocumentText()
    written.text.addElement(text.P(text="Before."))
    held = text.P()
    frame = draw.Frame(width="10cm", height="5cm", anchortype="paragraph")
    frame.addElement(draw.Image(href=written.addPicture(str(tmp_path / "letter.png"))))
    held.addElement(frame)
    written.text.addElement(held)
    written.save(str(tmp_path / "a.odt"))
    assert lines(read(tmp_path / "a.odt")) == ["Before.", *LETTER]

    shown = OpenDocumentPresentation()
    layout = style.PageLayout(name="layout")
    shown.automaticstyles.addElement(layout)
    shown.masterstyles.addElement(style.MasterPage(name="master", pagelayoutname=layout))
    page = draw.Page(masterpagename="master")
    frame = draw.Frame(width="10cm", height="5cm", x="0cm", y="0cm")
    frame.addElement(draw.Image(href=shown.addPicture(str(tmp_path / "letter.png"))))
    page.addElement(frame)
    shown.presentation.addElement(page)
    shown.save(str(tmp_path / "a.odp"))
    assert lines(read(tmp_path / "a.odp")) == list(LETTER)


def test_the_same_picture_is_read_once(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    reader = finds("Contoso Limited, Rome")
    document = read(deck(tmp_path / "a.pptx", *[[drawn()]] * 5))
    assert len(reader.shown) == 1
    assert [len(page.lines) for page in document.pages] == [1, 0, 0, 0, 0]
    assert dropped(document) == {AGAIN: count("Contoso Limited, Rome")}
    assert recognised(document) == count("Contoso Limited, Rome")


def test_an_icon_is_not_looked_at_and_a_label_is_no_text(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    reader = finds("OK")
    document = read(word(tmp_path / "a.docx", drawn(["x"], 50, 50), drawn(["OK"])))
    assert reader.shown == [drawn().size]
    assert lines(document) == ["Before the scan.", "After the scan."]
    assert not document.pages[0].ocr


def test_a_large_photograph_without_text_is_only_glanced_at(tmp_path: Path, finds) -> None:  # type: ignore[no-untyped-def]
    reader = finds()
    document = read(word(tmp_path / "a.docx", photograph(2400, 1800)))
    ((width, height),) = reader.shown
    assert width * height < 600_000
    assert (document.pages[0].note, document.pages[0].unread) == ("", 0)


def test_a_large_photograph_with_text_is_read_at_its_full_size(finds) -> None:  # type: ignore[no-untyped-def]
    reader = finds("Platform 4: Naples 12.40")
    writing = Pasted(Engines()).read(png(photograph(2400, 1800)).getvalue())
    assert [line.text for line in writing.lines] == ["Platform 4: Naples 12.40"]
    assert reader.shown[1] == (2400, 1800)


def test_without_recognition_the_page_says_what_is_missing(tmp_path: Path) -> None:
    document = load(word(tmp_path / "a.docx", drawn(), photograph(800, 600)), OFF)
    assert lines(document) == ["Before the scan.", "After the scan."]
    assert "switched off" in document.pages[0].note
    assert LETTERS / 3 < document.pages[0].unread < LETTERS * 5
    photographs = load(word(tmp_path / "b.docx", photograph(800, 600)), OFF)
    assert (photographs.pages[0].note, photographs.pages[0].unread) == ("", 0)


def test_what_is_read_of_nothing_is_unreadable_on_a_page_of_its_own_only(
    tmp_path: Path, finds
) -> None:  # type: ignore[no-untyped-def]
    finds()
    (alone,) = load(deck(tmp_path / "a.pptx", [drawn()])).pages
    assert alone.note == recognition.UNREADABLE and alone.unread > LETTERS / 3
    (beside,) = load(word(tmp_path / "a.docx", drawn())).pages
    assert (beside.note, beside.unread) == ("", 0)


def replaced(path: Path, ending: str, name: str, data: bytes) -> Path:
    """The file with another picture in the place of that with this ending."""
    parts = {}
    with zipfile.ZipFile(path) as file:
        for part in file.namelist():
            content = file.read(part)
            if part.endswith(ending):
                part, content = part.replace(ending, name), data
            elif part.endswith(".rels"):
                content = content.replace(ending.encode(), name.encode())
            parts[part] = content
    with zipfile.ZipFile(path, "w") as file:
        for part, content in parts.items():
            file.writestr(part, content)
    return path


@pytest.mark.parametrize(
    ("name", "data", "note"),
    [
        ("image1.emf", b"\x01\0\0\0" + bytes(36) + b" EMF" + bytes(60), "not read (EMF)"),
        ("image1.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not read (SVG)"),
        ("image1.png", png(drawn()).getvalue()[:900], DAMAGED_PICTURE),
    ],
)
def test_what_cannot_be_opened_is_said_once(
    tmp_path: Path, name: str, data: bytes, note: str
) -> None:
    path = replaced(word(tmp_path / "a.docx", drawn()), "image1.png", name, data)
    document = read(path)
    assert lines(document) == ["Before the scan.", "After the scan."]
    assert document.pages[0].note.endswith(note)


def test_a_picture_whose_bytes_are_damaged_in_the_package_costs_only_itself(tmp_path: Path) -> None:
    path = word(tmp_path / "a.docx", drawn())
    with zipfile.ZipFile(path) as file:
        at = file.getinfo("word/media/image1.png").header_offset
    data = bytearray(path.read_bytes())
    data[at + 200 : at + 240] = bytes(40)
    path.write_bytes(data)
    document = read(path)
    assert lines(document) == ["Before the scan.", "After the scan."]
    assert document.pages[0].note == DAMAGED_PICTURE


def test_a_picture_of_too_many_pixels_is_not_decoded(finds) -> None:  # type: ignore[no-untyped-def]
    reader = finds("never seen")
    file = io.BytesIO()
    Image.new("1", (70_000, 400)).save(file, "PNG")
    assert Pasted(Engines()).read(file.getvalue()).note == DAMAGED_PICTURE
    assert not reader.shown


def test_number_and_time_are_bounded(finds, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    reader = finds("A line of text on a picture")
    pictures = [png(drawn([str(number)])).getvalue() for number in range(3)]
    monkeypatch.setattr(recognition, "MOST", 2)
    one = Pasted(Engines())
    notes = [one.read(picture).note for picture in (*pictures, pictures[0])]
    assert notes == ["", "", recognition.TOO_MANY.format(2), ""]
    monkeypatch.setattr(recognition, "MINUTES", 0.0)
    assert Pasted(Engines()).read(pictures[0]).note == recognition.TOO_LONG.format(0)
    assert len(reader.shown) == 2


def test_a_picture_in_a_hidden_run_is_hidden(tmp_path: Path) -> None:
    file = docx.Document()
    run = file.add_paragraph("What is seen.").add_run()
    run.font.hidden = True
    run.add_picture(png(drawn()))
    file.save(tmp_path / "a.docx")
    (page,) = load(tmp_path / "a.docx").pages
    assert [line.hidden for line in page.lines] == ["", *["hidden text"] * (len(page.lines) - 1)]
    assert len(page.lines) > 1
