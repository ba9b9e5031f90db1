"""Files that show one thing thousands of times are read once, up to a limit, or refused early."""

from pathlib import Path

import pytest

from ingest.document.source import Engines, Source
from ingest.errors import UnreadableFile
from ingest.images import image_file
from ingest.images.recognition import load_image
from ingest.sheets import workbook
from ingest.sheets.loader import load_sheet
from ingest.web.loaders import load_html
from tests.ingest.hostile.documents import long_string
from tests.ingest.hostile.media import frames
from tests.ingest.made import odf


def test_a_workbook_that_repeats_a_long_text_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = long_string(tmp_path / "a.xlsx")
    with pytest.raises(UnreadableFile, match=r"a\.xlsx .* repeat their texts to 1,92\d MB, more"):
        load_sheet(Source(path, "0"))


def test_a_workbook_that_repeats_texts_as_people_do_is_read(tmp_path: Path) -> None:
    document = load_sheet(Source(long_string(tmp_path / "a.xlsx", rows=3), "0"))
    text = "".join(page.text for page in document.pages)
    assert text.replace("\n", "").count("long") == 3 * 8_000  # a row of one text is a title


def test_a_workbook_whose_shared_texts_are_damaged_has_none() -> None:
    assert workbook._lengths(b"<sst>") == []
    assert workbook._lengths(b"<sst><si>a</si><si>") == [10, 4]


def ods(path: Path, text: str, columns: int, rows: int) -> Path:
    cell = (
        f'<table:table-cell table:number-columns-repeated="{columns}" office:value-type="string">'
        f"<text:p>{text}</text:p></table:table-cell>"
    )
    empty = '<table:table-cell table:number-columns-repeated="16000"/>'
    row = f'<table:table-row table:number-rows-repeated="{rows}">{cell}{empty}</table:table-row>'
    blank = f'<table:table-row table:number-rows-repeated="1000000">{empty}</table:table-row>'
    sheet = f'<table:table table:name="a">{row}{blank}</table:table>'
    return odf(path, f"<office:spreadsheet>{sheet}</office:spreadsheet>")


def test_a_cell_that_is_repeated_is_counted_as_often(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="repeat their texts to"):
        load_sheet(Source(ods(tmp_path / "a.ods", "long" * 8_000, 900, 900), "0"))
    document = load_sheet(Source(ods(tmp_path / "b.ods", "again", 3, 4), "0"))
    assert document.pages[0].text.split() == ["again"] * 4  # a row of one text is a title


def test_markup_is_no_text_that_is_repeated(tmp_path: Path) -> None:
    document = load_sheet(Source(ods(tmp_path / "a.ods", "0", 700, 700), "0"))
    assert sum(page.text.count("0") for page in document.pages) >= 700


def test_the_limit_grows_with_the_file() -> None:
    assert workbook._of_ods(b"<table:table-row><table:table-cell>ab</table:table-cell>") == 0
    twice = b'<table:table-row table:number-rows-repeated="5"><table:table-cell x="1">ab'
    assert workbook._of_ods(twice) == 10


def test_a_long_text_in_a_cell_over_many_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    wide = f'<td colspan="900" rowspan="900">{"long " * 2_000}</td>'
    path.write_text(f"<table><tr><th>a</th>{wide}</tr><tr><td>b</td></tr></table>")
    text = "\n".join(page.text for page in load_html(Source(path, "0")).pages)
    assert text.count("long") == 2_000


@pytest.mark.parametrize("times", [1, 1_000])
def test_a_row_of_which_all_cells_span_rows_is_not_lost(tmp_path: Path, times: int) -> None:
    path = tmp_path / "a.html"
    high = f'<tr><th rowspan="1000">North</th><td rowspan="1000">{"sold " * times}</td></tr>'
    path.write_text(f"<table>{high}<tr></tr><tr><td>end</td></tr></table>")
    text = "\n".join(page.text for page in load_html(Source(path, "0")).pages)
    assert "North" in text and text.count("sold") >= times and "end" in text


def test_a_last_row_that_claims_to_go_on_is_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.html"
    last = '<td rowspan="2">b</td><td rowspan="2">c</td>'
    path.write_text(f"<table><tr><th>a</th><th>d</th></tr><tr>{last}</tr></table>")
    assert load_html(Source(path, "0")).pages[0].text.split() == ["a", "|", "d", "b", "|", "c"]


def test_pictures_without_an_end_are_read_up_to_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_file, "MOST_FRAMES", 30)
    path = frames(tmp_path / "a.tif", number=100)
    document = load_image(Source(path, "0", Engines(ocr="off")))
    assert len(document.pages) == 30
    assert "those behind the first 30 were not read" in document.pages[-1].note
    assert "too many" not in document.pages[0].note


def test_all_pictures_of_an_ordinary_file_are_read(tmp_path: Path) -> None:
    path = frames(tmp_path / "a.tif", number=60)
    document = load_image(Source(path, "0", Engines(ocr="off")))
    assert len(document.pages) == 60
    assert not any("too many" in page.note for page in document.pages)


def test_the_pictures_of_a_file_share_one_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image_file, "_PIXELS", 10 * 64 * 64)
    monkeypatch.setattr(image_file, "_PER_BYTE", 1)
    assert sum(1 for _ in image_file.frames(frames(tmp_path / "a.tif", number=40))) == 11
