""""""

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.comments import Comment

from ingest import page_builder
from ingest.document.model import Document
from ingest.errors import UnreadableFile
from ingest.sheets import loader
from tests.ingest.made import dropped, hidden, lines, odf, read, table, written


def book(*rows: tuple[object, ...], title: str = "Costs") -> Workbook:
    made = Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    return made


def saved(tmp_path: Path, made: Workbook) -> Document:
    made.save(tmp_path / "a.xlsx")
    return read(tmp_path / "a.xlsx")


def test_a_sheet_is_a_page_and_its_cells_keep_their_types(tmp_path: Path) -> None:
    made = book(
        ("Item", "Price", "Since", "Paid"),
        ("Rent", 1200.5, date(2024, 1, 31), True),
        ("Food", 7, date(2024, 2, 1), False),
    )
    made.active["B2"].number_format = '#,##0.00 "EUR"'
    document = saved(tmp_path, made)
    assert [page.title for page in document.pages] == ["Costs"]
    assert table(document)[1] == ["Rent", 1200.5, "2024-01-31", True]
    assert document.pages[0].tables[0].header == 1
    assert document.pages[0].tables[0].rows[1][1].unit == "EUR"


def test_an_empty_sheet_keeps_its_number(tmp_path: Path) -> None:
    made = book()
    made.create_sheet("Second").append(["x", "y"])
    document = saved(tmp_path, made)
    assert [(page.number, page.title) for page in document.pages] == [(1, "Costs"), (2, "Second")]


def test_hidden_sheets_rows_and_columns_say_so(tmp_path: Path) -> None:
    made = book(("Item", "Cost", "Margin"), ("Rent", 5, 1), ("Bribe", 6, 2))
    made.active.row_dimensions[3].hidden = True
    made.active.column_dimensions["C"].hidden = True
    made.create_sheet("Secret").append(["plan", "B"])
    made["Secret"].sheet_state = "hidden"
    document = saved(tmp_path, made)
    assert {reason for reason, _ in hidden(document)} == {
        "hidden row", "hidden column", "hidden sheet",
    }  # fmt: skip
    assert ("hidden row", "Bribe | 6") in hidden(document)
    assert "Margin" not in [line.text for line in document.pages[0].lines if not line.hidden]


def test_merged_heads_stand_above_each_of_their_columns(tmp_path: Path) -> None:
    made = book(("Site", "Sales", None), (None, "Plan", "Real"), ("Rome", 5, 6), ("Oslo", 7, 8))
    made.active.merge_cells("B1:C1")
    document = saved(tmp_path, made)
    assert lines(document)[0] == "Site | Sales | Sales"
    assert document.pages[0].tables[0].header == 2


def test_tables_apart_are_two_tables_and_a_title_is_the_caption(tmp_path: Path) -> None:
    made = book(
        ("Costs of 2024",), ("Item", "Price"), ("Rent", 5), (), (), (), ("Name", "Age"), ("Ann", 7),
    )  # fmt: skip
    found = saved(tmp_path, made).pages[0].tables
    assert [(t.caption, len(t.rows)) for t in found] == [("Costs of 2024", 2), ("", 2)]


def test_comments_say_of_which_cell_and_by_whom(tmp_path: Path) -> None:
    made = book(("Item", "Price"), ("Rent", 5))
    made.active["B2"].comment = Comment("Too low?", "Ann")
    assert "Comment on B2: Ann: Too low?" in lines(saved(tmp_path, made))


def test_rows_behind_the_most_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loader, "CELLS", 4)
    document = saved(tmp_path, book(("a", "b"), ("1", "2"), ("3", "4"), ("55", "66")))
    assert dropped(document) == {page_builder.TOO_MANY: 6}
    assert document.pages[-1].note == "The sheet is too long: its last 2 rows were not read."


def test_opendocument_sheets_are_read_alike(tmp_path: Path) -> None:
    def cell(text: str, attributes: str = 'office:value-type="string"') -> str:
        return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"

    number = 'office:value-type="float" office:value="5"'
    rows = "".join(
        f"<table:table-row>{row}</table:table-row>"
        for row in (cell("Item") + cell("Price"), cell("Rent") + cell("5", number))
    )
    body = f'<table:table table:name="Costs">{rows}</table:table>'
    path = odf(tmp_path / "a.ods", f"<office:spreadsheet>{body}</office:spreadsheet>")
    document = read(path)
    assert document.pages[0].title == "Costs"
    assert table(document) == [["Item", "Price"], ["Rent", 5]]


@pytest.mark.parametrize("content", [b"no zip at all", b"PK\3\4 cut off"])
def test_a_damaged_file_is_refused_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.xlsx is damaged[^.]*\.xlsx[^.]*\.$"):
        read(written(tmp_path / "a.xlsx", content))


def test_a_stray_cell_far_away_moves_no_value_to_another_column(tmp_path: Path) -> None:
    rows = [("North", 10, None, 30), ("South", None, 22, 33), ("West", 11)]
    made = book(("Region", "Q1", "Q2", "Q3"), *rows)
    made.active.column_dimensions["C"].hidden = True
    made.active["XFD9000"] = "stray"
    document = saved(tmp_path, made)
    assert lines(document) == [
        "Region | Q1 | Q3", "North | 10 | 30", "South |  | 33", "West | 11", "stray", "Q2", "22",
    ]  # fmt: skip
    assert hidden(document) == [("hidden column", "Q2"), ("hidden column", "22")]
