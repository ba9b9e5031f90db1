"""The real app in a home without any model: what it says, and that it keeps nothing untrue."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import Visit, ask

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bare")


def test_a_question_is_drawn_once_with_the_error_and_not_kept_as_a_refusal(
    address: str, visit: Visit, picture: Any
) -> None:
    page = visit(address)
    ask(page, "How long must passwords be?")

    page.get_by_test_id("stAlert").filter(has_text="No embedding model").wait_for(timeout=60_000)

    assert page.locator(".question").count() == 1
    assert page.get_by_text("I could not find").count() == 0
    picture(page, "without-models")
    page.reload()
    page.get_by_test_id("stChatInputTextArea").wait_for(timeout=60_000)
    page.wait_for_timeout(2000)
    assert page.get_by_text("I could not find").count() == 0
