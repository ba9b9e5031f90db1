"""Several libraries asked at once in the real app: each mark opens the page of its own library."""

from pathlib import Path
from typing import Any

import pytest

from assistant.ui.addresses import PAGES
from tests.browser.conftest import Visit, ask, pincite
from tests.browser.test_axe import barriers
from tests.pdfs import write_pdf

sync_api: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def home(quoting_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two libraries with a document of the same name, and answers that are quoted."""
    made = tmp_path_factory.mktemp("several")
    (made / "models").symlink_to(quoting_home / "models")
    leave = ["# Leave", "", "There are thirty days of paid leave in a year."]
    write_pdf(made / "a" / "Handbook.pdf", leave)
    write_pdf(made / "b" / "Handbook.pdf", ["# Travel", "", "All employees travel by train."])
    for folder, name in (("a", "staff"), ("b", "office")):
        pincite(made, "add", str(made / folder), "--library", name)
    return made


def test_a_mark_opens_the_page_of_its_library(address: str, visit: Visit, picture: Any) -> None:
    page = visit(address)
    page.get_by_role("combobox", name="Library").click()
    page.get_by_role("option", name="Several at once…").click()
    page.get_by_role("combobox", name="Libraries to ask at once").click()
    page.get_by_role("option", name="staff").click()
    page.keyboard.press("Escape")
    page.get_by_text("2 documents, 2 pages").wait_for()
    ask(page, "How many days of paid leave are there?")
    source = page.get_by_text("staff/Handbook.pdf").first
    source.wait_for()
    page.locator(".mark").first.click()
    page.locator(".page-name", has_text="staff/Handbook.pdf").wait_for()
    shown = page.locator(".st-key-page blockquote", has_text="thirty days")
    sync_api.expect(shown).to_be_visible()
    assert barriers(page, "several libraries") == []
    picture(page, "several-libraries")


def test_the_library_is_in_the_address_of_each_page_and_remembered(
    address: str, visit: Visit
) -> None:
    page = visit(f"{address}/sheet")
    page.wait_for_url("**/sheet?library=office")
    page.get_by_role("combobox", name="Library").click()
    page.get_by_role("option", name="staff").click()
    page.wait_for_url("**/sheet?library=staff")
    for name in ("library", "measure", "settings", "sheet"):
        page.get_by_role("link", name=name.capitalize()).click()
        page.wait_for_url(f"**/{name}?library=staff")
        page.reload()
        sync_api.expect(page.get_by_role("combobox", name="Library")).to_have_value("staff")

    page.go_back()
    page.wait_for_url("**/settings?library=staff")
    for _ in range(4):
        page.go_back()
    page.wait_for_url("**/sheet?library=office")
    sync_api.expect(page.get_by_role("combobox", name="Library")).to_have_value("office")
    other = page.context.new_page()
    other.goto(f"{address}/sheet?library=gone")
    other.get_by_text("There is no library “gone”").wait_for()
    other.wait_for_url("**/sheet?library=office")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_opened_directly_reports_nothing_on_the_console(
    address: str, visit: Visit, name: str
) -> None:
    page, said = visit("about:blank"), []
    page.on("console", lambda told: said.append(told.text) if told.type == "error" else None)
    page.goto(f"{address}/{name}?library=staff")
    page.get_by_role("combobox", name="Library").wait_for()
    assert said == []
