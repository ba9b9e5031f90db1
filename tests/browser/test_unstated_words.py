"""A partly supported sentence: new words are underlined, and its mark opens the closest line."""

import json
from typing import Any

import pytest

from assistant.ui.chat import answer
from assistant.ui.widgets import read, script

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SENTENCES = [
    {"text": "He <b>starts</b> with 25 days of **paid leave** in the first year, **first**.",
     "support": "partly", "unstated": ["<b>starts", "paid", "first"], "marks": [1]},
    {"text": "Requests go to the team lead.", "support": "supported", "unstated": [], "marks": [1]},
    {"text": "Bananas ripen.", "support": "none", "unstated": ["Bananas ripen"], "marks": []},
]  # fmt: skip
DATA = {"id": "a", "sentences": SENTENCES, "citations": {1: {"document": "A.pdf", "page": 10}}}


@pytest.fixture
def page(chromium: Any) -> Any:
    """The component alone, drawn with three sentences."""
    drawn = script("answer").replace("export default function", "window.draw = function")
    page = chromium.new_page()
    page.set_default_timeout(120_000)
    page.set_content('<div id="here"><div class="answer"></div></div>')
    page.add_style_tag(content=read("answer.css"))
    page.add_script_tag(content=drawn, type="module")
    page.wait_for_function("() => Boolean(window.draw)")
    page.evaluate(
        "data => window.draw({data, parentElement: document.querySelector('#here'),"
        " setTriggerValue: (name, value) => { window.opened = value; }})",
        json.loads(json.dumps({**DATA, "words": answer._component.words})),
    )
    yield page
    page.close()


def test_only_such_words_are_underlined_and_told_and_the_mark_opens_the_line(page: Any) -> None:
    words = page.locator(".partly .unstated")
    assert words.all_inner_texts() == ["<b>starts", "paid", "first"]
    assert words.first.get_attribute("title") == "no line states this"
    line = "getComputedStyle(document.querySelector('.unstated')).textDecorationStyle"
    assert page.evaluate(line) == "dotted"
    assert (
        page.locator(".partly .tip").inner_text() == "no line states “<b>starts”, “paid”, “first”"
    )
    page.get_by_role("button", name="Closest lines 1: A.pdf, page 10").click()
    assert page.evaluate("window.opened") == "citation-1"
    assert page.locator(".unsupported .tip").inner_text() == "not found in the documents"
    assert page.locator(".unsupported .unstated").count() == 0
    assert page.locator(".mark:not(.close)").count() == 1
