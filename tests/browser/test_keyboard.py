"""The chat by keyboard alone: commands, keys, marks; and its tab while nobody looks at it."""

from typing import Any

import pytest

from tests.browser.conftest import PHONE, WIDE, Visit, ask
from tests.browser.test_axe import barriers

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
sync_api: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PATIENCE = 120_000


def expect(found: Any) -> Any:
    return sync_api.expect(found)


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)])
def test_commands_keys_and_marks_need_no_mouse(
    fake_address: str, visit: Visit, picture: Any, scheme: str, size: Any
) -> None:
    page = visit(fake_address, color_scheme=scheme, viewport=size)
    box = page.get_by_test_id("stChatInputTextArea")
    page.get_by_text("Ask your documents").wait_for()
    expect(page.locator("[data-testid=stChatInputTextArea]:enabled")).to_be_visible(
        timeout=PATIENCE
    )
    box.focus()

    box.press_sequentially("/d")
    options = page.get_by_role("option")
    expect(options).to_have_count(2, timeout=PATIENCE)
    assert barriers(page, "commands") == []
    picture(page, f"commands-{scheme}")
    box.press("ArrowDown")
    expect(page.get_by_role("option", name="/describe")).to_have_attribute("aria-selected", "true")
    box.press("ArrowUp")
    box.press("Enter")
    expect(box).to_have_value("/draw ", timeout=PATIENCE)
    assert page.locator(".question").count() == 0, "nothing was sent"
    expect(page.get_by_role("listbox")).to_have_count(0)
    box.fill("/draw")
    box.press("Enter")
    expect(box).to_have_value("/draw ", timeout=PATIENCE)
    box.fill("/vary")  # which needs no words
    expect(page.get_by_role("option", name="/vary")).to_be_visible(timeout=PATIENCE)
    box.press("Enter")
    page.locator(".question", has_text="/vary").wait_for()
    page.get_by_role("button", name="New conversation").press("Enter")

    ask(page, "How many days of leave are there?")
    marks = page.locator(".mark")
    expect(marks).to_have_count(2, timeout=PATIENCE)
    page.get_by_role("button", name="Copy the answer").wait_for()
    marks.first.focus()
    marks.first.press("ArrowRight")
    expect(marks.nth(1)).to_be_focused(timeout=PATIENCE)
    marks.nth(1).press("ArrowRight")
    expect(marks.nth(1)).to_be_focused()
    marks.nth(1).press("Home")
    expect(marks.first).to_be_focused()

    next_one = page.locator(".st-key-follow-ups button").first
    next_one.wait_for()
    assert barriers(page, "follow-ups") == []
    picture(page, f"follow-ups-{scheme}")

    marks.first.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    keys.get_by_text("from mark to mark of an answer").wait_for()
    assert barriers(page, "keys") == []
    picture(page, f"keys-{scheme}")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0, timeout=PATIENCE)
    expect(marks.first).to_be_focused()

    if size == WIDE:
        _save_by_keyboard(page)
    next_one.press("Enter")
    page.locator(".question", has_text="What does the").wait_for()


def _save_by_keyboard(page: Any) -> None:
    """The menu takes the focus, and its button has it again when it closes."""
    menu = page.get_by_test_id("stPopoverBody")
    button = page.get_by_role("button", name="Save this conversation")
    button.focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="Word")).to_be_focused(timeout=PATIENCE)
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename.endswith(".docx")
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0, timeout=PATIENCE)
    expect(button).to_be_focused()


def test_the_title_says_that_an_answer_is_done_while_nobody_looks(
    fake_address: str, visit: Visit
) -> None:
    page = visit(fake_address)
    page.get_by_text("Ask your documents").wait_for()
    page.locator("link[rel=manifest]").wait_for(state="attached")  # what tells it is there
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    ask(page, "How many days of leave are there?")

    sync_api.expect(page).to_have_title("✓ Answered · Pincite", timeout=PATIENCE)
    page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    sync_api.expect(page).to_have_title("Pincite", timeout=PATIENCE)
