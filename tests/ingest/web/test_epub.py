""""""

import zipfile
from pathlib import Path

import pytest

from ingest.errors import EncryptedFile, UnreadableFile
from tests.ingest.made import headings, lines, read, written

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
)
OPF = """<package xmlns="http://www.idpf.org/2007/opf"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>Ducks</dc:title>
<dc:creator>Ann</dc:creator></metadata><manifest>
<item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/></spine></package>"""


def epub(path: Path, **more: str) -> Path:
    page = "<html xmlns='http://www.w3.org/1999/xhtml'><body>{}</body></html>"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("META-INF/container.xml", CONTAINER)
        file.writestr("OPS/book.opf", OPF)
        file.writestr("OPS/one.xhtml", page.format("<h1>Feeding</h1><p>Ducks eat.</p>"))
        file.writestr("OPS/two.xhtml", page.format("<h1>Swimming</h1><p>Ducks swim.</p>"))
        for name, content in more.items():
            file.writestr(name, content)
    return path


def test_chapters_are_pages_in_the_order_of_the_book(tmp_path: Path) -> None:
    document = read(epub(tmp_path / "a.epub"))
    assert lines(document, 0) == ["Feeding", "Ducks eat."]
    assert lines(document, 1) == ["Swimming", "Ducks swim."]
    assert headings(document) == [(1, "Feeding"), (1, "Swimming")]
    assert (document.title, document.metadata["author"]) == ("Ducks", "Ann")


def test_a_book_with_a_lock_is_refused(tmp_path: Path) -> None:
    lock = (
        '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" '
        'xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        '<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
        '<enc:CipherData><enc:CipherReference URI="OPS/one.xhtml"/></enc:CipherData>'
        "</enc:EncryptedData></encryption>"
    )
    with pytest.raises(EncryptedFile, match=r"^a\.epub "):
        read(epub(tmp_path / "a.epub", **{"META-INF/encryption.xml": lock}))


@pytest.mark.parametrize("content", [b"no zip at all", b"PK\3\4 cut off"])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.epub is damaged[^.]*\.epub[^.]*\.$"):
        read(written(tmp_path / "a.epub", content))
