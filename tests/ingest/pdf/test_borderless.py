"""Tables without a grid: numbers in columns, below heads."""

from pathlib import Path

from ingest.document.model import Box
from ingest.pdf.columns import segments
from ingest.pdf.text_lines import Word
from tests.ingest.pdf.drawing import STEP, Drawing, texts

COLUMNS = (300.0, 380.0, 460.0)


def statement(drawing: Drawing, y: float = 100) -> None:
    drawing.row(y, "", "2025", "2024", "Change", columns=COLUMNS)
    drawing.row(y + STEP, "Revenue", "1,200", "1,000", "20 %", columns=COLUMNS)
    drawing.row(y + 2 * STEP, "Cost of sales", "(700)", "(650)", "8 %", columns=COLUMNS)
    drawing.row(y + 3 * STEP, "Profit", "500", "350", "43 %", columns=COLUMNS)


def test_numbers_in_columns_below_heads_are_a_table(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 60, "Sales rose in all regions but one, as the table below shows in detail.")
    statement(drawing)
    (table,) = drawing.read(tmp_path).tables
    assert table.header == 1
    assert texts(table) == [
        ["", "2025", "2024", "Change"],
        ["Revenue", "1,200", "1,000", "20 %"],
        ["Cost of sales", "(700)", "(650)", "8 %"],
        ["Profit", "500", "350", "43 %"],
    ]
    assert [cell.value for cell in table.rows[2]] == [None, -700.0, -650.0, 8.0]


def test_each_row_is_the_line_that_its_cells_name(tmp_path: Path) -> None:
    drawing = Drawing()
    statement(drawing)
    page = drawing.read(tmp_path)
    (table,) = page.tables
    for row in table.rows:
        line = page.lines[row[0].line]
        assert line.begins
        assert line.text == " ".join(cell.text for cell in row if cell.text)


def test_a_table_drawn_column_by_column_is_put_in_rows(tmp_path: Path) -> None:
    drawing = Drawing()
    rows = [("", "2025", "2024"), ("Rent", "12", "10"), ("Wages", "40", "38"), ("Sum", "52", "48")]
    heads = ["Three months", "ended"]  # heads in two lines, each drawn whole
    for number, text in enumerate(heads):
        drawing.text(300, 70 + number * 12, text, right=True)
        drawing.text(400, 70 + number * 12, text, right=True)
    for number, row in enumerate(rows[1:]):
        drawing.row(110 + number * STEP, *row, columns=(300.0, 400.0))
    (table,) = drawing.read(tmp_path).tables
    assert table.header == 2
    assert texts(table)[:2] == [["", "Three months", "Three months"], ["", "ended", "ended"]]


def test_a_head_over_two_columns_is_in_both(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(275, 84, "Year ended March 31,")
    drawing.row(100, "", "2025", "2024", columns=(300.0, 380.0))
    for number, (label, *values) in enumerate(
        [("Revenue", "1,200", "1,000"), ("Costs", "700", "650"), ("Profit", "500", "350")]
    ):
        drawing.row(116 + number * STEP, label, *values, columns=(300.0, 380.0))
    (table,) = drawing.read(tmp_path).tables
    assert texts(table)[:2] == [
        ["", "Year ended March 31,", "Year ended March 31,"],
        ["", "2025", "2024"],
    ]


def test_heads_that_repeat_begin_another_table(tmp_path: Path) -> None:
    drawing = Drawing()
    statement(drawing, 100)
    statement(drawing, 100 + 4 * STEP)
    page = drawing.read(tmp_path)
    assert [len(table.rows) for table in page.tables] == [4, 4]
    first, second = page.tables
    assert first.last < second.first


def test_a_currency_before_the_next_number_is_not_part_of_this_one(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.row(84, "", "2025", "2024", columns=(300.0, 380.0))
    for number, (label, *values) in enumerate(
        [
            ("Revenue", "44,538", "37,403"),
            ("Costs", "24,576", "21,162"),
            ("Profit", "19,962", "16,241"),
        ]
    ):
        drawing.row(100 + number * STEP, label, *values, columns=(300.0, 380.0))
        drawing.text(304, 100 + number * STEP, "$")  # close to the number at its left
    (table,) = drawing.read(tmp_path).tables
    assert texts(table)[1] == ["Revenue", "44,538", "$ 37,403"]
    assert table.rows[1][2].value == 37403.0


def test_a_caption_names_its_table(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 80, "Table 3: Income of the group")
    statement(drawing)
    (table,) = drawing.read(tmp_path).tables
    assert table.caption == "Table 3: Income of the group"


def test_a_link_to_the_contents_is_no_caption(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 80, "Table of Contents")
    statement(drawing)
    (table,) = drawing.read(tmp_path).tables
    assert table.caption == ""


def test_a_table_of_contents_is_no_table(tmp_path: Path) -> None:
    drawing = Drawing()
    for number, title in enumerate(["Who we are", "What we sell", "Where we work", "Whom to ask"]):
        drawing.row(100 + number * STEP, title, str(3 * number + 2), columns=(400.0,))
    assert drawing.read(tmp_path).tables == ()


def test_a_list_with_numbers_in_its_text_is_no_table(tmp_path: Path) -> None:
    drawing = Drawing()
    for number in range(1, 6):
        drawing.text(60, 80 + number * STEP, f"{number}.")
        drawing.text(80, 80 + number * STEP, f"Hand in form {number * 7} within {number + 3} days.")
    assert drawing.read(tmp_path).tables == ()


def test_two_columns_of_running_text_are_no_table(tmp_path: Path) -> None:
    drawing = Drawing(size=9)
    for number in range(12):
        drawing.text(50, 100 + number * 12, f"In {1990 + number} the plant made 3,{number}00 pumps")
        drawing.text(310, 100 + number * 12, f"and sold {number} of them to customers abroad.")
    assert drawing.read(tmp_path).tables == ()


def test_a_label_in_two_lines_and_the_values_beside_the_second_are_one_row(tmp_path: Path) -> None:
    drawing = Drawing()
    columns = (380.0, 460.0)
    drawing.row(100, "", "2025", "2024", columns=columns)
    drawing.row(116, "Revenue", "1,200", "1,000", columns=columns)
    drawing.text(60, 132, "Purchases of companies, net of")
    drawing.row(144, "cash acquired", "(300)", "(40)", columns=columns)
    drawing.text(60, 160, "Depreciation and")
    drawing.row(172, "Amortization", "(200)", "(180)", columns=columns)
    drawing.row(188, "Profit", "700", "780", columns=columns)
    page = drawing.read(tmp_path)
    (table,) = page.tables
    assert texts(table)[2:4] == [
        ["Purchases of companies, net of cash acquired", "(300)", "(40)"],
        ["Depreciation and Amortization", "(200)", "(180)"],
    ]
    assert [cell.line for cell in table.rows[2]] == [2, 3, 3]
    assert [page.lines[at].begins for at in (2, 3, 4)] == [True, False, True]


def test_the_name_of_a_section_is_not_part_of_the_label_below(tmp_path: Path) -> None:
    drawing = Drawing()
    columns = (380.0, 460.0)
    drawing.row(100, "", "2025", "2024", columns=columns)
    drawing.text(60, 116, "Revenue")
    drawing.row(132, "domestic", "700", "600", columns=columns)
    drawing.row(148, "foreign", "500", "400", columns=columns)
    drawing.text(60, 164, "Costs:")
    drawing.row(180, "of material", "100", "90", columns=columns)
    drawing.row(196, "Profit", "1,100", "910", columns=columns)
    (table,) = drawing.read(tmp_path).tables
    assert [row[0] for row in texts(table)] == [
        "", "Revenue", "domestic", "foreign", "Costs:", "of material", "Profit",
    ]  # fmt: skip


def test_the_footer_below_a_table_is_no_row_of_it(tmp_path: Path) -> None:
    drawing = Drawing()
    statement(drawing)
    drawing.text(60, 164, "See the notes.")
    drawing.text(60, 180, "Statements")
    drawing.text(160, 180, "Income of the group")
    drawing.text(460, 180, "7", right=True)
    page = drawing.read(tmp_path)
    (table,) = page.tables
    assert [row[0] for row in texts(table)] == ["", "Revenue", "Cost of sales", "Profit"]
    assert page.lines[table.last + 1].text == "See the notes."


def test_a_year_above_two_columns_is_in_both(tmp_path: Path) -> None:
    drawing = Drawing()
    columns = (300.0, 360.0, 440.0, 500.0)
    drawing.text(300, 84, "2025")
    drawing.text(440, 84, "2024")
    drawing.row(100, "", "Loans", "Rate", "Loans", "Rate", columns=columns)
    for number, label in enumerate(["Paper", "Notes", "Bonds"]):
        y = 116 + number * STEP
        drawing.row(y, label, f"{number}40", "1.5 %", f"{number}20", "1.7 %", columns=columns)
    (table,) = drawing.read(tmp_path).tables
    assert table.header == 2
    assert texts(table)[:2] == [
        ["", "2025", "2025", "2024", "2024"],
        ["", "Loans", "Rate", "Loans", "Rate"],
    ]


def test_a_percent_sign_far_from_the_head_before_it_is_one_of_its_own() -> None:
    words = [
        Word("Nos.", 0, Box(463, 207, 480, 215)),
        Word("%", 5, Box(514, 207, 522, 215)),
        Word("12", 7, Box(560, 207, 570, 215)),
        Word("%", 10, Box(590, 207, 598, 215)),
    ]
    assert [segment.text for segment in segments(words)] == ["Nos.", "%", "12 %"]


def test_a_label_that_almost_touches_its_number_leaves_it_in_its_column(tmp_path: Path) -> None:
    drawing = Drawing()
    label, number = "Banks, insurance companies and trusts", "1,394,019"
    edge = 66 + sum(map(drawing.pdf.get_string_width, (label, number)))
    columns = (edge, edge + 80)
    drawing.row(100, "Owner", "Shares", "%", columns=columns)
    drawing.row(116, label, number, "37.05", columns=columns)
    drawing.row(132, "Public", "596,323", "15.85", columns=columns)
    drawing.row(148, "Others", "24,745", "0.66", columns=columns)
    (table,) = drawing.read(tmp_path).tables
    assert texts(table)[1] == [label, number, "37.05"]
