"""The real app with the real models, as a person meets it."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.browser.conftest import PHONE, Visit, ask, pincite
from tests.browser.files import write_docx, write_photo
from tests.browser.test_axe import barriers
from tests.pdfs import write_pdf

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

PASSWORDS = "How long must passwords be?"
NOTICE = [
    "# House notice",
    "The bicycle workshop is on the third floor, beside the lift.",
    "It is open on Tuesdays from nine to noon.",
]
PARKING = ["# Parking", "Visitors park behind the building, in the places with a blue line."]
CANTEEN = ["The canteen serves lunch from 11:45 to 13:30.", "Guests pay 9.50 euros."]
GATE = ["The north gate closes at 21:15.", "Call 5577 to have it opened later."]
PATIENCE = 300_000  # milliseconds: machines without many cores take their time

Picture = Callable[[Any, str], None]


@pytest.fixture(scope="module")
def home(real_home: Path) -> Path:
    return real_home


@pytest.fixture(scope="module")
def answered(address: str, chromium: Any) -> str:
    """The address of a conversation in which the question about passwords was answered."""
    page = chromium.new_page()
    page.goto(address)
    ask(page, PASSWORDS)
    page.locator(".mark").first.wait_for(timeout=PATIENCE)
    url: str = page.url
    page.close()
    return url


def test_the_first_open_greets_and_suggests_questions_from_the_library(
    address: str, visit: Visit, picture: Picture
) -> None:
    page = visit(address)

    page.get_by_text("Ask your documents").wait_for(timeout=60_000)

    page.get_by_text("5 documents, 42 pages").wait_for()
    page.locator(".st-key-suggestions button").nth(3).wait_for()
    picture(page, "first-open")
    assert page.outside == []


def test_a_question_is_answered_and_its_mark_opens_the_highlighted_page(
    address: str, answered: str, visit: Visit, picture: Picture
) -> None:
    page = visit(answered)
    page.locator(".mark").first.wait_for(timeout=60_000)
    assert "characters" in page.locator(".paragraph").first.inner_text()
    document = page.locator(".source .name").first.inner_text()
    number = page.locator(".source .page").first.inner_text().removeprefix("p. ")

    page.locator(".mark").first.click()

    page.locator(".page-name", has_text=document).wait_for(timeout=20_000)
    page.get_by_text(f"Page {number} of").wait_for()
    page.locator(".st-key-page img").wait_for()
    assert "characters" in page.locator(".quote").inner_text()
    picture(page, "cited-page")
    assert yellow(page.locator(".st-key-page img").screenshot()) > 200
    assert page.outside == []


def test_under_the_hood_is_how_the_answer_was_made(
    answered: str, visit: Visit, picture: Picture
) -> None:
    page = visit(answered, color_scheme="dark")
    page.get_by_role("button", name="Under the hood").click(timeout=60_000)
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
    page.locator(".mark").first.wait_for(timeout=60_000)
    before = page.locator(".paragraph").all_inner_texts()

    page.reload()

    page.locator(".mark").first.wait_for(timeout=60_000)
    assert page.locator(".paragraph").all_inner_texts() == before


def test_an_uploaded_document_can_be_asked_about(
    address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    page = visit(f"{address}/library")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        write_pdf(tmp_path / "House notice.pdf", NOTICE)
    )
    page.get_by_text("1 added").wait_for(timeout=120_000)
    picture(page, "library")

    page.get_by_test_id("stSidebarNavLink").filter(has_text="Chat").click()
    ask(page, "On which floor is the bicycle workshop?")

    page.locator(".mark").first.wait_for(timeout=PATIENCE)
    assert "third" in page.locator(".paragraph").first.inner_text().lower()
    page.locator(".mark").first.click()
    page.get_by_text("Page 1 of 1").wait_for(timeout=20_000)


def test_a_word_file_and_a_picture_of_text_can_be_dropped_and_asked_about(
    address: str, visit: Visit, picture: Picture, tmp_path: Path
) -> None:
    canteen = write_docx(tmp_path / "Canteen.docx", CANTEEN)
    gate = write_photo(tmp_path / "Gate.png", GATE)
    broken = tmp_path / "Broken.pdf"
    broken.write_bytes(b"no pdf")
    page = visit(f"{address}/library")

    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        [canteen, gate, broken]
    )
    page.locator(".st-key-queue").get_by_text("Gate.png").wait_for(timeout=60_000)
    picture(page, "queue")
    page.get_by_text("2 added, 1 could not be added").wait_for(timeout=PATIENCE)
    page.get_by_text("Broken.pdf is not a readable PDF").wait_for(timeout=20_000)
    picture(page, "queue-failed")
    page.get_by_role("button", name="Dismiss").click()
    page.locator(".st-key-queue").wait_for(state="detached", timeout=30_000)

    for question, words in (
        ("When does the canteen serve lunch?", "11:45"),
        ("When does the north gate close?", "21:15"),
    ):
        page.goto(address)
        ask(page, question)
        page.locator(".mark").first.wait_for(timeout=PATIENCE)
        assert words in page.locator(".paragraph").first.inner_text()
        page.locator(".mark").first.click()
        page.locator(".st-key-page").get_by_text("Page 1 of 1").wait_for(timeout=20_000)
    page.locator(".st-key-page img").wait_for(timeout=20_000)
    picture(page, "cited-picture")
    assert yellow(page.locator(".st-key-page img").screenshot()) > 200


def test_the_coverage_of_a_scan_is_shown_and_its_page_opens(
    address: str, visit: Visit, picture: Picture
) -> None:
    page = visit(f"{address}/library")
    page.locator(".document-name", has_text="Landlord").wait_for(timeout=60_000)
    letter = page.locator("[class*=st-key-row-]", has_text="Letter from the Landlord.pdf")

    assert "recognised in pictures" in letter.locator(".document-facts").inner_text()
    letter.get_by_role("button", name="Coverage").click()
    remark = page.get_by_role("button", name="recognised in a picture")
    remark.wait_for(timeout=20_000)
    picture(page, "coverage")
    remark.click()

    page.locator(".page-name", has_text="Letter from the Landlord.pdf").wait_for(timeout=20_000)
    page.locator(".st-key-page img").wait_for(timeout=20_000)


def test_a_document_added_on_the_command_line_appears_without_a_restart(
    address: str, real_home: Path, visit: Visit, tmp_path: Path
) -> None:
    page = visit(f"{address}/library")
    page.locator(".document-name", has_text="Handbook").wait_for(timeout=60_000)

    pincite(real_home, "add", str(write_pdf(tmp_path / "Parking.pdf", PARKING)))

    page.locator(".document-name", has_text="Parking.pdf").wait_for(timeout=30_000)


def test_two_visitors_at_the_same_time_get_their_own_answers(address: str, visit: Visit) -> None:
    one, other = visit(address), visit(address)

    ask(one, "Summarise the Quarterly Report Q1 2026")  # it holds the model for some time
    one.get_by_text("Reading part").or_(one.locator(".writing")).first.wait_for(timeout=60_000)
    ask(other, PASSWORDS)
    other.get_by_text("Waiting for another answer").wait_for(timeout=60_000)
    other.get_by_role("button", name="Stop").click()
    other.get_by_text("Stopped before it was complete").wait_for(timeout=60_000)

    one.locator(".answer .footer").wait_for(timeout=PATIENCE)
    assert "Stopped" not in one.locator(".answer").inner_text()
    assert one.locator(".question").count() == other.locator(".question").count() == 1
    ask(other, PASSWORDS)
    other.locator(".mark").first.wait_for(timeout=PATIENCE)


def test_it_can_be_used_on_a_phone_and_in_the_dark(
    address: str, answered: str, visit: Visit, picture: Picture
) -> None:
    phone = visit(address, viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True)
    phone.get_by_text("Ask your documents").wait_for(timeout=60_000)
    picture(phone, "phone-first-open")
    phone.goto(f"{address}/library")
    phone.locator(".document-name").first.wait_for(timeout=60_000)
    picture(phone, "phone-library")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    phone.goto(answered)
    phone.locator(".mark").first.wait_for(timeout=60_000)
    picture(phone, "phone-answer")
    phone.locator(".mark").first.tap()
    phone.locator(".st-key-page img").wait_for(timeout=20_000)
    picture(phone, "phone-page")
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    dark = visit(answered, color_scheme="dark")
    dark.locator(".mark").first.click(timeout=60_000)
    dark.locator(".st-key-page img").wait_for(timeout=20_000)
    picture(dark, "dark")


def yellow(png: bytes) -> int:
    """How many points of a picture are marked."""
    colours = Image.open(io.BytesIO(png)).convert("RGB").getcolors(1 << 24) or []
    return sum(
        count
        for count, (red, green, blue) in colours
        if red > 235 and 200 < green < 240 and 70 < blue < 120
    )
