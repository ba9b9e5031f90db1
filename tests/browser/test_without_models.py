"""The real app in a home without any model: what it says, and that it keeps nothing untrue."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import PHONE, WIDE, Visit, ask
from tests.browser.test_axe import barriers

sync_api: Any = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bare")


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)])
def test_who_comes_first_sees_three_steps_from_their_beginning(
    address: str, home: Path, visit: Visit, picture: Any, scheme: str, size: Any
) -> None:
    page = visit(address, color_scheme=scheme, viewport=size)
    page.get_by_text("Where are your documents?").wait_for()
    page.get_by_role("button", name="Fetch the models that search").wait_for()
    page.get_by_role("radio", name="Usual").wait_for(state="attached")
    page.locator(".st-key-step-3", has_text="once there are documents").wait_for()
    page.locator("link[rel=manifest]").wait_for(state="attached")

    title = page.get_by_role("heading", name="Welcome to Pincite")
    sync_api.expect(title).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert barriers(page, "first run") == []
    picture(page, f"first-run-{scheme}")
    assert not (home / "libraries").exists(), "to look at an empty home makes no library"


def test_a_question_is_drawn_once_with_the_error_and_not_kept_as_a_refusal(
    address: str, visit: Visit, picture: Any
) -> None:
    page = visit(address)
    ask(page, "How long must passwords be?")

    page.get_by_test_id("stAlert").filter(has_text="No embedding model").wait_for()

    assert page.locator(".question").count() == 1
    assert page.get_by_text("I could not find").count() == 0
    picture(page, "without-models")
    page.reload()
    page.get_by_test_id("stChatInputTextArea").wait_for()
    page.wait_for_timeout(2000)
    assert page.get_by_text("I could not find").count() == 0
