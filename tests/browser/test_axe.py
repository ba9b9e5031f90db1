"""No barrier that axe-core finds, on the pages and in the states that a person comes to, in both
themes."""

from typing import Any

import pytest

from tests.browser.by_keyboard import has_focus
from tests.browser.conftest import PHONE, WIDE, Visit, ask

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def fake_options() -> tuple[str, ...]:
    return ("many",)


def barriers(page: Any, where: str) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page.wait_for_timeout(800)  # until transitions have ended
    found = axe.run(page).response["violations"]
    return [f"{where}: {one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def part(page: Any, name: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_barrier(fake_address: str, visit: Visit, scheme: str) -> None:
    page = visit(fake_address, color_scheme=scheme)
    page.get_by_text("Ask your documents").wait_for()
    found = barriers(page, "welcome")

    ask(page, "How many days of leave are there?")
    page.locator(".mark").first.click()
    page.get_by_role("region", name="Employee Handbook.pdf, page 10").wait_for()
    found += barriers(page, "answer and page")
    page.goto(f"{fake_address}/library")
    page.locator("[data-testid=stFileUploaderDropzone][role=group]").first.wait_for()
    page.locator(".st-key-sources-main summary").click()
    page.get_by_role("button", name="Check and add").wait_for()
    found += barriers(page, "documents, and the form of a mailbox")
    page.get_by_role("button", name="Remove: Employee Handbook.pdf").click()
    keep = page.get_by_role("dialog").get_by_role("button", name="Keep")
    keep.wait_for()
    found += barriers(page, "dialog")
    keep.click()
    page.get_by_role("dialog").wait_for(state="detached")
    part(page, "Libraries")
    page.locator("summary", has_text="New library").click()
    page.get_by_label("Description").wait_for()
    found += barriers(page, "new library")

    page.goto(f"{fake_address}/settings")
    page.locator(".st-key-role-chat summary").click()
    page.get_by_text("qwen3-1.7b").wait_for()
    found += barriers(page, "models")
    part(page, "Storage")
    page.get_by_text("GB in").wait_for()
    found += barriers(page, "storage")
    page.goto(f"{fake_address}/measure")
    page.locator("summary", has_text="All figures and options").click()
    page.get_by_role("heading", name="Runs").wait_for()
    found += barriers(page, "measure")

    assert found == []


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)])
def test_nothing_that_opens_has_a_barrier(
    fake_address: str, visit: Visit, picture: Any, scheme: str, size: Any
) -> None:
    page = visit(f"{fake_address}/library", color_scheme=scheme, viewport=size)
    page.get_by_role("button", name="Filter").click()
    page.get_by_test_id("stPopoverBody").get_by_label("Type").wait_for()
    found = barriers(page, "filter")
    picture(page, f"filter-{scheme}")

    page.goto(fake_address)
    ask(page, "How many days of leave are there?")
    page.locator(".st-key-follow-ups button").first.wait_for()  # what comes last
    page.locator(".mark").first.click()
    page.get_by_role("region", name="Employee Handbook.pdf, page 10").wait_for()
    page.get_by_role("button", name="Show small pictures of the pages (M)").click()
    page.locator(".strip img").first.wait_for()
    found += barriers(page, "page")
    picture(page, f"viewer-{scheme}")
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    has_focus(page, ".mark")  # which it gives back; a menu that is open would lose it

    if size == PHONE:
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("button", name="What to do with “How many").first.press("Enter")
    found += barriers(page, "menu of a conversation")
    page.get_by_role("button", name="Move", exact=True).press("Enter")
    page.get_by_label("Or a new folder").wait_for()
    found += barriers(page, "move")
    page.get_by_label("Or a new folder").fill(f"Papers {scheme}")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=f"Papers {scheme} 1").wait_for()
    found += barriers(page, "folders")
    picture(page, f"folders-{scheme}")

    assert found == []


def test_a_theme_that_is_chosen_stays_on_every_page(fake_address: str, visit: Visit) -> None:
    page = visit(f"{fake_address}/settings", color_scheme="light")
    part(page, "Appearance")
    page.get_by_label("Dark").click()
    page.get_by_label("Models").or_(page.get_by_text("This machine")).first.wait_for()

    for place in ("settings", "library", ""):
        page.goto(f"{fake_address}/{place}")
        page.locator("h1").first.wait_for()
        shade = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        assert shade == "rgb(20, 25, 27)", place
