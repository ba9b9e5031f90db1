"""Conversations in the sidebar, and the versions of a question, with mouse and keyboard."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.conversation.history import Conversations
from tests.browser.by_keyboard import has_focus
from tests.browser.conftest import PHONE, Visit, ask, settled
from tests.browser.test_axe import barriers

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LEAVE = "How many days of leave are there?"
ROWS = ".conversations li"


@pytest.fixture
def kept(fake_address: str, fake_home: Path) -> Iterator[Conversations]:
    """120 conversations in addition to those that are there; they go afterwards."""
    kept = Conversations(fake_home / "conversations.sqlite")
    for number in range(120):
        topic = "the <b>volcano</b>" if number == 7 else f"room {number}"
        kept.add(f"c{number}", _answer(f"Where is {topic}?", f"Behind {topic}."), "main")
    yield kept
    for number in range(120):
        kept.delete(f"c{number}")


def test_a_conversation_is_found_opened_renamed_put_into_a_folder_and_deleted(
    fake_address: str, kept: Conversations, visit: Visit, picture: Any
) -> None:
    page = visit(fake_address)
    _find_among_older(page)
    picture(page, "conversations-found")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".question", has_text="volcano").wait_for()

    page.locator(ROWS).first.hover()
    page.get_by_role("button", name="What to do with").first.click()
    page.get_by_role("menuitem", name="Rename").click()
    page.keyboard.type("Mountains")  # at once, before the dialog is there
    page.keyboard.press("Enter")
    row = page.locator(ROWS, has_text="Mountains")
    row.wait_for()
    page.get_by_label("Search questions and answers").fill("")
    page.locator(ROWS).nth(99).wait_for()
    settled(page)  # a page that is drawn again closes a dialog
    _put_into_a_folder(page, kept, picture)

    page.get_by_label("Search questions and answers").fill("volcano")
    row.wait_for()
    page.get_by_role("button", name="What to do with “Mountains”").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_text("Nothing found").wait_for()
    assert not kept.has("c7")


def _find_among_older(page: Any) -> None:
    rows = page.locator(ROWS)
    rows.nth(99).wait_for()
    oldest = page.locator(ROWS, has_text=re.compile("Where is room 0"))
    assert oldest.count() == 0
    page.get_by_role("button", name=re.compile(r"Show \d+ older")).click()
    oldest.wait_for()
    page.get_by_label("Search questions and answers").fill("volcano")
    page.get_by_text("1 found", exact=True).wait_for()
    page.locator(ROWS, has_text="<b>volcano</b>").wait_for()  # as text, and no markup
    assert rows.count() == 1


def _put_into_a_folder(page: Any, kept: Conversations, picture: Any) -> None:
    """By keyboard alone; a folder that is closed keeps the focus, and hides its rows."""
    menu = page.get_by_role("button", name="What to do with “Mountains”")
    menu.wait_for()
    menu.focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Move").press("Enter")
    has_focus(page, "[role=dialog] input[aria-label='Or a new folder']")
    page.keyboard.type("Ranges")
    page.keyboard.press("Enter")
    folder = page.get_by_role("button", name="Ranges 1", exact=True)
    folder.wait_for()
    assert page.locator(".folder ul[aria-label=Ranges] li").count() == 1
    assert barriers(page, "folders") == []
    picture(page, "folders")

    folder.press("Enter")
    page.locator(ROWS, has_text="Mountains").wait_for(state="detached")
    has_focus(page, "[aria-expanded=false]")
    assert folder.evaluate("button => button.getRootNode().activeElement === button")
    assert next(one for one in kept.folders.all() if one.name == "Ranges").collapsed


def test_a_question_is_edited_and_its_versions_are_turned(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    page = visit(fake_address)
    ask(page, LEAVE)
    page.get_by_role("button", name="Edit the question").click()
    page.get_by_label("Edit the question").fill("Is this unknown?")
    page.keyboard.press("Enter")
    page.get_by_role("img", name="Version 2 of 2").wait_for()
    assert page.locator(".question").count() == 1
    picture(page, "versions")

    page.get_by_role("button", name="The version before").click()
    page.locator(".question", has_text=LEAVE).wait_for()
    page.locator(".mark").first.wait_for()
    page.reload()
    page.get_by_role("img", name="Version 1 of 2").wait_for()  # the shown version is kept
    phone = visit(page.url, viewport=PHONE, has_touch=True, color_scheme="dark")
    phone.get_by_role("img", name="Version 1 of 2").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(phone, "versions-phone")


def _answer(question: str, text: str) -> dict[str, Any]:
    return {
        "id": question, "question": question, "answer": text, "refused": False, "citations": [],
        "sentences": [], "passages": [], "notices": [], "images": [], "audio": [],
        "tool": "answer", "model": "fake", "stopped": False, "seconds_total": 1.0,
    }  # fmt: skip
