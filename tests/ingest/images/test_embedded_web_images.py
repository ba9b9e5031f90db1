"""Pictures that web pages and books hold themselves."""

import zipfile
from base64 import b64encode
from email.mime.image import MIMEImage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from ingest.document.source import Engines
from ingest.images.recognition import AGAIN
from ingest.loaders import load
from tests.ingest.images.test_embedded_images import LETTERS, png, recognised
from tests.ingest.made import dropped, hidden, lines, read, written
from tests.ingest.web.test_epub import epub
from tests.scans import LETTER, drawn

pytestmark = pytest.mark.slow

PICTURE = png(drawn()).getvalue()
DATA = "data:image/png;base64," + b64encode(PICTURE).decode()


def page(source: str, style: str = "") -> str:
    image = f"<img src='{source}' {style}>"
    return f"<html><body><p>Before {image} and behind.</p><p>End.</p></body></html>"


def test_a_picture_in_the_page_itself_is_read_behind_its_paragraph(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.html", page(DATA)))
    assert lines(document) == ["Before and behind.", *LETTER, "End."]
    assert document.pages[0].ocr and document.pages[0].pictures == 1
    assert recognised(document) == LETTERS


def test_what_is_on_a_picture_that_nobody_sees_is_marked(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.html", page(DATA, "style='display:none'")))
    assert [text for _, text in hidden(document)] == list(LETTER)


@pytest.mark.parametrize(
    "source", ["picture.png", "https://example.org/a.png", "file:///etc/hostname", "data:,x"]
)
def test_other_files_are_not_opened(tmp_path: Path, source: str) -> None:
    (tmp_path / "picture.png").write_bytes(PICTURE)
    document = read(written(tmp_path / "a.html", page(source)))
    assert lines(document) == ["Before and behind.", "End."]
    assert not document.pages[0].ocr and not document.pages[0].note


@pytest.mark.parametrize("base64", ["%%%", "iVBORw0KGgo", ""])
def test_damaged_bytes_cost_only_the_picture(tmp_path: Path, base64: str) -> None:
    document = read(written(tmp_path / "a.html", page(f"data:image/png;base64,{base64}")))
    assert lines(document) == ["Before and behind.", "End."]


def test_a_drawing_in_svg_is_named_as_not_read(tmp_path: Path) -> None:
    source = "data:image/svg+xml,%3Csvg%20xmlns=%22x%22/%3E"
    document = read(written(tmp_path / "a.html", page(source)))
    assert document.pages[0].note == "a picture in a format that is not read (SVG)"


def test_markdown_is_read_as_the_page_that_it_becomes(tmp_path: Path) -> None:
    document = read(written(tmp_path / "a.md", f"Before.\n\n![]({DATA})\n\nEnd.\n"))
    assert lines(document) == ["Before.", *LETTER, "End."]


def test_pictures_in_an_mhtml_file_are_found_by_both_of_their_names(tmp_path: Path) -> None:
    mail = MIMEMultipart("related")
    body = "<p>One: <img src='cid:one'></p><p>Two: <img src='https://example.org/two.png'></p>"
    mail.attach(MIMEText(body, "html"))
    for name, value in (
        ("Content-ID", "<one>"),
        ("Content-Location", "https://example.org/two.png"),
    ):
        picture = MIMEImage(PICTURE if name == "Content-ID" else png(drawn(LETTER[:1])).getvalue())
        picture[name] = value
        mail.attach(picture)
    document = read(written(tmp_path / "a.mhtml", mail.as_bytes()))
    assert lines(document) == ["One:", *LETTER, "Two:", LETTER[0]]


def test_pictures_of_a_book_are_read_in_their_chapter_and_once(tmp_path: Path) -> None:
    path = epub(tmp_path / "a.epub")
    with zipfile.ZipFile(path) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    shown = b"<p><img src='images/a%20b.png'/></p></body>"
    for chapter in ("OPS/one.xhtml", "OPS/two.xhtml"):
        parts[chapter] = parts[chapter].replace(b"</body>", shown)
    with zipfile.ZipFile(path, "w") as file:
        for name, content in {**parts, "OPS/images/a b.png": PICTURE}.items():
            file.writestr(name, content)
    document = read(path)
    assert lines(document, 0) == ["Feeding", "Ducks eat.", *LETTER]
    assert lines(document, 1) == ["Swimming", "Ducks swim."]
    assert dropped(document) == {AGAIN: LETTERS}


def test_without_recognition_the_page_says_so(tmp_path: Path) -> None:
    document = load(written(tmp_path / "a.html", page(DATA)), Engines(ocr="off"))
    assert "switched off" in document.pages[0].note
    assert document.pages[0].unread > LETTERS / 3
