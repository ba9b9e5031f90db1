"""Two small libraries, with the default model: refused, asked at once, in a sheet and measured."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation.metrics import EvidencePage, Question
from assistant.evaluation.sets import own
from assistant.settings import Settings
from assistant.ui.door import PAGES
from tests.browser.conftest import LEASE, Visit, ask, harmless
from tests.browser.test_axe import barriers

sync_api: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [
    pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900),
    pytest.mark.usefixtures("two_libraries"),
]  # fmt: skip

LEAVE = "How many days of paid leave are there?"
PAINTED = "Who painted the ceiling of the canteen in Lund?"
PATIENCE = 300_000  # milliseconds

Picture = Callable[[Any, str], None]


def test_a_refusal_leads_on_to_one_document_and_to_an_answer_that_is_doubted(
    real_address: str, visit: Visit, picture: Picture
) -> None:
    page = visit(f"{real_address}/?library=office")
    ask(page, PAINTED)
    page.get_by_text("I could not find the answer").wait_for(timeout=PATIENCE)
    page.get_by_text("Looked in").wait_for()
    page.get_by_text(LEASE).first.wait_for()
    assert page.locator(".mark").count() == 0
    picture(page, "refusal")

    page.get_by_role("button", name="Ask only in").first.click()

    page.get_by_role("img", name="Version 2 of 2").wait_for(timeout=PATIENCE)
    page.get_by_text("I could not find the answer").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Answer anyway").click()
    page.get_by_text("probably do not answer this").wait_for(timeout=PATIENCE)
    assert page.locator(".question").count() == 1, "in the place of the refusal"
    picture(page, "answered-anyway")
    harmless(page)


def test_of_several_libraries_a_mark_opens_the_page_of_its_own(
    real_address: str, visit: Visit, picture: Picture
) -> None:
    page = visit(f"{real_address}/?library=office")
    page.locator(".st-key-where-library button").click()
    page.get_by_role("combobox", name="Library").click()
    page.get_by_role("option", name="Several at once…").click()
    page.get_by_role("combobox", name="Libraries to ask at once").click()
    page.get_by_role("option", name="staff").click()
    page.keyboard.press("Escape")
    page.get_by_text("3 documents, 3 pages").wait_for()
    ask(page, LEAVE)

    page.locator(".mark").first.click(timeout=PATIENCE)

    assert page.locator(".source .name").first.inner_text() == "staff/Handbook"
    page.locator(".page-name", has_text="staff/Handbook").wait_for()
    shown = page.locator(".st-key-page blockquote", has_text="thirty days")
    shown.wait_for()
    assert barriers(page, "several libraries") == []
    picture(page, "several-libraries")


def test_the_library_is_in_the_address_of_each_page_and_remembered_and_no_console_has_an_error(
    real_address: str, visit: Visit
) -> None:
    page, said = visit("about:blank"), []
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.goto(f"{real_address}/sheet?library=office")
    page.get_by_role("combobox", name="Library").click()
    page.get_by_role("option", name="staff").click()
    page.wait_for_url("**/sheet?library=staff")
    page.get_by_role("link", name="Measure").click()
    page.wait_for_url("**/measure?library=staff")
    page.go_back()
    page.wait_for_url("**/sheet?library=staff")
    page.go_back()
    page.wait_for_url("**/sheet?library=office")
    picked = sync_api.expect(page.get_by_role("combobox", name="Library"))
    picked.to_have_value("office", timeout=PATIENCE)

    for name in PAGES:
        page.goto(f"{real_address}/{name}?library=staff")
        if name:
            picked.to_have_value("staff", timeout=PATIENCE)
        else:
            page.locator(".st-key-where-library", has_text="staff").wait_for()
    assert said == []
    other = page.context.new_page()
    other.goto(f"{real_address}/sheet")
    other.wait_for_url("**/sheet?library=staff")  # of the last visit
    other.goto(f"{real_address}/sheet?library=gone")
    other.get_by_text("There is no library “gone”").wait_for()


def test_a_sheet_asks_each_document_and_its_cell_opens_the_page_that_says_so(
    real_address: str, visit: Visit, picture: Picture
) -> None:
    page = visit(f"{real_address}/sheet?library=office")
    asked = page.get_by_label("Columns")
    asked.fill("When does the lease of the canteen end?\nHow do employees travel?")
    asked.press("Tab")
    page.get_by_role("button", name="Fill the sheet").click()
    page.get_by_role("button", name="XLSX").wait_for(timeout=PATIENCE)
    picture(page, "sheet-of-the-model")

    handbook = page.locator(".sheet tr", has_text="Handbook")
    lease = page.locator(".sheet tr", has_text="Lease.txt").locator("td button").first
    assert "train" in handbook.locator("td button").nth(1).inner_text(), "the model's"
    assert "2029" in lease.inner_text()
    lease.click()
    page.locator(".page-name", has_text="Lease.txt").wait_for()
    page.locator(".st-key-page mark.cited", has_text=LEASE).first.wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    handbook.locator("td.empty button").first.click()
    page.locator(".cell-note", has_text="The document has no date").wait_for()
    harmless(page)


def test_a_persons_own_questions_are_measured_and_the_result_is_told(
    real_address: str, real_home: Path, visit: Visit, picture: Picture
) -> None:
    own(Settings(home=real_home), "staff").add(
        [
            Question("leave", LEAVE, ("30", "thirty"), evidence=(EvidencePage("Handbook.pdf", 1),)),
            Question("ceiling", PAINTED, answerable=False),
        ]
    )
    page = visit(f"{real_address}/measure?library=staff")
    page.get_by_text("2 kept").wait_for()
    page.get_by_text("Nothing has been measured yet.").first.wait_for()

    page.get_by_role("button", name="Ask my questions").click()

    page.get_by_text("of 2 done").or_(page.get_by_text("Preparing")).first.wait_for()
    page.get_by_text("Of 1 question that your documents answer, 1 answered right").first.wait_for(
        timeout=PATIENCE
    )
    page.get_by_text("Of 1 question that they do not answer, 1 turned down").wait_for()
    page.get_by_text("Of 10 citations, about 10 point at the right page.").wait_for()
    picture(page, "measured")
    page.get_by_role("button", name="OK").click()
    page.locator(".st-key-task").wait_for(state="detached")
