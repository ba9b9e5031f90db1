"""The page of sheets, with mouse and keyboard."""

import re
from typing import Any

import pytest

from tests.browser.by_keyboard import has_focus
from tests.browser.conftest import PHONE, Visit, harmless

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def test_a_sheet_is_filled_and_its_cells_open_their_pages(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    page = visit(f"{fake_address}/sheet")
    asked = page.get_by_label("Columns")
    asked.fill("How many days of leave are there?\nnotice period\nIs anything unknown?")
    asked.press("Tab")
    page.get_by_role("button", name="Fill the sheet").click()
    page.get_by_role("button", name="XLSX").wait_for()
    picture(page, "sheet")

    row = page.locator(".sheet tr", has_text="Employee Handbook")
    cell = row.locator("td.found button").first
    cell.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Page 10 of 21").wait_for()
    page.locator(".st-key-page img").wait_for()
    picture(page, "sheet-cell")
    harmless(page)
    page.keyboard.press("Escape")
    page.locator(".sheet tr", has_text="Employee Handbook").locator("td.empty button").click()
    note = page.locator(".cell-note", has_text="does not say")
    note.wait_for()
    assert note.bounding_box()["y"] < page.locator(".sheet").bounding_box()["y"]

    phone = visit(f"{fake_address}/sheet", viewport=PHONE, color_scheme="dark")
    phone.locator(".sheet td").first.wait_for()
    phone.locator(".sheet").scroll_into_view_if_needed()
    picture(phone, "sheet-phone")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_cell_is_opened_by_the_keyboard_while_others_are_asked(
    fake_address: str, visit: Visit
) -> None:
    page = visit(f"{fake_address}/sheet")
    asked = page.get_by_label("Columns")
    asked.fill("How many days of leave are there?\nIs slow leave paid?")
    asked.press("Tab")
    page.get_by_role("combobox", name="Documents").click()
    page.get_by_role("option", name="Employee Handbook").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("Fill the sheet|Ask everything again")).last.click()
    stop = page.get_by_role("button", name="Stop")
    stop.wait_for()

    page.locator(".sheet tr", has_text="Employee Handbook").locator("td.found button").focus()
    page.keyboard.press("Enter")

    page.get_by_text("Page 10 of 21").wait_for()
    page.locator(".st-key-page img").wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    has_focus(page, "td.found button")
    stop.click()
    page.get_by_role("button", name="XLSX").wait_for()
