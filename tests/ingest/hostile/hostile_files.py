"""Files that are made to hang, crash or fill whoever reads them; each is small on disk."""

import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from tests.ingest.hostile import hostile_pdfs
from tests.ingest.hostile.containers import CONTAINERS
from tests.ingest.hostile.documents import DOCUMENTS
from tests.ingest.hostile.media import MEDIA
from tests.ingest.packed import BLOCK, deflated, zip_of, zlibbed

SECRET = "the secret of another file"


def laughs(text: str = "lol") -> str:
    """Ten entities, each of ten of the one before: a thousand million words (XML bomb)."""
    entities = [f'<!ENTITY a0 "{text}">'] + [
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    ]
    return f"<!DOCTYPE x [{''.join(entities)}]>"


def outside(secret: Path) -> str:
    """An entity that is another file of the machine."""
    return f'<!DOCTYPE x [<!ENTITY a9 SYSTEM "{secret.as_uri()}">]>'


def xml(path: Path, doctype: str) -> Path:
    path.write_text(f'<?xml version="1.0"?>{doctype}<x>before &a9; after</x>')
    return path


_TYPES = """<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Override PartName="/word/document.xml" ContentType=
"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"""
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_PARTS = """<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="word/document.xml" Type=
"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>"""
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_TAIL = "</w:t></w:r></w:p></w:body></w:document>"


def docx(path: Path, doctype: str = "") -> Path:
    head = f'<?xml version="1.0"?>{doctype}<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _PARTS)
        archive.writestr("word/document.xml", f"{head}before &a9; after{_TAIL}")
    return path


def inflated(path: Path, times: int = 3000) -> Path:
    """A text document of three thousand million letters."""
    head = f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>'.encode()
    block = b"a b c d " * (BLOCK // 8)
    parts = [("[Content_Types].xml", _TYPES.encode()), ("_rels/.rels", _PARTS.encode())]
    small = [(name, deflated(data, b"", 0), len(data)) for name, data in parts]
    text = deflated(head, block, times, _TAIL.encode())
    size = len(head) + times * BLOCK + len(_TAIL)
    return zip_of(path, [*small, ("word/document.xml", text, size)])


def odt(path: Path, doctype: str) -> Path:
    names = 'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    names += ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    body = (
        "<office:body><office:text><text:p>before &a9; after</text:p></office:text></office:body>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{doctype}<office:document-content {names}>{body}'
            "</office:document-content>",
        )
    return path


def xlsx(path: Path) -> Path:
    """A sheet whose last cell is in the last column of the last row: 17 thousand million cells."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"], sheet["XFD1048576"] = "first", "last"
    book.save(path)
    return path


def png(path: Path, width: int = 60_000, height: int = 60_000) -> Path:
    """A picture that says it is 60,000 pixels wide and high: 450 MB of zeros, 3.6 GB of bytes."""

    def piece(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    row = b"\0" * (1 + width // 8)
    data = zlibbed(row * 100, height // 100)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pieces = piece(b"IHDR", head) + piece(b"IDAT", data) + piece(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + pieces)
    return path


def pdf(path: Path, pages: int = 1, content: bytes = b"", action: bytes = b"") -> Path:
    """A PDF of pages that share one stream of content, packed."""
    text = content or b"BT /F1 12 Tf 72 700 Td (A line of text on this page.) Tj ET"
    packed = text if text[:1] == b"\x78" else zlib.compress(text)
    kids = b" ".join(b"%d 0 R" % (number + 5) for number in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R%b>>" % action,
        b"<</Type/Pages/Count %d/Kids[%b]>>" % (pages, kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed),
    ]
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
        b"/Resources<</Font<</F1 3 0 R>>>>>>"
    )
    return hostile_pdfs.pdf(path, [*objects, *[page] * pages])


def stream_bomb(path: Path, size: int = 2 << 30) -> Path:
    """A page whose content unpacks to two thousand million blanks."""
    return pdf(path, content=zlibbed(b" " * BLOCK, size // BLOCK))


def nested(path: Path, opening: str, closing: str, depth: int) -> Path:
    path.write_text(opening * depth + "deep text" + closing * depth)
    return path


LAUNCH = (
    b"/OpenAction<</S/Launch/F(/bin/sh)/Win<</F(cmd.exe)>>"
    b"/Next<</S/JavaScript/JS(app.launchURL\\('http://example.com'\\))>>>>"
)

# Each name with what makes the file; what is expected of it is in test_hostile.py.
FILES: dict[str, Callable[[Path], Path]] = {
    "laughs.xml": lambda path: xml(path, laughs()),
    "laughs.docx": lambda path: docx(path, laughs()),
    "laughs.odt": lambda path: odt(path, laughs()),
    "laughs.html": lambda path: xml(path, laughs("ha")),
    "inflated.docx": inflated,
    "sparse.xlsx": xlsx,
    "huge.png": png,
    "pages.pdf": lambda path: pdf(path, pages=2000),
    "stream.pdf": stream_bomb,
    "launch.pdf": lambda path: pdf(path, action=LAUNCH),
    "nested.json": lambda path: nested(path, "[", "]", 100_000),
    "nested.xml": lambda path: nested(path, "<a>", "</a>", 100_000),
    "nested.html": lambda path: nested(path, "<div>", "</div>", 100_000),
    "nested.md": lambda path: nested(path, "> ", "\n", 50_000),
    "brackets.md": lambda path: nested(path, "[", "]()", 10_000),
    "nested.rtf": lambda path: nested(path, "{\\rtf1 ", "}", 100_000),
    "columns.csv": lambda path: path.write_text("a," * 400_000) and path,
    "line.txt": lambda path: path.write_text("word" * 1_000_000) and path,
    "line.json": lambda path: path.write_text(json.dumps({"a": "word " * 300_000})) and path,
    **CONTAINERS,
    **DOCUMENTS,
    **MEDIA,
    **hostile_pdfs.PDFS,
}
