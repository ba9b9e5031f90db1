"""Conversations in the sidebar, and the versions of a question, with mouse and keyboard."""

from pathlib import Path
from typing import Any

import pytest

from assistant.conversation.history import Conversations
from tests.browser.conftest import PHONE, Visit, ask
from tests.browser.test_axe import barriers

sync_api: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LEAVE = "How many days of leave are there?"


def test_a_conversation_is_found_opened_renamed_and_deleted(
    fake_address: str, fake_home: Path, visit: Visit, picture: Any
) -> None:
    kept = Conversations(fake_home / "conversations.sqlite")
    for number in range(120):
        topic = "the <b>volcano</b>" if number == 7 else f"room {number}"
        kept.add(f"c{number}", _answer(f"Where is {topic}?", f"Behind {topic}."), "main")
    page = visit(fake_address)
    rows = page.locator(".conversations li")
    rows.nth(99).wait_for()
    page.get_by_role("button", name="Show 20 older").click()
    rows.nth(119).wait_for()

    page.get_by_label("Search questions and answers").fill("volcano")
    page.get_by_text("1 found").wait_for()
    assert "<b>volcano</b>" in rows.first.inner_text()
    picture(page, "conversations-found")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(".question", has_text="volcano").wait_for()

    rows.first.hover()
    page.get_by_role("button", name="What to do with").first.click()
    page.get_by_role("button", name="Rename").click()
    page.keyboard.type("Mountains")  # at once, before the dialog is there
    page.keyboard.press("Enter")
    page.locator(".conversations li", has_text="Mountains").wait_for()
    page.get_by_role("button", name="What to do with").first.click()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_text("Nothing found").wait_for()
    assert not kept.has("c7")


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
    picture(visit(page.url, color_scheme="dark"), "versions-dark")
    phone = visit(page.url, viewport=PHONE, has_touch=True)
    phone.get_by_role("img", name="Version 1 of 2").wait_for()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(phone, "versions-phone")


def test_folders_by_keyboard(
    fake_address: str, fake_home: Path, visit: Visit, picture: Any
) -> None:
    kept = Conversations(fake_home / "conversations.sqlite")
    kept.add("folded", _answer("Where is the deed?", "In the safe."), "main")
    page = visit(fake_address)
    row = page.locator(".conversations li", has_text="Where is the deed?")
    row.wait_for()
    page.get_by_role("button", name="What to do with “Where is the deed?”").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Move", exact=True).press("Enter")
    page.keyboard.type("Papers")  # at once, before the dialog is there
    page.keyboard.press("Enter")
    folder = page.get_by_role("button", name="Papers 1", exact=True)
    folder.wait_for()
    assert page.locator(".folder ul[aria-label=Papers] li").count() == 1
    assert barriers(page, "folders") == []
    picture(page, "folders")

    folder.press("Enter")
    row.wait_for(state="detached")
    sync_api.expect(folder).to_be_focused()
    assert folder.get_attribute("aria-expanded") == "false"
    page.get_by_label("Search questions and answers").fill("deed")
    row.wait_for()
    assert kept.folders.all()[0].collapsed


def _answer(question: str, text: str) -> dict[str, Any]:
    return {
        "id": question, "question": question, "answer": text, "refused": False, "citations": [],
        "sentences": [], "passages": [], "images": [], "audio": [], "model": "fake",
        "seconds_total": 1.0,
    }  # fmt: skip
