"""The keyboard of a person without a mouse, and the Word file that they save."""

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MOST = 60  # presses of Tab
# What has the focus, also within a component, matches this.
_FOCUSED = """goal => {
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    return focused?.matches(goal) ?? false;
}"""
INPUT = "[data-testid=composer]"


def has_focus(page: Any, goal: str) -> None:
    """Waits until it has."""
    page.wait_for_function(_FOCUSED, arg=goal)


def reach(page: Any, goal: str, key: str = "Tab") -> None:
    """Press a key until something that matches `goal` has the focus."""
    for _ in range(_MOST):
        if page.evaluate(_FOCUSED, goal):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{goal} cannot be reached by {key}")


def ask(page: Any, question: str) -> None:
    """As the app was opened: the keyboard is in the input by itself."""
    has_focus(page, INPUT)
    page.keyboard.type(question)
    page.keyboard.press("Enter")


def read_citations(page: Any, picture: Callable[[str], None]) -> list[str]:
    """Open the first two citations of the last answer, and close the page: its document, page and
    quote, as a footnote has them."""
    page.keyboard.press("/")  # to the question, and back to the answer
    has_focus(page, INPUT)
    reach(page, ".mark[data-id=citation-1]", "Shift+Tab")
    panel, cited = page.locator(".st-key-page"), []
    for number, key in ((1, "Enter"), (2, "n")):
        page.keyboard.press(key)
        page.get_by_text(f"Citation {number} of").wait_for()
        page.locator(f".st-key-page[data-source$='citation-{number}'] img").wait_for()
        quote = " ".join(panel.locator(".quote").inner_text().split())
        cited.append(f"{panel.get_attribute('aria-label')}: “{quote}”")
        picture(f"citation-{number}")
    page.keyboard.press("Escape")
    panel.wait_for(state="detached")
    has_focus(page, ".mark[data-id=citation-2]")
    return cited


def save_as_word(page: Any, path: Path) -> None:
    """From a mark on: Word is the first one in the menu of files below the answer."""
    reach(page, "[class*=st-key-save-] button")
    page.keyboard.press("Enter")
    has_focus(page, "[data-testid=stPopoverBody] button")
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    saved.value.save_as(path)


def footnotes(path: Path) -> list[str]:
    """The text of each footnote of a Word file, without the two lines above them."""
    with zipfile.ZipFile(path) as package:
        notes = ElementTree.fromstring(package.read("word/footnotes.xml"))
    texts = ([run.text or "" for run in note.iter(f"{_WORD}t")] for note in notes)
    return ["".join(runs).strip() for runs in texts][2:]
