"""Code in an answer is a block of its own, which one button copies."""

import sys
from collections.abc import Iterator

import pytest

from tests.assistant.ui.fakes import CODE
from tests.browser.conftest import Visit, ask, harmless, served
from tests.servers.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home, port = tmp_path_factory.mktemp("home"), free_port()
    command = [sys.executable, "-m", "tests.assistant.ui.fake_server", str(home), str(port)]
    with served(command, port, {"PINCITE_HOME": str(home)}) as address:
        yield address


def test_code_is_shown_as_it_is_and_copied_alone(address: str, visit: Visit) -> None:
    page = visit(address, permissions=["clipboard-read", "clipboard-write"])
    ask(page, "code for the leave")
    page.locator(".sentence .code-block").wait_for()

    block = page.locator(".code-block")
    assert block.locator("code").inner_text() == CODE
    assert block.locator(".code-head span").inner_text() == "python"
    assert page.locator(".paragraph .words").all_inner_texts() == [
        "This tells the leave.",
        "Run it twice.",
    ]
    block.get_by_role("button", name="Copy the code").click()
    block.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == CODE
    harmless(page)
