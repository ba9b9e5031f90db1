"""The chat with the default model and the sample company, as a person meets it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser import by_keyboard
from tests.browser.conftest import PHONE, WIDE, Visit, acting_while_drawn, ask, settled, yellow
from tests.browser.test_axe import barriers

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PASSWORDS = "How long must passwords be?"
COMPARED = "Compare the two security policies on passwords"
POLICIES = ("Security Policy v2 (2026).pdf", "Security Policy v1 (2024).pdf")
PATIENCE = 300_000  # milliseconds: machines without many cores take their time
# What stands in the tabs of "Under the hood".
HOOD = {"Question": PASSWORDS, "Search": "passages were compared", "Reading": "All passages",
        "Checking": "threshold 35%", "Writing": "characters", "Citing": "characters",
        "Time": "searching"}  # fmt: skip

Picture = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def answered(real_address: str, chromium: Any) -> str:
    """The address of a conversation that began with the question about passwords."""
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{real_address}/?library=main")
    by_keyboard.ask(page, PASSWORDS)
    page.locator(".mark").first.wait_for()
    url: str = page.url
    page.close()
    return url


def test_the_mark_of_an_answer_opens_the_highlighted_page_at_a_desk_and_on_a_phone(
    answered: str, visit: Visit, picture: Picture
) -> None:
    phone = {"has_touch": True, "is_mobile": True, "color_scheme": "dark"}
    for size, device in ((WIDE, {}), (PHONE, phone)):
        page = visit(answered, viewport=size, **device)
        page.locator(".mark").first.wait_for()
        assert "characters" in page.locator(".paragraph").first.inner_text()
        assert page.locator(".answer .footer").count() == 0, "neither seconds nor a model"
        document = page.locator(".source .name").first.inner_text()
        number = page.locator(".source .page").first.inner_text().removeprefix("p. ")

        page.locator(".mark").first.click()

        page.locator(".page-name", has_text=document).wait_for()
        page.get_by_text(f"Page {number} of").wait_for()
        page.locator(".st-key-page img").wait_for()
        assert "characters" in page.locator(".quote").inner_text()
        picture(page, f"cited-page-{size['width']}")
        assert yellow(page.locator(".st-key-page img").screenshot()) > 200
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert page.outside == []


def test_under_the_hood_is_how_the_answer_was_made(
    answered: str, visit: Visit, picture: Picture
) -> None:
    page = visit(answered, color_scheme="dark")
    page.get_by_role("button", name="More").first.wait_for()
    settled(page)  # a page that is drawn again closes a dialog
    page.get_by_role("button", name="More").first.click()
    page.get_by_role("menuitem", name="Under the hood").click()
    dialog = page.get_by_role("dialog")

    for name, told in HOOD.items():
        dialog.get_by_role("tab", name=name).click()
        dialog.get_by_role("tabpanel").get_by_text(told).first.wait_for()
    picture(page, "under-the-hood")

    assert barriers(page, "under the hood") == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_a_follow_up_is_understood_from_what_was_asked(answered: str, visit: Visit) -> None:
    page = visit(answered)
    page.locator(".mark").first.wait_for()
    ask(page, "And how often must they be changed?")
    answers = page.locator("[class*='st-key-answer-'] .answer")
    answers.nth(1).wait_for(timeout=PATIENCE)
    assert "Security Policy" in answers.nth(1).inner_text(), "it is about passwords, too"


def test_an_answer_is_stopped_while_it_is_written_and_so_is_the_waiting_for_it(
    real_address: str, visit: Visit, picture: Picture
) -> None:
    one, other = visit(f"{real_address}/?library=main"), visit(f"{real_address}/?library=main")
    ask(one, "Explain what a password must look like and when it is changed, in a few sentences")
    one.get_by_role("button", name="Stop").wait_for()
    ask(other, PASSWORDS)
    with acting_while_drawn(one, other):
        other.get_by_text("Waiting for another answer").wait_for()
        other.get_by_role("button", name="Stop").click()
        other.get_by_text("Stopped before it was complete").wait_for()

        one.locator(".writing").first.wait_for(timeout=PATIENCE)
        assert "Stopped" not in one.locator(".answer").inner_text(), "it was not this one"
        one.get_by_role("button", name="Stop").click()

    one.get_by_text("Stopped before it was complete").wait_for()
    one.get_by_role("button", name="Try again").wait_for()
    picture(one, "stopped-while-written")
    assert len(one.locator(".paragraph").first.inner_text()) > 3, "what was written stays"
    assert one.locator(".question").count() == other.locator(".question").count() == 1


def test_questions_citations_and_a_word_file_need_no_mouse(
    real_address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    page = visit(f"{real_address}/?library=main")
    page.get_by_text("Ask your documents").wait_for()
    page.get_by_text("5 documents, 42 pages").wait_for()
    by_keyboard.ask(page, COMPARED)
    page.get_by_role("button", name="Save", exact=True).first.wait_for(timeout=PATIENCE)

    cited = by_keyboard.read_citations(page, lambda name: picture(page, name))
    by_keyboard.save_as_word(page, tmp_path / "answer.docx")

    notes = by_keyboard.footnotes(tmp_path / "answer.docx")
    assert len(notes) == page.locator(".mark").count()
    for note, shown in zip(notes, cited, strict=False):  # which has the whole sentence
        place, _, quote = note.partition(": “")
        assert shown.startswith(place) and quote.rstrip("”") in shown
    assert [name in note for name, note in zip(POLICIES, cited, strict=True)] == [True, True]
    assert page.outside == []
