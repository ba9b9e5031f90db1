"""What a refusal offers, in the real app without a chat model: lines, one document, any answer."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visit, ask, harmless, pincite

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

LEASE = "The lease of the canteen ends on 31 December 2029."
QUESTION = "Who painted the ceiling of the canteen in Lund?"


@pytest.fixture(scope="module")
def home(quoting_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own with two documents that are near the question and do not answer it."""
    made, folder = tmp_path_factory.mktemp("refusing"), tmp_path_factory.mktemp("near")
    (made / "models").symlink_to(quoting_home / "models")
    (folder / "Lease.txt").write_text(LEASE, encoding="utf-8")
    (folder / "Menu.txt").write_text("Lunch is served in the canteen at noon.", encoding="utf-8")
    pincite(made, "add", str(folder))
    return made


def test_a_refusal_leads_on(address: str, visit: Visit, picture: Any) -> None:
    page = visit(address)
    ask(page, QUESTION)
    page.get_by_text("I could not find the answer").wait_for()
    page.get_by_text("Looked in").wait_for()
    page.get_by_text(LEASE).first.wait_for()
    picture(page, "refusal")

    page.get_by_role("button", name="Ask only in Lease.txt").click()

    page.get_by_text("I could not find the answer").nth(1).wait_for()
    page.get_by_role("button", name="Answer anyway").last.click()
    page.get_by_text("probably do not answer this").wait_for()
    page.locator(".mark").first.wait_for()
    picture(page, "answered-anyway")
    harmless(page)
