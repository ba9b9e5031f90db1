""""""

from pathlib import Path

import pytest

from ingest.document.model import Document
from ingest.errors import UnreadableFile
from tests.ingest.made import dropped, headings, lines, read, table, written

ROW = r"\trowd\cellx1000\cellx2000\intbl {}\cell {}\cell\row "


def rtf(tmp_path: Path, body: str, head: str = "") -> Document:
    return read(written(tmp_path / "a.rtf", rf"{{\rtf1\ansi\ansicpg1252{head} {body}}}", "latin-1"))


def test_paragraphs_letters_and_codes_are_read(tmp_path: Path) -> None:
    body = r"Caf\'e9 \u8364? 5\par {\b Bold} text\line next \u-10179?\u-8704?\par"
    assert lines(rtf(tmp_path, body)) == ["Café € 5", "Bold text", "next 😀"]


@pytest.mark.parametrize("head, body, text", [
    (r"\ansi\ansicpg1251", r"\'cf\'f0\'e8\'e2\'e5\'f2", "Привет"),
    (r"\ansi\ansicpg1250", r"\'9elu\'9dou\'e8k\'fd", "žluťoučký"),
    (r"\ansi\ansicpg1251", "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
    (r"\ansi\ansicpg932{\fonttbl{\f1\fcharset128 Mincho;}}", r"\f1\'93\'fa\'96\'7b", "日本"),
    (r"\ansi\ansicpg1252{\fonttbl{\f3\fcharset204 Arial;}}", r"{\f3\'ec}\'ec", "мì"),
    (r"\ansi\ansicpg1252{\fonttbl{\f1\fcharset78 Osaka;}}", r"{\f1 old}", "old"),
    (r"\mac\ansicpg10000", r"Caf\'8e", "Café"),
    (r"\ansi\ansicpg65001", r"Caf\'c3\'a9", "Café"),
    (r"\ansi\ansicpg0", r"Caf\uc \'e9", "Café"),
])  # fmt: skip
def test_code_pages_of_files_and_fonts_are_read(
    tmp_path: Path, head: str, body: str, text: str
) -> None:
    path = written(tmp_path / "a.rtf", rf"{{\rtf1{head} {body}\par}}", "latin-1")
    assert lines(read(path)) == [text]


def test_styles_and_outline_levels_make_headings(tmp_path: Path) -> None:
    head = r"{\stylesheet{\s1\fs40 heading 1;}{\s2 body;}}"
    body = r"\pard\s1 Leave\par\pard\s2 Ten weeks.\par\pard\outlinelevel1 More\par"
    assert headings(rtf(tmp_path, body, head)) == [(1, "Leave"), (2, "More")]


def test_a_table_is_a_table(tmp_path: Path) -> None:
    body = "Prices:\\par " + ROW.format("Item", "Price") + ROW.format(r"Rent\par (new)", "5 %")
    document = rtf(tmp_path, body + r"\pard After\par")
    assert lines(document) == ["Prices:", "Item | Price", "Rent (new) | 5 %", "After"]
    assert table(document) == [["Item", "Price"], ["Rent (new)", 5]]


def test_notes_comments_and_text_boxes_stand_where_they_belong(tmp_path: Path) -> None:
    note = r"Ten weeks{\footnote From 2024.} of leave{\*\annotation Check.}\par "
    box = r"{\shp{\*\shpinst{\sp{\sn a}{\sv 7}}{\shptxt In a box\par}}{\shprslt old}}End\par"
    assert lines(rtf(tmp_path, note + box)) == [
        "Ten weeks [From 2024.] of leave [Check.]", "In a box", "End",
    ]  # fmt: skip


def test_headers_and_the_title_are_read(tmp_path: Path) -> None:
    document = rtf(
        tmp_path, r"{\info{\title Leave rules}{\author Ann}}{\header Northwind\par}Text\par"
    )
    assert lines(document) == ["Northwind", "Text"]
    assert (document.title, document.metadata["author"]) == ("Leave rules", "Ann")


def test_the_address_of_a_link_is_no_text(tmp_path: Path) -> None:
    link = r'{\field{\*\fldinst{HYPERLINK "http://a.b/c"}}{\fldrslt rules}}\par '
    assert lines(rtf(tmp_path, link)) == ["rules"]


@pytest.mark.parametrize("body, reason", [
    (r"Seen{\deleted  secret}\par", "text deleted under tracked changes"),
    (r"Seen{\v  secret}\par", "hidden text"),
    (r"Seen\v  secret\plain\par", "hidden text"),
    (r"Seen{\v  {\*\x}secre\v0}{\v\u8364?\endash}\par", "hidden text"),
    (r"Seen{\cf1  secret}\par", "white on white"),
    (r"Seen{\fs2  secret}\par", "letters too small to see"),
])  # fmt: skip
def test_text_that_nobody_sees_is_left_out_and_counted(
    tmp_path: Path, body: str, reason: str
) -> None:
    document = rtf(tmp_path, body, r"{\colortbl;\red255\green255\blue255;}")
    assert lines(document) == ["Seen"]
    assert dropped(document) == {reason: 6}


def test_white_letters_on_a_shade_are_seen(tmp_path: Path) -> None:
    body = r"{\cf1\highlight2 Warning}\par " + ROW.format(r"\cf1 Head", "x")
    document = rtf(tmp_path, body, r"{\colortbl;\red255\green255\blue255;}")
    assert lines(document) == ["Warning", "Head | x"]


@pytest.mark.parametrize("picture", [
    r"{\pict\wmetafile8 0102030405}",
    r"{\*\shppict{\pict{\*\picprop{\sp{\sn a}{\sv b}}}\pngblip 8950}}{\nonshppict{\pict 0100}}",
    r"{\pict{\*\blipuid 11}\pngblip\bin11 abc}def{ghi}",
    r"{\object{\*\objdata 0105}{\result{\pict 0100}}}",
])  # fmt: skip
def test_pictures_and_objects_are_no_text(tmp_path: Path, picture: str) -> None:
    assert lines(rtf(tmp_path, rf"C:\\bin{picture} and C:\\pict\par")) == [r"C:\bin and C:\pict"]


@pytest.mark.parametrize("text", [r"{\rtf1 Leave\par thirty {\field{\*\fldinst", r"{\rtf1 Leave"])
def test_a_file_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path, text: str) -> None:
    assert lines(read(written(tmp_path / "a.rtf", text)))[0] == "Leave"


def test_what_is_no_rtf_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.rtf is damaged[^.]*\.rtf[^.]*\.$"):
        read(written(tmp_path / "a.rtf", "hello"))
