"""Tags in the app over fakes: given by hand, shown, asked in; on a phone, in the dark."""

from typing import Any

import pytest

from tests.browser.conftest import PHONE, Visit, ask, settled
from tests.browser.test_axe import barriers

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

RULES, TAG = "Site rules 5.pdf", "my contracts"


def test_documents_are_tagged_and_asked_by_their_tag(fake_address: str, visit: Visit) -> None:
    page = visit(f"{fake_address}/library", viewport=PHONE, color_scheme="dark")
    found = _tag(page)
    page.goto(fake_address)
    page.get_by_text("Ask your documents").wait_for()
    found += _choose(page)
    ask(page, "How many days of leave are there?")
    page.locator(".footer", has_text=f"Asked in: tag {TAG}").wait_for()
    found += barriers(page, "answer")
    page.locator(".st-key-where-documents button").click()
    page.get_by_role("button", name="Ask all documents").click()
    page.get_by_role("button", name="Ask all documents").wait_for(state="detached")
    assert found == []


def _tag(page: Any) -> list[str]:
    page.get_by_role("checkbox", name=f"Select {RULES}").click()
    page.get_by_role("button", name="Tags", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tags to give").fill(TAG)
    page.keyboard.press("Enter")
    dialog.get_by_text(TAG, exact=True).first.wait_for()
    page.keyboard.press("Tab")  # out of the field, which closes its list
    page.get_by_role("listbox").wait_for(state="detached")
    found = barriers(page, "dialog")
    dialog.get_by_role("button", name="Save").click()
    page.locator(".tags li", has_text=TAG).wait_for()
    return found + barriers(page, "list")


def _choose(page: Any) -> list[str]:
    """In the menu of the composer, by the keyboard."""
    page.locator(".st-key-where-documents button").click()
    field = page.get_by_test_id("stPopoverBody").get_by_label("Tags")
    field.wait_for()
    settled(page)  # its list closes when something is still drawn or moved
    field.click()
    page.get_by_role("listbox").wait_for()
    field.fill(TAG)
    page.get_by_role("option", name=f"{TAG} (1)", exact=True).wait_for()
    field.press("Enter")
    page.get_by_role("button", name="Ask all documents").wait_for()
    page.keyboard.press("Tab")
    page.get_by_role("listbox").wait_for(state="detached")
    found = barriers(page, "documents")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=f"tag {TAG}").wait_for()
    return found
