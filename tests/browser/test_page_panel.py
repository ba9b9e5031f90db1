"""The panel with the cited page: what stays in sight, how large it gets, and where the keyboard is
when it is closed."""

from typing import Any

import pytest

from tests.browser.conftest import PHONE, Visit, ask, harmless
from tests.pdfs import WIDTH

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LOW = {"width": 1366, "height": 500}
FOCUSED = """() => {
    let focused = document.activeElement;
    while (focused.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    return focused.dataset.id ?? focused.className;
}"""


@pytest.fixture(scope="module")
def answered(fake_address: str, chromium: Any) -> str:
    """The address of a conversation whose second mark is low on its page."""
    page = chromium.new_page()
    page.goto(fake_address)
    ask(page, "How many days of leave are there?")
    page.locator(".mark").nth(1).wait_for(timeout=60_000)
    url: str = page.url
    page.close()
    return url


def test_its_head_stays_when_the_mark_is_low(answered: str, visit: Visit, picture: Any) -> None:
    page = visit(answered, viewport=LOW)
    _open(page)
    page.wait_for_function("() => document.querySelector('.st-key-page').scrollTop > 100")

    assert page.locator(".st-key-page-head").bounding_box()["y"] >= 0
    for name in ("Previous", "Next", "Close"):
        assert page.get_by_role("button", name=name, exact=True).bounding_box()["y"] >= 0
    picture(page, "panel-low-mark")
    harmless(page)


def test_it_fills_the_window_and_escape_goes_back_step_by_step(
    answered: str, visit: Visit, picture: Any
) -> None:
    page = visit(answered)
    _open(page)
    before = page.locator(".st-key-page img").bounding_box()

    page.get_by_role("button", name="Larger").click()
    page.get_by_role("button", name="Smaller").wait_for()

    page.wait_for_function("() => document.querySelector('.st-key-page img').clientWidth > 1200")
    panel, after = page.locator(".st-key-page"), page.locator(".st-key-page img").bounding_box()
    assert after["width"] > 1.5 * before["width"]
    assert panel.evaluate("e => e.contains(document.elementFromPoint(40, 400))"), (
        "the sidebar lies over it"
    )
    picture(page, "panel-large")

    page.keyboard.press("Escape")
    page.get_by_role("button", name="Larger").wait_for()
    assert panel.is_visible()
    page.keyboard.press("Escape")
    panel.wait_for(state="detached")
    page.wait_for_function(f"() => ({FOCUSED})() === 'citation-2'")


def test_closing_it_gives_the_focus_back_to_its_mark(answered: str, visit: Visit) -> None:
    page = visit(answered)
    _open(page, "Enter")
    assert "st-key-page" in page.evaluate(FOCUSED)

    page.get_by_role("button", name="Close", exact=True).focus()
    page.keyboard.press("Enter")

    page.locator(".st-key-page").wait_for(state="detached")
    page.wait_for_function(f"() => ({FOCUSED})() === 'citation-2'")


def test_letters_can_be_read_on_a_phone_and_the_cited_line_is_in_view(
    answered: str, visit: Visit, picture: Any
) -> None:
    page = visit(answered, viewport=PHONE, device_scale_factor=2, has_touch=True, is_mobile=True)
    page.locator(".mark").nth(1).tap(timeout=60_000)
    page.locator(".st-key-page img").wait_for(timeout=20_000)
    page.wait_for_function("() => document.querySelector('.st-key-page').scrollTop > 100")
    page.wait_for_timeout(500)
    picture(page, "panel-phone")

    image = page.locator(".st-key-page img").bounding_box()
    letters = 10 * image["width"] / WIDTH  # they are printed in 10 points
    assert letters > 11
    assert page.locator(".st-key-page-image").evaluate("e => e.scrollLeft") > 30  # of its margin
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def _open(page: Any, key: str = "") -> None:
    mark = page.locator(".mark").nth(1)
    mark.wait_for(timeout=60_000)
    if key:
        mark.focus()
        page.keyboard.press(key)
    else:
        mark.click()
    page.locator(".st-key-page img").wait_for(timeout=20_000)
