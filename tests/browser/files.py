"""Files of other kinds than PDF, made on the spot."""

import zipfile
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from pathlib import Path
from xml.sax.saxutils import escape

from openpyxl import Workbook
from PIL import Image, ImageDraw, ImageFont

from tests.recordings import slide, write

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
    '+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
_BODY = (
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    "{}</w:body></w:document>"
)


def write_docx(path: Path, paragraphs: Sequence[str]) -> Path:
    """As Word would, without its styles."""
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("[Content_Types].xml", _TYPES)
        file.writestr("_rels/.rels", _RELATIONS)
        file.writestr("word/document.xml", _BODY.format(body))
    return path


def write_photo(path: Path, lines: Sequence[str]) -> Path:
    """A picture of a notice: black letters on white paper."""
    page = Image.new("RGB", (1100, 160 + 80 * len(lines)), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(40)
    for row, line in enumerate(lines):
        pen.text((80, 80 + 80 * row), line, "black", font)
    page.save(path)
    return path


def write_xlsx(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    """A workbook of one sheet."""
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(path)
    return path


def write_mail(path: Path, text: str, attachment: Path) -> Path:
    """A mail with a PDF that hangs on it."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "Ana Lima <ana@example.org>", "The move"
    mail.set_content(text)
    mail.add_attachment(
        attachment.read_bytes(), maintype="application", subtype="pdf", filename=attachment.name
    )
    path.write_bytes(mail.as_bytes())
    return path


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """An archive of files by their names in it."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_film(path: Path, first: str, second: str) -> Path:
    """Six seconds without sound, in a form that Chromium plays: two slides, three seconds each."""
    return write(path, None, [(slide(first), 3.0), (slide(second), 3.0)], ("", "libvpx"))
