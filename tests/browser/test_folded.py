"""Parts of the Library page that are folded away while something is half written in them."""

from typing import Any

import pytest

from tests.browser.conftest import Visit, acting_while_drawn

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
_NO_SECRET = """() =>
    ![...document.querySelectorAll('input')].some(each => each.value === 'a secret')"""
PARTS = ("watched-main", "sources-main", "pictures-main")


def test_what_was_typed_is_there_when_its_part_is_opened_again_but_no_password(
    fake_address: str, visit: Visit
) -> None:
    page = visit(f"{fake_address}/library")
    typed = {"Folder": "/srv/papers", "Server": "mail.example.org", "User": "ann"}
    typed["Find pictures by their text or description"] = "a lighthouse"
    turn(page, is_open=True)
    for label, text in typed.items():
        page.get_by_label(label, exact=True).fill(text)
    page.get_by_label("Password", exact=True).fill("a secret")

    turn(page, is_open=False)
    page.wait_for_function(_NO_SECRET)  # before it is opened again: it is out of the page
    turn(page, is_open=True)

    assert {label: page.get_by_label(label, exact=True).input_value() for label in typed} == typed
    assert page.get_by_label("Password", exact=True).input_value() == ""


def turn(page: Any, is_open: bool) -> None:
    """A click on each part; then the server has drawn it so."""
    with acting_while_drawn(page):  # one part after the other, as a person does who is quick
        for part in PARTS:
            page.locator(f".st-key-{part} summary").click()
            now = "[open]" if is_open else ":not([open])"
            page.locator(f".st-key-{part} details{now}").wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()
    if is_open:
        page.get_by_label("Password", exact=True).wait_for()
