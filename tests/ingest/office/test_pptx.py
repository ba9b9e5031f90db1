""""""

from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from tests.ingest.made import hidden, lines, pptx, read, shape, table, written

OUTSIDE = '<a:xfrm><a:off x="99000000" y="0"/><a:ext cx="5" cy="5"/></a:xfrm>'


def grid(*rows: str) -> str:
    inner = "".join(f"<a:tr>{row}</a:tr>" for row in rows)
    return (
        '<p:graphicFrame><a:graphic><a:graphicData><a:tbl><a:tblPr firstRow="1"/>'
        f"{inner}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
    )


def cell(text: str, attributes: str = "") -> str:
    said = f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"
    return f"<a:tc {attributes}><a:txBody>{said}</a:txBody></a:tc>"


def test_a_slide_is_a_page_and_its_title_comes_first(tmp_path: Path) -> None:
    first = shape("We grew.") + shape("Results", kind="title")
    document = read(pptx(tmp_path / "a.pptx", first, shape("Thanks", kind="title")))
    assert [page.title for page in document.pages] == ["Results", "Thanks"]
    assert lines(document) == ["Results", "We grew."]
    assert document.pages[0].lines[0].heading == 1


def test_an_empty_slide_keeps_its_number(tmp_path: Path) -> None:
    document = read(pptx(tmp_path / "a.pptx", "", shape("b")))
    assert [(page.number, page.text) for page in document.pages] == [(1, ""), (2, "b")]


def test_speaker_notes_are_read_with_their_slide(tmp_path: Path) -> None:
    notes = shape("Say hello.", kind="body") + shape("1", kind="sldNum")
    document = read(pptx(tmp_path / "a.pptx", shape("Hi"), notes1=notes))
    assert lines(document) == ["Hi", "Notes: Say hello."]
    assert [d.reason for d in document.pages[0].dropped] == ["slide numbers"]


def test_a_hidden_slide_is_read_and_says_so(tmp_path: Path) -> None:
    document = read(pptx(tmp_path / "a.pptx", shape("a"), shape("b"), hidden2="yes"))
    assert [page.note for page in document.pages] == ["", "hidden slide"]


def test_text_beside_the_slide_is_hidden(tmp_path: Path) -> None:
    document = read(pptx(tmp_path / "a.pptx", shape("Obey.", place=OUTSIDE) + shape("Seen.")))
    assert hidden(document) == [("outside of the slide", "Obey.")]


def test_merged_heads_stand_above_each_of_their_columns(tmp_path: Path) -> None:
    rows = (
        cell("") + cell("Sales", 'gridSpan="2"') + cell("", 'hMerge="1"'),
        cell("Site") + cell("Plan") + cell("Real"),
        cell("Rome", 'rowSpan="2"') + cell("5 %") + cell("6 %"),
        cell("", 'vMerge="1"') + cell("7 %") + cell("8 %"),
    )
    document = read(pptx(tmp_path / "a.pptx", grid(*rows)))
    assert lines(document) == [
        " | Sales | Sales", "Site | Plan | Real", "Rome | 5 % | 6 %", "Rome | 7 % | 8 %",
    ]  # fmt: skip
    found = document.pages[0].tables[0]
    assert found.header == 2
    assert table(document)[3] == ["Rome", 7, 8]
    assert found.rows[3][1].unit == "%"


def test_a_footer_is_read_once(tmp_path: Path) -> None:
    slide = shape("x") + shape("Confidential", kind="ftr")
    document = read(pptx(tmp_path / "a.pptx", slide, slide))
    assert [lines(document, page) for page in (0, 1)] == [["x", "Confidential"], ["x"]]


def test_a_presentation_without_slides_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.pptx is a presentation without slides\.$"):
        read(pptx(tmp_path / "a.pptx"))


def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.pptx is damaged[^.]*\.pptx[^.]*\.$"):
        read(written(tmp_path / "a.pptx", b"PK\3\4 cut off"))
