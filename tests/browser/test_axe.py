"""No barrier that axe-core finds, on the pages and in the states that a person comes to, in both
themes."""

from typing import Any

import pytest

from tests.browser.conftest import Visit, ask

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


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
    page.get_by_text("Ask your documents").wait_for(timeout=60_000)
    found = barriers(page, "welcome")

    ask(page, "How many days of leave are there?")
    page.locator(".mark").first.click(timeout=60_000)
    page.get_by_role("region", name="Employee Handbook.pdf, page 10").wait_for(timeout=30_000)
    found += barriers(page, "answer and page")
    page.goto(f"{fake_address}/library")
    page.locator("[data-testid=stFileUploaderDropzone][role=group]").first.wait_for(timeout=30_000)
    found += barriers(page, "documents")
    part(page, "Libraries")
    page.get_by_role("button", name="New library").click()
    page.get_by_role("dialog").get_by_label("Description").wait_for(timeout=30_000)
    found += barriers(page, "dialog")

    page.goto(f"{fake_address}/settings")
    page.locator(".st-key-role-chat summary").click(timeout=30_000)
    page.get_by_text("qwen3-1.7b").wait_for(timeout=30_000)
    found += barriers(page, "models")
    part(page, "Storage")
    page.get_by_text("GB in").wait_for(timeout=30_000)
    found += barriers(page, "storage")
    page.goto(f"{fake_address}/measure")
    page.locator("summary", has_text="All figures and options").click(timeout=30_000)
    page.get_by_role("heading", name="Runs").wait_for(timeout=30_000)
    found += barriers(page, "measure")

    assert found == []


def test_a_theme_that_is_chosen_stays_on_every_page(fake_address: str, visit: Visit) -> None:
    page = visit(f"{fake_address}/settings", color_scheme="light")
    part(page, "Appearance")
    page.get_by_label("Dark").click(timeout=30_000)
    page.get_by_label("Models").or_(page.get_by_text("This machine")).first.wait_for()

    for place in ("settings", "library", ""):
        page.goto(f"{fake_address}/{place}")
        page.locator("h1").first.wait_for(timeout=30_000)
        shade = page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
        assert shade == "rgb(20, 25, 27)", place
