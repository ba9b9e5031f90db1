"""The page of sheets, with mouse and keyboard."""

from typing import Any

import pytest

from tests.browser.conftest import PHONE, Visit, harmless

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def test_a_sheet_is_filled_and_its_cells_open_their_pages(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    page = visit(f"{fake_address}/sheet")
    asked = page.get_by_label("Columns")
    asked.fill("How many days of leave are there?\nnotice period\nIs anything unknown?")
    asked.press("Tab")
    page.get_by_role("button", name="Fill the sheet").click()
    page.get_by_role("button", name="XLSX").wait_for(timeout=120_000)
    picture(page, "sheet")

    row = page.locator(".sheet tr", has_text="Employee Handbook")
    cell = row.locator("td.found button").first
    cell.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Page 10 of 21").wait_for(timeout=60_000)
    page.locator(".st-key-page img").wait_for()
    picture(page, "sheet-cell")
    harmless(page)

    phone = visit(f"{fake_address}/sheet", viewport=PHONE, color_scheme="dark")
    phone.locator(".sheet td").first.wait_for(timeout=60_000)
    phone.locator(".sheet").scroll_into_view_if_needed()
    picture(phone, "sheet-phone")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
