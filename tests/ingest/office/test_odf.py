""""""

from pathlib import Path

import pytest

from ingest.errors import EncryptedFile, UnreadableFile
from tests.ingest.made import MANIFEST, ODF, headings, lines, odf, package, read, written


def text(inner: str) -> str:
    return f"<office:text>{inner}</office:text>"


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


COVERED = "<table:covered-table-cell/>"


def grid(*rows: str) -> str:
    inner = "".join(f"<table:table-row>{row}</table:table-row>" for row in rows)
    return f"<table:table>{inner}</table:table>"


def test_headings_lists_and_notes_are_read_in_their_order(tmp_path: Path) -> None:
    body = (
        '<text:h text:outline-level="2">Leave</text:h>'
        "<text:p>Ten<text:s/>weeks<text:note><text:note-citation>1</text:note-citation>"
        "<text:note-body><text:p>From 2024.</text:p></text:note-body></text:note></text:p>"
        "<text:list><text:list-item><text:p>one</text:p></text:list-item>"
        "<text:list-item><text:p>two</text:p></text:list-item></text:list>"
    )
    document = read(odf(tmp_path / "a.odt", text(body)))
    assert headings(document) == [(2, "Leave")]
    found = lines(document)
    assert found[1:3] == ["Ten weeks[1]", "[1] From 2024."]
    assert [line.endswith(end) for line, end in zip(found[3:], ("one", "two"), strict=True)]


def test_merged_cells_are_repeated_in_each_place_that_they_cover(tmp_path: Path) -> None:
    rows = (
        cell("Site") + cell("Sales", 'table:number-columns-spanned="2"') + COVERED,
        cell("Rome", 'table:number-rows-spanned="2"') + cell("5") + cell("6"),
        COVERED + cell("7") + cell("8"),
    )
    document = read(odf(tmp_path / "a.odt", text(grid(*rows))))
    assert lines(document) == ["Site | Sales | Sales", "Rome | 5 | 6", "Rome | 7 | 8"]


def test_a_slide_is_a_page_with_its_title_and_notes(tmp_path: Path) -> None:
    def box(text: str, kind: str = "outline") -> str:
        return (
            f'<draw:frame presentation:class="{kind}"><draw:text-box><text:p>{text}</text:p>'
            "</draw:text-box></draw:frame>"
        )

    notes = f"<presentation:notes>{box('Say hello.', 'notes')}</presentation:notes>"
    slide = f"<draw:page>{box('We grew.')}{box('Results', 'title')}{notes}</draw:page>"
    body = f"<office:presentation>{slide}<draw:page/></office:presentation>"
    document = read(odf(tmp_path / "a.odp", body))
    assert [page.title for page in document.pages] == ["Results", ""]
    assert lines(document) == ["Results", "We grew.", "Notes: Say hello."]


def test_one_xml_file_is_read_like_a_package(tmp_path: Path) -> None:
    body = f"<office:body>{text('<text:p>Hello</text:p>')}</office:body>"
    path = written(tmp_path / "a.fodt", f"<office:document {ODF}>{body}</office:document>")
    assert lines(read(path)) == ["Hello"]


def test_a_file_with_a_password_is_refused(tmp_path: Path) -> None:
    manifest = (
        f'<manifest:manifest xmlns:manifest="{MANIFEST}">'
        "<manifest:file-entry><manifest:encryption-data/>"
        "</manifest:file-entry></manifest:manifest>"
    )
    path = package(tmp_path / "a.odt", "x", {"META-INF/manifest.xml": manifest})
    with pytest.raises(EncryptedFile, match=r"^a\.odt is protected by a password"):
        read(path)


@pytest.mark.parametrize("content", [b"no zip at all", b"PK\3\4 cut off"])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.odt is damaged[^.]*\.odt[^.]*\.$"):
        read(written(tmp_path / "a.odt", content))
