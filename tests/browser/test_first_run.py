"""The real app in a home without anything: what it says, what it offers, and when that ends."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PHONE, WIDE, Visit, ask, real_app, settled
from tests.browser.test_axe import barriers

sync_api: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE = 240_000  # milliseconds


def test_who_comes_first_is_led_by_three_steps_that_are_of_the_home_and_outlast_the_first_document(
    quoting_home: Path, tmp_path: Path, visit: Visit, picture: Any
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with real_app(home, PINCITE_OCR="off") as address:  # which takes most of the time
        for scheme, size in (("light", WIDE), ("dark", PHONE)):
            _greets(visit(address, color_scheme=scheme, viewport=size), picture, scheme)
            assert not (home / "libraries").exists(), "to look at an empty home makes no library"
        _keeps_no_refusal(visit(address))
        (home / "models").symlink_to(quoting_home / "models")  # as if they were fetched
        _goes_on(visit(address), picture, home)


def _greets(page: Any, picture: Any, scheme: str) -> None:
    page.get_by_text("Where are your documents?").wait_for()
    page.get_by_role("button", name="Fetch the models that search").wait_for()
    page.get_by_role("radio", name="Usual").wait_for(state="attached")
    page.locator(".st-key-step-3", has_text="once there are documents").wait_for()
    page.locator("link[rel=manifest]").wait_for(state="attached")
    title = page.get_by_role("heading", name="Welcome to Pincite")
    sync_api.expect(title).to_be_in_viewport(timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert barriers(page, "first run") == []
    picture(page, f"first-run-{scheme}")


def _keeps_no_refusal(page: Any) -> None:
    """A question is drawn once, with the error."""
    ask(page, "How long must passwords be?")
    page.get_by_test_id("stAlert").filter(has_text="No embedding model").wait_for()
    assert page.locator(".question").count() == 1
    assert page.get_by_text("I could not find").count() == 0
    page.reload()
    page.get_by_test_id("composer").wait_for()
    settled(page)
    assert page.get_by_text("I could not find").count() == 0


def _goes_on(page: Any, picture: Any, home: Path) -> None:
    page.locator(".st-key-step-1 [data-testid=stFileUploaderDropzone]").wait_for()
    picture(page, "empty-chat")
    page.get_by_role("button", name="Or try the sample company").click()
    page.locator(".st-key-suggestions button").first.wait_for(timeout=PATIENCE)  # one is in
    page.get_by_role("radio", name="Usual").wait_for(state="attached")
    page.locator(".st-key-step-1 .step", has_text="done").wait_for(timeout=PATIENCE)
    settled(page)  # nothing of the drawing before is left
    assert page.locator(".st-key-behind").count() == 0, "done with all of them"
    page.get_by_role("button", name="Go on without a chat model").click()
    page.get_by_text("5 documents, 42 pages").wait_for()
    page.reload()
    page.get_by_text("5 documents, 42 pages").wait_for()
    assert "samples" in [made.name for made in (home / "libraries").iterdir()]
    page.get_by_role("button", name="Add documents of your own").click()
    page.locator(".stMain [data-testid=stFileUploaderDropzone]").first.wait_for()
    assert page.url.endswith("?library=main")
