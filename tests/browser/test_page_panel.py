"""The panel with the cited page: what stays in sight, how large it gets, and where the keyboard is
when it is closed."""

import re
from collections import Counter
from typing import Any

import pytest

from tests.browser.by_keyboard import has_focus
from tests.browser.conftest import PHONE, WIDE, Visit, ask, harmless, settled
from tests.browser.test_axe import barriers
from tests.pdfs import WIDTH

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

LOW = {"width": 1366, "height": 500}
SECOND = ".mark[data-id=citation-2]"  # which is low on its page
WIDTH_NOW = "() => document.querySelector('.page-box').getBoundingClientRect().width"
HEIGHT_NOW = "() => document.querySelector('.page-box').getBoundingClientRect().height"
# How far the marked words are from where they end in their line on the picture, in pixels.
BESIDE = """() => {
    const mark = document.querySelector('.text-layer mark.here').getBoundingClientRect();
    const line = document.querySelector('.text-layer mark.here').parentElement;
    const image = document.querySelector('.st-key-page img').getBoundingClientRect();
    const right = parseFloat(line.style.left) / 100 + line.share;
    return Math.abs(line.getBoundingClientRect().right - (image.left + right * image.width))
        + Math.max(0, mark.right - image.right);
}"""
SELECTED = """line => {
    getSelection().selectAllChildren(line);
    return getSelection().toString();
}"""


def test_its_head_stays_it_fills_the_window_and_each_way_to_close_it_gives_the_focus_back(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    page = _answered(visit(fake_address, viewport=LOW))
    _head_stays(page, picture)
    page.get_by_role("button", name="Close", exact=True).focus()
    page.keyboard.press("Enter")
    page.locator(".st-key-page").wait_for(state="detached")
    has_focus(page, SECOND)

    page.set_viewport_size(WIDE)
    _fills_the_window(page, picture)
    page.keyboard.press("Escape")
    page.locator(".st-key-page[data-large=false]").wait_for()
    assert page.locator(".st-key-page").is_visible()
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    has_focus(page, SECOND)
    _is_closed_by_a_double_escape_and_by_another_page(page)
    harmless(page)


def choose(page: Any, name: str) -> None:
    """From the menu above the page."""
    page.locator(".st-key-page-head").get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name=name).or_(
        page.get_by_role("menuitemcheckbox", name=name)
    ).click()


def _answered(page: Any) -> Any:
    ask(page, "How many days of leave are there?")
    page.locator(".st-key-follow-ups button").first.wait_for()  # what comes last
    return page


def _open(page: Any, key: str = "") -> None:
    mark = page.locator(SECOND)
    if key:
        mark.focus()
        page.keyboard.press(key)
    else:
        mark.click()
    page.locator(".st-key-page[role=region] img").first.wait_for()


def _head_stays(page: Any, picture: Any) -> None:
    """Where the mark is low."""
    _open(page, "Enter")
    has_focus(page, "[class*=st-key-page]")
    page.wait_for_function("() => document.querySelector('.st-key-page').scrollTop > 100")
    assert page.locator(".st-key-page-head").bounding_box()["y"] >= 0
    for name in ("Previous", "Next", "Close"):
        assert page.get_by_role("button", name=name, exact=True).bounding_box()["y"] >= 0
    picture(page, "panel-low-mark")


def _fills_the_window(page: Any, picture: Any) -> None:
    _open(page)
    settled(page)
    before = page.locator(".st-key-page img").bounding_box()
    choose(page, "Larger")
    page.locator(".st-key-page[data-large=true]").wait_for()
    page.wait_for_function("() => document.querySelector('.st-key-page img').clientWidth > 1200")
    panel, after = page.locator(".st-key-page"), page.locator(".st-key-page img").bounding_box()
    assert after["width"] > 1.5 * before["width"]
    assert panel.evaluate("e => e.contains(document.elementFromPoint(40, 400))"), (
        "the sidebar lies over it"
    )
    picture(page, "panel-large")


def _is_closed_by_a_double_escape_and_by_another_page(page: Any) -> None:
    _open(page)
    choose(page, "Larger")
    page.locator(".st-key-page[data-large=true]").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")

    _open(page)
    page.get_by_role("link", name="Library").click()
    page.get_by_role("heading", name="Library").wait_for()
    page.locator(".st-key-page").wait_for(state="detached")


def test_letters_can_be_read_on_a_phone_and_the_cited_line_is_in_view(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    phone = {"viewport": PHONE, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
    page = _answered(visit(fake_address, **phone))
    page.locator(SECOND).tap()
    page.locator(".st-key-page[role=region] img").first.wait_for()
    page.wait_for_function("() => document.querySelector('.st-key-page').scrollTop > 100")
    page.wait_for_function(  # past its margin
        "() => document.querySelector('.st-key-page-image').scrollLeft > 30"
    )
    settled(page)
    picture(page, "panel-phone")

    image = page.locator(".st-key-page img").bounding_box()
    letters = 10 * image["width"] / WIDTH  # they are printed in 10 points
    assert letters > 11
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    boxes = [button.bounding_box() for button in page.locator(".st-key-page-head button").all()]
    shown = [box for box in boxes if box]
    assert min(min(box["width"], box["height"]) for box in shown) >= 24
    lines = Counter(round(box["y"]) for box in shown)
    assert list(lines.values()) == [6], "in one row, with the words to find"


def test_a_reader_walks_along_citations_finds_words_zooms_turns_and_compares(
    fake_address: str, visit: Visit, picture: Any
) -> None:
    page = _answered(visit(fake_address))
    _from_citation_to_citation(page)
    _open(page)
    _words_are_found_and_selected(page, picture)
    _zoomed_and_turned(page, picture)
    harmless(page)
    _the_whole_document_is_searched(page)
    _its_pages_are_seen_small(page, picture)
    harmless(page)
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    _side_by_side(page, picture)


def _from_citation_to_citation(page: Any) -> None:
    _open(page)
    page.get_by_text("Citation 2 of 2").wait_for()
    choose(page, "Citation behind (N)")

    page.get_by_text("Citation 1 of 2").wait_for()
    page.locator(".quote", has_text="25 days").wait_for()
    page.locator(".st-key-page[data-source$='citation-1']").wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    has_focus(page, ".mark[data-id=citation-1]")


def _words_are_found_and_selected(page: Any, picture: Any) -> None:
    layer = page.locator(".text-layer")
    line = layer.locator("div", has_text="in proportion to their contractual").first
    line.wait_for(state="attached")
    settled(page)
    page.get_by_role("searchbox", name="Find in this document").fill("CONTRACTUAL hours")
    page.wait_for_function("() => document.querySelectorAll('.text-layer mark.here').length === 1")
    page.wait_for_function(f"() => ({BESIDE})() < 6")  # pixels
    picture(page, "panel-found")
    layer.evaluate("layer => layer.remove()")  # as Streamlit does when it puts the picture in anew
    page.wait_for_function("() => document.querySelectorAll('.text-layer mark.here').length === 1")
    assert line.evaluate(SELECTED).startswith("Part-time employees have the same leave")


def _zoomed_and_turned(page: Any, picture: Any) -> None:
    before = page.locator(".st-key-page img").bounding_box()
    page.locator(".st-key-page").focus()
    page.keyboard.press("+")
    page.wait_for_function(f"() => ({WIDTH_NOW})() > {1.2 * before['width']}")
    page.keyboard.press("0")
    page.keyboard.press("r")
    page.wait_for_function("() => document.querySelector('.page-box')?.dataset.turn === '1'")
    page.wait_for_function(f"() => ({WIDTH_NOW})() > ({HEIGHT_NOW})()")
    page.keyboard.press("t")
    page.locator(".text-layer.seen").wait_for()
    picture(page, "panel-turned")


def _the_whole_document_is_searched(page: Any) -> None:
    """With Enter alone."""
    find = page.get_by_role("searchbox", name="Find in this document")
    found = page.locator(".found")
    find.fill("public holidays")
    found.locator("button", has_text=re.compile("public holidays", re.IGNORECASE)).first.wait_for()
    behind = _behind(page)
    _go_on(page, until=f"{behind} of 21")
    page.locator(".text-layer mark.here").wait_for()
    assert find.evaluate("e => e.getRootNode().activeElement === e"), "the focus has left the words"
    row = found.locator("[aria-current=true]")
    row.wait_for()
    assert "public holidays" in row.inner_text().lower()


def _behind(page: Any) -> str:
    """The first page behind the open one that has the words."""
    pages: list[str] = page.locator(".found b").all_inner_texts()
    return next(name for name in pages if int(name.split()[-1]) > 10)


def _its_pages_are_seen_small(page: Any, picture: Any) -> None:
    behind = page.locator(".page-number").inner_text().partition(" of ")[0]
    page.locator(".st-key-page").focus()
    page.keyboard.press("m")
    here = page.get_by_role("button", name=behind, exact=True)
    here.locator("img").wait_for()
    picture(page, "panel-pages")
    assert here.get_attribute("aria-current") == "page"
    assert page.locator(".strip img").count() < 21, "pictures out of sight were drawn"
    settled(page)  # pictures that come into view are still drawn
    here.focus()
    page.keyboard.press("Home")
    settled(page)
    page.keyboard.press("Enter")
    page.locator(".page-number", has_text="Page 1 of 21").wait_for()


def _side_by_side(page: Any, picture: Any) -> None:
    """And one below the other in a narrow window."""
    _open(page)
    choose(page, "Compare")
    left, right = (page.get_by_role("region").and_(page.locator(f".st-key-page-{side}"))
                   for side in ("left", "right"))  # fmt: skip
    for side in (left, right):
        side.locator(".text-layer div").first.wait_for(state="attached")
    assert right.locator(".quote", has_text="25 days").is_visible()
    picture(page, "panel-pair")
    here, there = left.bounding_box(), right.bounding_box()
    assert here["y"] == there["y"]
    assert here["x"] + here["width"] <= there["x"]

    page.set_viewport_size(PHONE)
    page.wait_for_function(
        """() => document.querySelector('.st-key-page-right').getBoundingClientRect().top
            >= document.querySelector('.st-key-page-left').getBoundingClientRect().bottom"""
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    picture(page, "panel-pair-phone")
    choose(page, "One page")
    right.wait_for(state="detached")


@pytest.mark.parametrize(("scheme", "size"), [("light", WIDE), ("dark", PHONE)])
def test_two_versions_are_set_side_by_side_with_what_differs(
    fake_address: str, visit: Visit, picture: Any, scheme: str, size: Any
) -> None:
    page = visit(f"{fake_address}/library", viewport=size, color_scheme=scheme)
    old, new = "Security Policy v1 (2024).pdf", "Security Policy v2 (2026).pdf"
    page.get_by_text(f"older version of {new}").wait_for()
    _the_row_of_a_document_gets_the_focus_back(page, old)
    page.get_by_role("button", name=f"Open: {old}").click()
    choose(page, "Compare")

    page.locator(".st-key-page-right .text-layer div").first.wait_for(state="attached")
    told = page.locator(".differences summary")
    assert told.inner_text() == "5 lines differ"
    told.focus()
    page.keyboard.press("Enter")
    lists = page.locator(".differences ul")
    lists.nth(1).get_by_text("Version 2.0 (2026)", exact=True).wait_for()
    box, title = page.locator(".differences").bounding_box(), told.bounding_box()
    assert title["y"] >= box["y"] and box["height"] > 3 * title["height"], "it is squeezed"
    picture(page, f"versions-{size['width']}")
    choose(page, "Show small pictures of the pages (M)")
    page.locator(".strip img").first.wait_for()
    assert barriers(page, "versions") == []
    harmless(page)


def _the_row_of_a_document_gets_the_focus_back(page: Any, name: str) -> None:
    page.get_by_role("button", name=f"Open: {name}").focus()
    page.keyboard.press("Enter")
    page.locator(".st-key-page[role=region] img").first.wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")
    has_focus(page, f"[data-id='open {name}']")


def _go_on(page: Any, until: str) -> None:
    """Press Enter in the words that are sought, until a page is open."""
    for _ in range(40):
        if page.locator(".page-number", has_text=until).count():
            return
        before = page.locator(".tools .count").inner_text()
        page.keyboard.press("Enter")
        page.wait_for_function(
            """before => [...document.querySelectorAll('.st-key-page *')]
                .map(e => e.shadowRoot?.querySelector('.tools .count')?.textContent)
                .some(now => now && now !== before && !now.includes('other'))""",
            arg=before,
        )
    raise AssertionError(f"{until} was not reached")
