"""The chat by keyboard alone: the input, commands, keys, marks, and what is being answered."""

from typing import Any

import pytest

from tests.assistant.ui.fakes import OFFERED
from tests.browser.by_keyboard import INPUT, has_focus
from tests.browser.conftest import Visit, ask, settled
from tests.browser.test_axe import barriers

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
sync_api: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
PATIENCE = 120_000


def expect(found: Any) -> Any:
    return sync_api.expect(found)


def test_commands_keys_and_marks_need_no_mouse(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    page = visit(fake_address, color_scheme="dark")
    page.get_by_text("Ask your documents").wait_for()
    has_focus(page, INPUT)
    _come_back_by_a_slash(page)
    found = _command(page)
    picture(page, "commands")

    page.get_by_role("button", name="New conversation").press("Enter")
    page.locator(".question").wait_for(state="detached")
    ask(page, "How many days of leave are there?")
    _walk_along_marks(page)
    next_one = page.locator(".st-key-follow-ups button").first
    next_one.wait_for()
    found += barriers(page, "follow-ups")
    picture(page, "follow-ups")
    found += _keys(page)
    assert found == []

    _open_the_page(page)
    _save_by_keyboard(page)
    next_one.press("Enter")
    page.locator(".question", has_text=OFFERED[0]).last.wait_for()
    _stop(page)


def _come_back_by_a_slash(page: Any) -> None:
    link = page.get_by_test_id("stSidebarNavLink").first
    page.keyboard.press("Tab")
    link.focus()
    assert link.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("/")
    page.keyboard.type("leave")
    box = page.get_by_test_id("composer")
    assert box.input_value() == "leave"
    box.fill("")


def _command(page: Any) -> list[str]:
    box = page.get_by_test_id("composer")
    box.press_sequentially("/d")
    expect(page.get_by_role("option")).to_have_count(2, timeout=PATIENCE)
    found = barriers(page, "commands")
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
    return found


def _walk_along_marks(page: Any) -> None:
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


def _keys(page: Any) -> list[str]:
    """The list of them gives the focus back to the mark."""
    mark = page.locator(".mark").first
    mark.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    keys.get_by_text("from mark to mark of an answer").wait_for()
    found = barriers(page, "keys")
    page.keyboard.press("Escape")
    expect(keys).to_have_count(0, timeout=PATIENCE)
    expect(mark).to_be_focused()
    return found


def _open_the_page(page: Any) -> None:
    page.keyboard.press("Enter")
    page.locator(".st-key-page[role=region] img").wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    has_focus(page, ".mark")


def _save_by_keyboard(page: Any) -> None:
    """From the menu of the conversation, which is walked with the arrow keys."""
    settled(page)
    page.get_by_role("button", name="What to do with “How many days").first.press("Enter")
    expect(page.get_by_role("menuitem", name="Rename")).to_be_focused(timeout=PATIENCE)
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Save")).to_be_focused()
    page.keyboard.press("Enter")
    word = page.get_by_role("dialog").get_by_role("button", name="Word")
    word.wait_for()
    with page.expect_download() as saved:
        word.press("Enter")
    assert saved.value.suggested_filename.endswith(".docx")
    word.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def _stop(page: Any) -> None:
    ask(page, "slow leave")
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Stopped before it was complete").wait_for()


def test_a_menu_stays_open_while_the_list_below_it_changes(fake_address: str, visit: Visit) -> None:
    page, other = visit(fake_address), visit(fake_address)
    rows = 0
    for one in (page, other):
        ask(one, "How many days of leave are there?")
        one.get_by_role("button", name="Copy the answer").wait_for()
        settled(one)
        rows = rows or page.locator(".conversations li").count()  # before the other one asks
    page.get_by_role("button", name="What to do with “How many days").first.press("Enter")
    page.locator(".st-key-follow-ups button").first.evaluate("button => button.click()")
    expect(page.locator(".question")).to_have_count(2, timeout=PATIENCE)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("menuitem", name="Move")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.locator(".conversations li")).to_have_count(rows + 1, timeout=PATIENCE)
