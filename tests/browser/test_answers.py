"""An answer in a tab that nobody looks at, and its code, which one button copies."""

from typing import Any

import pytest

from tests.assistant.ui.fakes import CODE
from tests.browser.conftest import Visit, ask, harmless

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
sync_api: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PATIENCE = 120_000


def test_the_title_says_that_code_is_there_which_is_shown_as_it_is_and_copied_alone(
    fake_address: str, visit: Visit
) -> None:
    page = visit(fake_address, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("Ask your documents").wait_for()
    page.locator("link[rel=manifest]").wait_for(state="attached")  # what tells it is there
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    ask(page, "code for the leave")
    sync_api.expect(page).to_have_title("✓ Answered · Pincite", timeout=PATIENCE)
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    sync_api.expect(page).to_have_title("Pincite", timeout=PATIENCE)

    block = page.locator(".sentence .code-block")
    block.wait_for()
    assert block.locator("code").inner_text() == CODE
    assert block.locator(".code-head span").inner_text() == "python"
    assert page.locator(".paragraph .words").all_inner_texts() == [
        "This tells the leave.",
        "Run it twice.",
    ]
    block.get_by_role("button", name="Copy the code").click()
    block.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == CODE
    harmless(page)
