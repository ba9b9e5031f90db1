"""The real app with the real models, as a person meets it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.models.catalogue import default_model
from tests.browser import by_keyboard
from tests.browser.conftest import PHONE, Visit, ask, pincite, yellow
from tests.browser.test_axe import barriers
from tests.pdfs import write_pdf

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PASSWORDS = "How long must passwords be?"
COMPARED = "Compare the two security policies on passwords"
POLICIES = ("Security Policy v2 (2026).pdf", "Security Policy v1 (2024).pdf")
NOTICE = [
    "# House notice",
    "The bicycle workshop is on the third floor, beside the lift.",
    "It is open on Tuesdays from nine to noon.",
]
PARKING = ["# Parking", "Visitors park behind the building, in the places with a blue line."]
DESK = {"width": 1400, "height": 900}
PATIENCE = 300_000  # milliseconds: machines without many cores take their time

Picture = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def home(real_home: Path) -> Path:
    return real_home


@pytest.fixture(scope="module")
def answered(address: str, chromium: Any) -> str:
    """The address of a conversation in which the question about passwords was answered."""
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    by_keyboard.ask(page, PASSWORDS)
    page.locator(".mark").first.wait_for(timeout=PATIENCE)
    url: str = page.url
    page.close()
    return url


def test_the_first_open_greets_and_suggests_questions_from_the_library(
    address: str, visit: Visit, picture: Picture
) -> None:
    page = visit(address)

    page.get_by_text("Ask your documents").wait_for()

    page.get_by_text("5 documents, 42 pages").wait_for()
    page.locator(".st-key-suggestions button").nth(3).wait_for()
    picture(page, "first-open")
    assert page.outside == []


def test_a_question_is_answered_and_its_mark_opens_the_highlighted_page(
    address: str, answered: str, visit: Visit, picture: Picture
) -> None:
    page = visit(answered)
    page.locator(".mark").first.wait_for()
    assert "characters" in page.locator(".paragraph").first.inner_text()
    document = page.locator(".source .name").first.inner_text()
    number = page.locator(".source .page").first.inner_text().removeprefix("p. ")

    page.locator(".mark").first.click()

    page.locator(".page-name", has_text=document).wait_for()
    page.get_by_text(f"Page {number} of").wait_for()
    page.locator(".st-key-page img").wait_for()
    assert "characters" in page.locator(".quote").inner_text()
    picture(page, "cited-page")
    assert yellow(page.locator(".st-key-page img").screenshot()) > 200
    assert page.outside == []


@pytest.fixture(scope="module")
def compared(address: str, chromium: Any) -> Any:
    """The page of a person without a mouse, whose first question has many citations."""
    page = chromium.new_page(viewport=DESK, color_scheme="light")
    page.set_default_timeout(PATIENCE)
    page.goto(address)
    by_keyboard.ask(page, COMPARED)
    page.get_by_role("button", name="Save as").wait_for()
    return page


@pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", PHONE)])
def test_questions_citations_and_a_word_file_need_no_mouse(
    compared: Any, visit: Visit, picture: Picture, tmp_path: Path, scheme: str, size: Any
) -> None:
    page = compared
    if size == PHONE:
        page = visit(page.url, color_scheme=scheme, viewport=size)
        page.get_by_role("button", name="Save as").wait_for()
    assert page.locator(".answer .footer").inner_text().endswith(" s"), "not written by the model"
    assert page.get_by_text(f"Answers by {default_model('chat').name}").count() == 1

    cited = by_keyboard.read_citations(page, lambda name: picture(page, f"{name}-{scheme}"))
    by_keyboard.save_as_word(page, tmp_path / "answer.docx")

    notes = by_keyboard.footnotes(tmp_path / "answer.docx")
    assert len(notes) == page.locator(".mark").count()
    assert cited == notes[:2]
    assert [name in note for name, note in zip(POLICIES, cited, strict=True)] == [True, True]


def test_under_the_hood_is_how_the_answer_was_made(
    answered: str, visit: Visit, picture: Picture
) -> None:
    page = visit(answered, color_scheme="dark")
    page.get_by_role("button", name="Under the hood").click()
    dialog = page.get_by_role("dialog")
    tabs = {"Question": PASSWORDS, "Search": "passages were compared", "Reading": "All passages",
            "Gate": "threshold 40%", "Writing": "characters", "Citing": "characters",
            "Time": "searching"}  # fmt: skip

    for name, told in tabs.items():
        dialog.get_by_role("tab", name=name).click()
        dialog.get_by_role("tabpanel").get_by_text(told).first.wait_for()
    picture(page, "under-the-hood")

    assert barriers(page, "under the hood") == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")


def test_a_reload_keeps_the_conversation(answered: str, visit: Visit) -> None:
    page = visit(answered)
    page.locator(".mark").first.wait_for()
    before = page.locator(".paragraph").all_inner_texts()

    page.reload()

    page.locator(".mark").first.wait_for()
    assert page.locator(".paragraph").all_inner_texts() == before


def test_an_uploaded_document_can_be_asked_about(
    address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    page = visit(f"{address}/library")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        write_pdf(tmp_path / "House notice.pdf", NOTICE)
    )
    page.get_by_text("1 added").wait_for()
    picture(page, "library")

    page.get_by_test_id("stSidebarNavLink").filter(has_text="Chat").click()
    ask(page, "On which floor is the bicycle workshop?")

    page.locator(".mark").first.wait_for(timeout=PATIENCE)
    assert "third" in page.locator(".paragraph").first.inner_text().lower()
    page.locator(".mark").first.click()
    page.get_by_text("Page 1 of 1").wait_for()


def test_the_coverage_of_a_scan_is_shown_and_its_page_opens(
    address: str, visit: Visit, picture: Picture
) -> None:
    page = visit(f"{address}/library")
    page.locator(".document-name", has_text="Landlord").wait_for()
    letter = page.locator(".document-row", has_text="Letter from the Landlord.pdf")

    assert "recognised in pictures" in letter.locator(".document-facts").inner_text()
    letter.get_by_role("button", name="Coverage").click()
    remark = page.get_by_role("button", name="recognised in a picture")
    remark.wait_for()
    picture(page, "coverage")
    remark.click()

    page.locator(".page-name", has_text="Letter from the Landlord.pdf").wait_for()
    page.locator(".st-key-page img").wait_for()


def test_a_document_added_on_the_command_line_appears_without_a_restart(
    address: str, real_home: Path, visit: Visit, tmp_path: Path
) -> None:
    page = visit(f"{address}/library")
    page.locator(".document-name", has_text="Handbook").wait_for()

    pincite(real_home, "add", str(write_pdf(tmp_path / "Parking.pdf", PARKING)))

    page.locator(".document-name", has_text="Parking.pdf").wait_for()


def test_two_visitors_at_the_same_time_get_their_own_answers(address: str, visit: Visit) -> None:
    one, other = visit(address), visit(address)

    ask(one, "Summarise the Security Policy v1 (2024)")  # it holds the model for some time
    one.get_by_text("Reading part").or_(one.locator(".writing")).first.wait_for()
    ask(other, PASSWORDS)
    other.get_by_text("Waiting for another answer").wait_for()
    other.get_by_role("button", name="Stop").click()
    other.get_by_text("Stopped before it was complete").wait_for()

    one.locator(".answer .footer").wait_for(timeout=PATIENCE)
    assert "Stopped" not in one.locator(".answer").inner_text()
    assert one.locator(".question").count() == other.locator(".question").count() == 1
    ask(other, PASSWORDS)
    other.locator(".mark").first.wait_for(timeout=PATIENCE)


def test_it_can_be_used_on_a_phone_and_in_the_dark(
    address: str, answered: str, visit: Visit, picture: Picture
) -> None:
    phone = visit(address, viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True)
    phone.get_by_text("Ask your documents").wait_for()
    picture(phone, "phone-first-open")
    phone.goto(f"{address}/library")
    phone.locator(".document-name").first.wait_for()
    picture(phone, "phone-library")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.goto(answered)
    phone.locator(".mark").first.wait_for()
    picture(phone, "phone-answer")
    phone.locator(".mark").first.tap()
    phone.locator(".st-key-page img").wait_for()
    picture(phone, "phone-page")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    dark = visit(answered, color_scheme="dark")
    dark.locator(".mark").first.click()
    dark.locator(".st-key-page img").wait_for()
    picture(dark, "dark")
