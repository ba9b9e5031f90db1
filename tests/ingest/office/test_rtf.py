""""""

from pathlib import Path

import pytest

from ingest.document.model import Document
from ingest.errors import UnreadableFile
from tests.ingest.made import headings, hidden, lines, read, table, written


def rtf(tmp_path: Path, body: str, head: str = "") -> Document:
    return read(written(tmp_path / "a.rtf", rf"{{\rtf1\ansi\ansicpg1252{head} {body}}}", "latin-1"))


def test_paragraphs_letters_and_codes_are_read(tmp_path: Path) -> None:
    body = r"Caf\'e9 \u8364? 5\par {\b Bold} text\line next\par"
    assert lines(rtf(tmp_path, body)) == ["Café € 5", "Bold text", "next"]


def test_other_code_pages_are_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.rtf", rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8\'e2\'e5\'f2\par}")
    assert lines(read(path)) == ["Привет"]


def test_styles_make_headings(tmp_path: Path) -> None:
    head = r"{\stylesheet{\s1 heading 1;}}"
    document = rtf(tmp_path, r"\pard\s1 Leave\par\pard Ten weeks.\par", head)
    assert headings(document) == [(1, "Leave")]


def test_a_table_is_a_table(tmp_path: Path) -> None:
    row = r"\trowd\cellx1000\cellx2000\intbl {}\cell {}\cell\row "
    document = rtf(tmp_path, row.format("Item", "Price") + row.format("Rent", "5 %") + r"\pard")
    assert lines(document) == ["Item | Price", "Rent | 5 %"]
    assert table(document) == [["Item", "Price"], ["Rent", 5]]


def test_merged_cells_are_repeated_in_each_place_that_they_cover(tmp_path: Path) -> None:
    wide = r"\trowd\cellx1000\cellx3000\intbl Site\cell Sales\cell\row "
    first = r"\trowd\clvmgf\cellx1000\cellx2000\cellx3000\intbl Rome\cell 5\cell 6\cell\row "
    more = r"\trowd\clvmrg\cellx1000\cellx2000\cellx3000\intbl \cell 7\cell 8\cell\row "
    document = rtf(tmp_path, wide + first + more + r"\pard")
    assert lines(document) == ["Site | Sales | Sales", "Rome | 5 | 6", "Rome | 7 | 8"]


def test_a_footnote_follows_its_paragraph(tmp_path: Path) -> None:
    body = r"Ten weeks{\super\chftn}{\footnote From 2024.} of leave\par End\par"
    assert [text.split("[1]")[0].strip() for text in lines(rtf(tmp_path, body))][2:] == ["End"]
    assert lines(rtf(tmp_path, body))[1] == "[1] From 2024."


def test_hidden_text_says_so(tmp_path: Path) -> None:
    document = rtf(tmp_path, r"Seen{\v  secret}\par")
    assert [text for _, text in hidden(document)] == ["secret"]


def test_what_is_no_rtf_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.rtf is damaged[^.]*\.rtf[^.]*\.$"):
        read(written(tmp_path / "a.rtf", "hello"))
