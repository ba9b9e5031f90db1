"""Selectors mean what lxml says they mean, and a style sheet of too many ends early."""

from pathlib import Path

import pytest
from lxml import html
from lxml.cssselect import CSSSelector

from ingest.document.source import Source
from ingest.loaders.html import load_html
from ingest.web.css_selectors import Selecting
from ingest.web.css_visibility import _blocks

PAGE = """<html><body class="page"><div id="a" class="x y"><p>1</p><!-- --><p class="y">2</p>
<div class="x"><p class="z">3<span lang="de">4</span></p><ul><li>5<li class="y">6<li>7</ul></div>
</div><p>8</p><table><tr><td>9<td class="x">10</table><p class="y z">11</p></body></html>"""

SELECTORS = [
    "*", "p", "P", ".x", "#a", "p.y", ".y.z", "div p", "div > p", "div div p span", "p + p",
    "p ~ p", "div ~ p.y", "#a > .x .z", "p:not(.y)", "div p:not(.z)", "[lang]", "[lang=de]",
    "li:first-child", "li:nth-child(2n+1)", "tr td:last-child", "div:has(ul)", "p:has(> span)",
    "body.page > p, .x li", ":is(.y, .z)", "p:hover", "* > * > * p", "ul li + li ~ li", ".none p",
]  # fmt: skip


@pytest.mark.parametrize("selector", SELECTORS)
def test_a_selector_means_what_lxml_finds(selector: str) -> None:
    root = html.document_fromstring(PAGE)
    selecting = Selecting(root)
    wanted = CSSSelector(selector, translator="html")(root)
    assert isinstance(wanted, list)
    assert set(selecting.elements(selector)) == set(wanted)
    assert selecting.complete


@pytest.mark.parametrize("selector", ["p::before", "p {", "x|p", "", "p >", ":nth-child(x)"])
def test_a_selector_that_means_no_element(selector: str) -> None:
    selecting = Selecting(html.document_fromstring(PAGE))
    assert not selecting.elements(selector)
    assert selecting.complete


@pytest.mark.parametrize("selector", ["div " * 3_000, "p:not(" * 400 + "p" + ")" * 400])
def test_a_selector_that_is_nested_too_deep_is_left_out(selector: str) -> None:
    selecting = Selecting(html.document_fromstring("<div>" * 100 + "<p>text</p>"))
    assert not selecting.elements(selector)


def test_what_is_too_much_is_left_out_and_the_rest_is_done() -> None:
    root = html.document_fromstring("<ul>" + "<li>x</li>" * 1_000 + "</ul>")
    selecting = Selecting(root, most=20_000)
    assert not selecting.elements("li:only-child")  # half a million pairs of items
    assert not selecting.complete
    assert len(selecting.elements("li")) == 1_000


def test_rules_are_found_between_comments_strings_and_statements() -> None:
    text = """@charset "x"; @import url(a;b{.css); p { color: red } .a::after { content: "}{" }
    @media print { p { display: none } q {} } <!-- b > c{ top: 1px; i { left: 2px } } --> \\{ d{x"""
    assert [prelude for prelude, _ in _blocks(text)] == ["p", ".a::after", "@media print", "b > c",
                                                         "\\{ d"]  # fmt: skip


def test_the_page_says_that_its_style_sheet_was_not_followed(tmp_path: Path) -> None:
    rules = "".join(f"div p:not(.a{n}) span {{display: none}}" for n in range(1_000))
    path = tmp_path / "a.html"
    path.write_text(f"<style>{rules}</style>" + "<div><p><span>word</span></p></div>" * 20_000)
    page, *_ = load_html(Source(path, "0")).pages
    assert "style sheet would take too long" in page.note
    assert page.lines[0].text == "word" and page.lines[0].hidden == "display: none"
