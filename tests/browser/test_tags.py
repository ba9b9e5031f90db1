"""Tags in the app over fakes: given by hand, shown, asked in; on a phone, in the dark."""

from contextlib import suppress
from typing import Any

import pytest

from tests.browser.conftest import PHONE, Visit, ask
from tests.browser.test_axe import barriers

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

HANDBOOK = "Employee Handbook.pdf"


def choose(page: Any, field: Any, tag: str) -> None:
    """By the keyboard. The list closes when something is still drawn or moved: then once more."""
    error = pytest.importorskip("playwright.sync_api").TimeoutError
    chosen = page.get_by_text(f"Asked in: tag {tag}")
    for _ in range(8):
        field.fill(tag)
        with suppress(error):
            page.get_by_role("option", name=f"{tag} (1)", exact=True).wait_for(timeout=15_000)
            field.press("Enter")
            chosen.wait_for(state="attached", timeout=15_000)
            return


def test_documents_are_tagged_and_asked_by_their_tag(fake_address: str, visit: Visit) -> None:
    page = visit(f"{fake_address}/library", viewport=PHONE, color_scheme="dark")
    page.get_by_role("checkbox", name=f"Select {HANDBOOK}").click()
    page.get_by_role("button", name="Tags", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tags to give").fill("my contracts")
    page.keyboard.press("Enter")
    dialog.get_by_text("my contracts", exact=True).first.wait_for()
    page.keyboard.press("Tab")  # out of the field, which closes its list
    page.get_by_role("listbox").wait_for(state="detached")
    found = barriers(page, "dialog")
    dialog.get_by_role("button", name="Save").click()
    page.locator(".tags li", has_text="my contracts").wait_for()
    found += barriers(page, "list")

    page.goto(fake_address)
    page.get_by_text("Ask your documents").wait_for()
    page.get_by_test_id("stExpandSidebarButton").click()
    page.locator(".st-key-by-tag-and-date summary").click()
    choose(page, page.locator(".st-key-by-tag-and-date").get_by_label("Tags"), "my contracts")
    page.keyboard.press("Tab")
    page.get_by_role("listbox").wait_for(state="detached")
    found += barriers(page, "sidebar")
    page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    ask(page, "How many days of leave are there?")
    page.get_by_text("Asked in: tag my contracts").wait_for()
    found += barriers(page, "answer")
    page.get_by_role("button", name="Ask all documents").click()
    page.get_by_role("button", name="Ask all documents").wait_for(state="detached")
    assert found == []
