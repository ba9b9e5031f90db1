"""The page of sheets, over a known library."""

import io
from collections.abc import Callable

import pytest
from openpyxl import load_workbook
from streamlit.testing.v1 import AppTest

from assistant.sheet import sheet_store
from assistant.team.accounts import VISITOR
from assistant.ui import resources
from assistant.ui.background import RunningSheet, Sheets
from tests.assistant.ui.conftest import drawn, html, report
from tests.assistant.ui.fakes import HANDBOOK, HOSTILE, FakeLibrary, FakeTool

Visit = Callable[..., AppTest]
PAGE, TABLE = "sheet", "pincite_sheet_table"


def filled(app: AppTest, columns: str) -> AppTest:
    """The page once all cells are there."""
    app.text_area[0].set_value(columns).run()
    app.button(key="fill").click().run()
    if running := resources.sheets().of("main"):
        running.wait(60)
    return app.run()


def told(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_each_cell_is_answered_and_shows_where_it_stands(visit: Visit, tool: FakeTool) -> None:
    app = visit(PAGE)
    assert app.button(key="fill").disabled
    filled(app, "How many days of leave are there?\nIs anything unknown?\n")

    assert not app.exception and not app.error
    assert all(request.documents == [HANDBOOK] for request in tool.asked)
    [table] = drawn(app, TABLE)
    [row] = table["rows"]
    leave, lacking = row["cells"]
    assert leave["state"] == "found" and leave["text"].startswith("25")
    assert (lacking["state"], lacking["text"]) == ("empty", "–")
    report(app, TABLE, "open", [HANDBOOK, table["heads"][0]])
    assert "Page 10 of 21" in html(app)
    assert "25 days of paid annual leave" in html(app)
    report(app, TABLE, "open", [HANDBOOK, table["heads"][1]])
    assert "Page 10 of 21" not in html(app) and "does not say" in html(app)
    report(app, TABLE, "open", ["Another.pdf", "nothing"])
    assert not app.exception


def test_a_cell_is_shown_with_its_own_sheet_alone(visit: Visit) -> None:
    app = filled(visit(PAGE), "How many days of leave are there?")
    [table] = drawn(app, TABLE)
    report(app, TABLE, "open", [HANDBOOK, table["heads"][0]])
    assert "<b>How many days of leave are there?</b>" in html(app)

    app.text_area[0].set_value("Is slow leave paid?").run()
    app.button(key="fill").click().run()

    assert [button for button in app.button if button.key == "stop"]
    assert "<b>How many days of leave are there?</b>" not in html(app) and not app.exception


def test_a_second_filling_asks_only_what_is_new(visit: Visit, tool: FakeTool) -> None:
    app = filled(visit(PAGE), "leave days")
    asked = len(tool.asked)
    filled(app, "leave days\nIs anything unknown?")
    assert len(tool.asked) == asked + 1
    app.button(key="fill-anew").click().run()
    resources.sheets().of("main").wait(60)  # type: ignore[union-attr]
    assert len(tool.asked) == 2 * asked + 2


def test_another_day_begins_with_the_columns_of_the_last_sheet(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(visit(PAGE), "leave days\nend = When does it end?")
    app = filled(visit(PAGE), "notice\nend = When does it end?")
    monkeypatch.setattr(resources, "sheets", Sheets)  # the server was started anew

    later = visit(PAGE)

    assert later.text_area[0].value == "notice\nend = When does it end?"
    assert not app.exception and not later.exception
    assert visit(PAGE).text_area[0].set_value("").run().text_area[0].value == ""


def test_columns_of_visitors_are_not_kept(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "person", lambda: VISITOR)
    filled(visit(PAGE), "leave days")
    assert visit(PAGE).text_area[0].value == ""


def test_its_rows_are_chosen_by_tag(visit: Visit, tool: FakeTool, library: FakeLibrary) -> None:
    library.tags["Security Policy v2 (2026).pdf"] = ("it",)
    library.put(library.files[HANDBOOK], "Security Policy v2 (2026).pdf")
    app = visit(PAGE)
    assert "No document has a tag" not in told(app)
    app.multiselect(key="sheet-within-main-tags").set_value(["it"]).run()
    filled(app, "How many days of leave are there?")
    assert {tuple(request.documents) for request in tool.asked} == {
        ("Security Policy v2 (2026).pdf",)
    }
    assert not app.exception


def test_who_has_no_tags_learns_where_they_are_given(visit: Visit) -> None:
    assert "No document has a tag yet" in told(visit(PAGE))


def test_a_stopped_sheet_says_what_is_missing(visit: Visit, tool: FakeTool) -> None:
    app = visit(PAGE)
    app.text_area[0].set_value("Is slow leave paid?\nleave days").run()
    app.button(key="fill").click().run()
    app.button(key="stop").click().run()
    running = resources.sheets().of("main")
    assert running is not None and running.wait(60)
    app.run()
    assert any("2 cells are not asked yet" in caption.value for caption in app.caption)
    tool.go.set()
    app.button(key="fill").click().run()
    assert resources.sheets().of("main").wait(60)  # type: ignore[union-attr]
    assert len(resources.sheets().of("main").cells) == 2  # type: ignore[union-attr]


def test_a_column_without_words_is_an_error_and_the_files_hold_the_cells(
    visit: Visit, library: FakeLibrary
) -> None:
    library.put(library.file(HANDBOOK), f"{HOSTILE.replace('/', '-')}.pdf")
    app = visit(PAGE)
    app.text_area[0].set_value("???").run()
    app.button(key="fill").click().run()
    assert "needs a head or a question of words" in app.error[0].value
    filled(app, "leave days")
    cells = resources.sheets().of("main").cells  # type: ignore[union-attr]
    assert len(cells) == 2
    book = load_workbook(io.BytesIO(sheet_store.as_workbook(cells, library.documents())))
    assert book.sheetnames == ["Sheet", "Sources"]


def test_each_cell_counts_toward_the_limit_of_questions(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    monkeypatch.setattr(resources, "count_questions", counted.append)
    filled(visit(PAGE), "leave days\nIs anything unknown?")
    assert counted == [2]


def test_of_two_that_start_at_once_the_first_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets, stopped = Sheets(), []
    monkeypatch.setattr(RunningSheet, "_fill", lambda *_: None)
    monkeypatch.setattr(RunningSheet, "stop", lambda _: stopped.append(sheets._lock.locked()))
    for _ in range(2):
        sheets.start("main", None, (), ())  # type: ignore[arg-type]
    assert stopped == [True], "nobody begins between the stop and the start"
