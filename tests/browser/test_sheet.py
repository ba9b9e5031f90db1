"""The page of sheets, with mouse and keyboard."""

import re
from typing import Any

import pytest

from tests.browser.by_keyboard import has_focus
from tests.browser.conftest import PHONE, Visit, acting_while_drawn, harmless

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HANDBOOK = "Employee Handbook"


def test_a_sheet_is_filled_and_its_cells_open_their_pages_also_while_others_are_asked(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    page = visit(f"{fake_address}/sheet")
    _choose(page, HANDBOOK, "Site rules 3")
    _fill(page, "How many days of leave are there?", "notice period", "Is anything unknown?")
    page.get_by_role("button", name="XLSX").wait_for()
    picture(page, "sheet")
    _open_a_cell(page)
    harmless(page)
    page.locator(".sheet tr", has_text=HANDBOOK).locator("td.empty button").click()
    note = page.locator(".cell-note", has_text="does not say")
    note.wait_for()
    assert note.bounding_box()["y"] < page.locator(".sheet").bounding_box()["y"]
    _on_a_phone(visit(f"{fake_address}/sheet", viewport=PHONE, color_scheme="dark"), picture)

    _fill(page, "How many days of leave are there?", "Is slow leave paid?")
    stop = page.get_by_role("button", name="Stop")
    stop.wait_for()
    with acting_while_drawn(page):
        _open_a_cell(page)
        has_focus(page, "td.found button")
        stop.click()
    page.get_by_role("button", name="XLSX").wait_for()


def _choose(page: Any, *documents: str) -> None:
    for document in documents:
        page.get_by_role("combobox", name="Documents").fill(document)
        page.get_by_role("option", name=document).click()
    page.keyboard.press("Escape")


def _fill(page: Any, *columns: str) -> None:
    asked = page.get_by_label("Columns")
    asked.fill("\n".join(columns))
    asked.press("Tab")
    page.get_by_role("button", name=re.compile("Fill the sheet|Ask everything again")).last.click()


def _open_a_cell(page: Any) -> None:
    """By keyboard, and close its page."""
    page.locator(".sheet tr", has_text=HANDBOOK).locator("td.found button").first.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Page 10 of 21").wait_for()
    page.locator(".st-key-page[role=region] img").wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")


def _on_a_phone(page: Any, picture: Any) -> None:
    page.locator(".sheet td").first.wait_for()
    page.locator(".sheet").scroll_into_view_if_needed()
    picture(page, "sheet-phone")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
