"""Tables between drawn lines."""

from collections.abc import Sequence
from pathlib import Path

from tests.ingest.pdf.drawing import Drawing, texts

X = (60.0, 180.0, 330.0, 480.0)  # the lines that run down


def grid(drawing: Drawing, ys: Sequence[float], xs: Sequence[float] = X) -> None:
    for y in ys:
        drawing.pdf.line(xs[0], y, xs[-1], y)
    for x in xs:
        drawing.pdf.line(x, ys[0], x, ys[-1])


def fill(drawing: Drawing, y: float, *cells: str, bold: bool = False) -> None:
    for x, text in zip(X, cells, strict=False):
        for number, line in enumerate(text.split("\n")):
            drawing.text(x + 4, y + 12 * number, line, bold=bold)


def test_a_grid_of_words_is_a_table(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 120, 140, 160])
    fill(drawing, 114, "Topic", "Person", "Reach them at", bold=True)
    fill(drawing, 134, "Payroll", "Joris Claeys", "extension two")
    fill(drawing, 154, "Computers", "Service Desk", "extension four")
    page = drawing.read(tmp_path)
    (table,) = page.tables
    assert table.header == 1
    assert texts(table) == [
        ["Topic", "Person", "Reach them at"],
        ["Payroll", "Joris Claeys", "extension two"],
        ["Computers", "Service Desk", "extension four"],
    ]
    assert page.lines[1].text == "Payroll Joris Claeys extension two"


def test_rectangles_around_cells_are_a_grid_too(tmp_path: Path) -> None:
    drawing = Drawing()
    for row, words in enumerate([("Name", "Colour"), ("Iris", "blue"), ("Poppy", "red")]):
        for column, word in enumerate(words):
            drawing.pdf.rect(60 + 120 * column, 100 + 20 * row, 120, 20)
            drawing.text(66 + 120 * column, 114 + 20 * row, word)
    (table,) = drawing.read(tmp_path).tables
    assert texts(table) == [["Name", "Colour"], ["Iris", "blue"], ["Poppy", "red"]]


def test_a_cell_of_several_lines_is_read_as_one(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 120, 160, 180])
    fill(drawing, 114, "Class", "Examples", "Handling", bold=True)
    fill(
        drawing,
        134,
        "Internal",
        "Handbook, minutes,\nproject plans",
        "Not outside the\ncompany at all",
    )
    fill(drawing, 174, "Public", "Price list", "No restriction")
    page = drawing.read(tmp_path)
    (table,) = page.tables
    assert texts(table)[1] == [
        "Internal",
        "Handbook, minutes, project plans",
        "Not outside the company at all",
    ]
    assert [line.text for line in page.lines[1:6]] == [
        "Internal",
        "Handbook, minutes,",
        "project plans",
        "Not outside the",
        "company at all",
    ]
    assert [line.begins for line in page.lines[1:6]] == [True, False, False, False, False]
    assert [cell.line for cell in table.rows[1]] == [1, 2, 4]


def test_a_cell_over_two_columns_is_in_both(tmp_path: Path) -> None:
    drawing = Drawing()
    for y in (100, 120, 140, 160, 180):
        drawing.pdf.line(X[0], y, X[-1], y)
    for x in (X[0], X[1], X[3]):
        drawing.pdf.line(x, 100, x, 180)
    drawing.pdf.line(X[2], 120, X[2], 180)  # not in the first row
    drawing.text(70, 114, "Site")
    drawing.text(260, 114, "Hours of the week that are worked")  # across the missing line
    fill(drawing, 134, "", "office", "factory")
    fill(drawing, 154, "Bremen", "37.5", "36")
    fill(drawing, 174, "Ghent", "38", "38")
    (table,) = drawing.read(tmp_path).tables
    hours = "Hours of the week that are worked"
    assert texts(table)[0] == ["Site", hours, hours]
    assert table.header == 2


def test_a_cell_over_two_rows_is_in_both_and_a_title_over_all_columns_is_once(
    tmp_path: Path,
) -> None:
    drawing = Drawing()
    for y in (100, 120, 140, 180):
        drawing.pdf.line(X[0], y, X[-1], y)
    drawing.pdf.line(X[1], 160, X[-1], 160)  # not in the first column
    for x in (X[0], X[-1]):
        drawing.pdf.line(x, 100, x, 180)
    for x in X[1:3]:
        drawing.pdf.line(x, 120, x, 180)  # not in the first row
    drawing.text(64, 114, "Signals of the monitor and the sockets they come from", bold=True)
    fill(drawing, 134, "Signal", "Rate", "Socket", bold=True)
    fill(drawing, 154, "480P", "60", "DVI")
    fill(drawing, 174, "", "72", "VGA")
    (table,) = drawing.read(tmp_path).tables
    assert texts(table) == [
        ["Signals of the monitor and the sockets they come from", "", ""],
        ["Signal", "Rate", "Socket"],
        ["480P", "60", "DVI"],
        ["480P", "72", "VGA"],
    ]
    assert table.header == 2


def test_rows_without_lines_between_them_are_parted_where_all_cells_agree(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 120, 180])
    fill(drawing, 114, "Exchange", "Reuters", "Bloomberg", bold=True)
    fill(drawing, 136, "National Exchange", "ITC.NS", "NITCL IN")
    fill(drawing, 154, "Bombay Exchange", "ITC.BO", "ITC IN")
    fill(drawing, 172, "Calcutta Exchange", "ITC.CA", "CITC IN")
    page = drawing.read(tmp_path)
    (table,) = page.tables
    assert [row[0] for row in texts(table)] == [
        "Exchange", "National Exchange", "Bombay Exchange", "Calcutta Exchange",
    ]  # fmt: skip
    assert page.lines[table.rows[2][0].line].text == "Bombay Exchange ITC.BO ITC IN"


def test_cells_that_all_run_over_two_lines_are_one_row(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 120, 150, 170, 190])
    fill(drawing, 114, "Problem", "Cause", "Remedy", bold=True)
    fill(
        drawing, 132, "Black dot on\nthe screen", "A pixel that\nis missing", "Ask for\nanother one"
    )
    fill(drawing, 164, "Flicker", "Wrong rate", "Choose 60 Hz")
    fill(drawing, 184, "No picture", "No signal", "Check the cable")
    (table,) = drawing.read(tmp_path).tables
    assert texts(table)[1] == [
        "Black dot on the screen", "A pixel that is missing", "Ask for another one",
    ]  # fmt: skip


def test_lines_between_columns_may_end_short_of_the_lines_between_rows(tmp_path: Path) -> None:
    """As LaTeX sets them: a thick or double line, white, then the line between two columns."""
    drawing = Drawing()
    tops = (100.0, 120.0, 140.0, 160.0)
    for y in tops:
        drawing.pdf.line(X[0], y, X[-1], y)
        drawing.pdf.line(X[0], y + 2.2, X[-1], y + 2.2)
        for x in X[1:3] if y < tops[-1] else ():
            drawing.pdf.line(x, y + 4.4, x, y + 18)
    fill(drawing, 115, "Name", "Notation", "Meaning", bold=True)
    fill(drawing, 135, "Constant", "small letters", "one thing")
    fill(drawing, 155, "Variable", "x, y, z", "any thing")
    (table,) = drawing.read(tmp_path).tables
    assert [row[0] for row in texts(table)] == ["Name", "Constant", "Variable"]


def test_boxes_of_a_drawing_that_cut_through_text_are_no_table(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 130, 160], (180, 300, 420))
    for number, y in enumerate((118, 148)):
        drawing.text(100, y, f"The gas that is {number} times as hot")  # from the left into it
        drawing.text(310, y, "expands")
    assert drawing.read(tmp_path).tables == ()


def test_a_bold_title_above_a_grid_is_its_caption(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 82, "Attendance at the meetings of the committee", bold=True)
    drawing.text(60, 93, "during the year", bold=True)
    grid(drawing, [100, 120, 140], X[:3])
    fill(drawing, 114, "Person", "Meetings", bold=True)
    fill(drawing, 134, "Iris", "nine")
    (table,) = drawing.read(tmp_path).tables
    assert table.caption == "Attendance at the meetings of the committee during the year"


def test_a_caption_of_two_lines_below_a_grid_is_read_to_its_end(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 120, 140], X[:3])
    fill(drawing, 114, "Dataset", "Kind")
    fill(drawing, 134, "FOLIO", "logic")
    drawing.text(60, 154, "Table 5: The sets of questions that were asked in all of the")
    drawing.text(60, 165, "measurements of this report.")
    drawing.text(60, 176, "They were asked twice.")
    (table,) = drawing.read(tmp_path).tables
    assert table.caption == (
        "Table 5: The sets of questions that were asked in all of the measurements of this report."
    )


def test_rows_with_a_line_below_each_are_a_table(tmp_path: Path) -> None:
    drawing = Drawing()
    for y in (120, 140, 172, 192):
        drawing.pdf.line(60, y, 500, y)
    fill(drawing, 114, "Event", "Who", "Leave", bold=True)
    fill(drawing, 134, "Wedding", "All employees", "three days")
    fill(drawing, 154, "Moving house", "All, once in\ntwo years", "one day")
    fill(drawing, 186, "Blood donation", "All employees", "half a day")
    drawing.text(60, 230, "Ask your manager when you are not sure.")
    page = drawing.read(tmp_path)
    (table,) = page.tables
    assert table.header == 1
    assert texts(table) == [
        ["Event", "Who", "Leave"],
        ["Wedding", "All employees", "three days"],
        ["Moving house", "All, once in two years", "one day"],
        ["Blood donation", "All employees", "half a day"],
    ]
    assert page.lines[-1].text == "Ask your manager when you are not sure."


def test_a_ground_of_its_own_makes_the_first_row_heads(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.pdf.set_fill_color(200, 210, 220)
    drawing.pdf.rect(60, 100, 270, 20, style="F")
    grid(drawing, [100, 120, 140, 160], X[:3])
    fill(drawing, 114, "Light", "Meaning")
    fill(drawing, 134, "green", "ready")
    fill(drawing, 154, "amber", "searching")
    (table,) = drawing.read(tmp_path).tables
    assert table.header == 1


def test_terms_and_what_they_mean_have_no_heads(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 120, 140, 160], X[:3])
    fill(drawing, 114, "Volume", "How loud it is")
    fill(drawing, 134, "Mute", "On or off")
    fill(drawing, 154, "Zoom", "How large it is")
    (table,) = drawing.read(tmp_path).tables
    assert table.header == 0


def test_rows_that_no_line_parts_are_not_made_one(tmp_path: Path) -> None:
    """Three lines as printers set them: the rows between two of them are told by their numbers."""
    drawing = Drawing()
    grid(drawing, [100, 120, 180])
    fill(drawing, 114, "Region", "Sales", "Costs")
    fill(drawing, 136, "North", "1,200", "900")
    fill(drawing, 154, "South", "1,100", "800")
    fill(drawing, 172, "West", "1,000", "700")
    (table,) = drawing.read(tmp_path).tables
    assert [len(row) for row in table.rows] == [3, 3, 3, 3]
    assert texts(table)[2] == ["South", "1,100", "800"]


def test_one_box_around_text_is_no_table(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 200], [60, 500])
    drawing.text(70, 120, "Note")
    drawing.text(70, 140, "Keep the door closed.")
    assert drawing.read(tmp_path).tables == ()


def test_lines_between_paragraphs_are_no_table(tmp_path: Path) -> None:
    drawing = Drawing()
    for number in range(6):
        drawing.pdf.line(60, 120 + 40 * number, 500, 120 + 40 * number)
        drawing.text(60, 110 + 40 * number, f"Paragraph {number} says a thing and then another.")
    assert drawing.read(tmp_path).tables == ()


def test_the_grid_of_a_chart_is_no_table(tmp_path: Path) -> None:
    drawing = Drawing()
    grid(drawing, [100, 120, 140, 160])
    fill(drawing, 114, "81.7", "77.3", "")
    fill(drawing, 134, "76.3", "", "73.6")
    fill(drawing, 154, "", "71.3", "71.1")
    assert drawing.read(tmp_path).tables == ()


def test_text_beside_a_grid_stays_in_its_place(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(60, 80, "Before the table.")
    grid(drawing, [100, 120, 140], X[:3])
    drawing.text(340, 114, "beside it")
    fill(drawing, 114, "Iris", "blue")
    fill(drawing, 134, "Poppy", "red")
    drawing.text(60, 180, "After the table.")
    page = drawing.read(tmp_path)
    assert sorted(line.text for line in page.lines) == sorted(
        ["Before the table.", "Iris blue", "Poppy red", "beside it", "After the table."]
    )
    assert page.lines[0].text == "Before the table."
    assert page.lines[-1].text == "After the table."
