from pathlib import Path

import pypdfium2
import pytest
from pypdf import PdfReader, PdfWriter

from ingest.document.model import Box, Line, Page
from ingest.errors import EncryptedFile, UnreadableFile
from ingest.pdf import pdfium
from tests.pdfs import HEIGHT, LEFT, STEP, TOP, WIDTH, write_pdf, write_picture_pdf

_SLACK = 1.0  # points


def words_inside(path: Path, page: Page, box: Box) -> str:
    """What PDFium finds inside a box; only for pages that are not rotated."""
    with pypdfium2.PdfDocument(path) as pdf:
        textpage = pdf[page.number - 1].get_textpage()
        text = textpage.get_text_bounded(
            left=box.x0 - _SLACK,
            bottom=page.height - box.y1 - _SLACK,
            right=box.x1 + _SLACK,
            top=page.height - box.y0 + _SLACK,
        )
        textpage.close()
    return str(text).translate({2: "-", 0xFFFE: "-"})


def letters(text: str) -> str:
    return "".join(text.split())


def only_page(path: Path) -> Page:
    (page,) = pdfium.pages(path)
    return page


def test_pages_are_numbered_as_a_viewer_shows_them(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["one"], ["two"], ["three"])
    assert [(page.number, page.text) for page in pdfium.pages(path)] == [
        (1, "one"), (2, "two"), (3, "three"),
    ]  # fmt: skip


def test_a_box_is_measured_from_the_top_left_in_points(tmp_path: Path) -> None:
    page = only_page(write_pdf(tmp_path / "a.pdf", ["", "Second line"]))
    box = page.lines[0].box
    baseline = TOP + STEP
    assert (page.width, page.height) == pytest.approx((WIDTH, HEIGHT), abs=0.1)
    assert box.x0 == pytest.approx(LEFT, abs=2)
    assert box.y0 == pytest.approx(baseline - 8, abs=2)
    assert box.y1 == pytest.approx(baseline, abs=2)


def test_size_and_weight_of_the_letters_are_known(tmp_path: Path) -> None:
    heading, body = only_page(write_pdf(tmp_path / "a.pdf", ["# Heading", "Body"])).lines
    assert (heading.size, heading.bold) == (18, True)
    assert (body.size, body.bold) == (11, False)


@pytest.mark.parametrize(
    "name",
    ["Employee Handbook.pdf", "Quarterly Report Q1 2026.pdf", "Security Policy v2 (2026).pdf"],
)
def test_the_words_of_a_line_stand_inside_its_box(samples: Path, name: str) -> None:
    path = samples / name
    lines = [(page, line) for page in pdfium.pages(path) for line in page.lines]
    wrong = [
        line.text
        for page, line in lines[::3]
        if letters(line.text) not in letters(words_inside(path, page, line.box))
    ]
    assert len(lines) > 100
    assert wrong == []


def rotated(path: Path, degrees: int) -> Path:
    writer = PdfWriter()
    for page in PdfReader(path).pages:
        writer.add_page(page).rotate(degrees)
    target = path.with_name(f"rotated {degrees}.pdf")
    writer.write(target)
    return target


def test_boxes_on_a_page_turned_clockwise_are_as_it_is_shown(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["A line of words"])
    upright = only_page(path).lines[0].box
    page = only_page(rotated(path, 90))
    assert (page.width, page.height) == pytest.approx((HEIGHT, WIDTH), abs=0.1)
    expected = Box(HEIGHT - upright.y1, upright.x0, HEIGHT - upright.y0, upright.x1)
    assert page.lines[0].box == pytest.approx(expected, abs=0.1)


def test_boxes_on_a_page_upside_down_are_as_it_is_shown(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["A line of words"])
    upright = only_page(path).lines[0].box
    box = only_page(rotated(path, 180)).lines[0].box
    expected = (WIDTH - upright.x1, HEIGHT - upright.y1, WIDTH - upright.x0, HEIGHT - upright.y0)
    assert box == pytest.approx(expected, abs=0.1)


def test_boxes_count_from_the_corner_of_a_cropped_page(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["A line of words"])
    whole = only_page(path).lines[0].box
    writer = PdfWriter(path)
    writer.pages[0].cropbox.lower_left = (40, 100)
    writer.pages[0].cropbox.upper_right = (WIDTH, HEIGHT - 30)
    writer.write(tmp_path / "cropped.pdf")
    box = only_page(tmp_path / "cropped.pdf").lines[0].box
    assert box == pytest.approx((whole.x0 - 40, whole.y0 - 30, whole.x1 - 40, whole.y1 - 30), abs=1)


def test_a_hyphen_at_a_line_end_does_not_join_the_lines(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["The rules of the organi-", "zation hold for everyone."])
    assert [line.text for line in only_page(path).lines] == [
        "The rules of the organi-",
        "zation hold for everyone.",
    ]


def test_spaces_in_a_row_become_one(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["careful    words "])
    assert only_page(path).lines[0].text == "careful words"


def test_a_page_that_is_a_picture_has_no_lines(tmp_path: Path) -> None:
    pages = list(pdfium.pages(write_picture_pdf(tmp_path / "scan.pdf", pages=2)))
    assert [(page.lines, page.pictures) for page in pages] == [((), 1), ((), 1)]


def test_a_page_is_drawn_where_its_boxes_say(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["", "", "Words"])
    picture = pdfium.render(path, 1, scale=2).convert("L")
    box = only_page(path).lines[0].box
    assert picture.size == pytest.approx((2 * WIDTH, 2 * HEIGHT), abs=2)
    around = tuple(round(2 * v) for v in (box.x0 - 2, box.y0 - 2, box.x1 + 2, box.y1 + 2))
    assert picture.crop(around).getextrema()[0] < 100  # dark letters inside
    picture.paste(255, around)
    assert picture.getextrema()[0] == 255  # and none elsewhere


def test_a_password_is_asked_for_in_a_sentence_with_the_files_name(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "locked.pdf", ["secret"], password="x")
    with pytest.raises(EncryptedFile, match=r"^locked\.pdf is protected by a password\."):
        list(pdfium.pages(path))


def test_damage_is_told_in_a_sentence_with_the_files_name(tmp_path: Path) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 and then nothing that makes sense")
    with pytest.raises(UnreadableFile, match=r"^bad\.pdf is not a readable PDF"):
        list(pdfium.pages(tmp_path / "bad.pdf"))


def test_lines_are_plain_values(tmp_path: Path) -> None:
    (line,) = only_page(write_pdf(tmp_path / "a.pdf", ["One"])).lines
    assert line == Line(line.text, Box(*line.box), line.size, line.bold)


def test_a_file_that_was_deleted_is_named_with_what_helps(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"gone\.pdf cannot be opened.*add .* again"):
        pdfium.render(tmp_path / "gone.pdf", 1)


@pytest.mark.parametrize("page", [-1, 0, 2])
def test_a_page_that_is_not_there_is_not_drawn(tmp_path: Path, page: int) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["one"])
    with pytest.raises(UnreadableFile, match=rf"a\.pdf has no page {page}: it has 1\."):
        pdfium.render(path, page)
