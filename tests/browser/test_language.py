"""The real app in the language of its visitors, and with every text in brackets: what stands in
none was left out of the catalogues."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.i18n import translation
from tests.assistant.i18n import catalogues
from tests.browser.conftest import PROJECT, Visit, add, ask, from_menu, served, settled
from tests.pdfs import write_pdf
from tests.servers.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

# Names of documents and of the program, what a person has typed, and what Streamlit writes itself:
# about pictures for those who hear the page, and the button of a dialog, in the right language.
NAMES = (
    "Leave.pdf", "Leave", "Pincite", "How long is it?", "Help for", "Logo", "info", "Schließen",
    *translation.LANGUAGES.values(),
)  # fmt: skip
# All that people see or hear on a page, also in components, without what comes from documents.
SEEN = """() => {
  const found = [], own = ".quote, .text-page, .text-layer, .excerpt, .words, .quoted, cite,"
    + ".question, .name, .document-name, .page-name, .carried, code, [data-testid=stIconMaterial],"
    + "[data-testid=stStatusWidget], style, script";
  const look = (node) => {
    if (node.nodeType === Node.TEXT_NODE && node.data.trim()) found.push(node.data.trim());
    if (node.nodeType === Node.ELEMENT_NODE) {
      if (node.matches(own) || !node.checkVisibility?.()) return;
      for (const name of ["title", "aria-label", "placeholder", "alt"])
        if (node.getAttribute(name)) found.push(node.getAttribute(name));
    }
    if (node.shadowRoot) node.shadowRoot.childNodes.forEach(look);
    node.childNodes.forEach(look);
  };
  look(document.body);
  return [...new Set(found)];
}"""


@pytest.fixture(scope="module")
def home(quoting_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With one document."""
    home = tmp_path_factory.mktemp("languages")
    (home / "models").symlink_to(quoting_home / "models")
    leave = write_pdf(home / "Leave.pdf", ["Annual leave is thirty days for everybody."])
    add(home, leave)
    return home


@pytest.fixture(scope="module")
def pseudo(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app whose German is English in brackets."""
    folder, port = tmp_path_factory.mktemp("locale"), free_port()
    catalogues.write(folder, "de", catalogues.pseudo())
    start = (
        f"from pathlib import Path; from assistant.i18n import translation;"
        f"translation.FOLDER = Path({str(folder)!r});"
        f"from assistant.settings import Settings; from assistant.ui import serving;"
        f"serving.serve(Settings.load(), {port})"
    )
    surroundings = {"PINCITE_HOME": str(home), "PYTHONPATH": str(PROJECT),
                    "STREAMLIT_SERVER_HEADLESS": "true"}  # fmt: skip
    with served([sys.executable, "-c", start], port, surroundings) as address:
        yield address


def left_out(page: Any) -> list[str]:
    settled(page)
    return [text for text in page.evaluate(SEEN) if letters(text)]


def letters(text: str) -> bool:
    """Whether words are left outside of brackets, also of brackets in brackets. A command stands in
    an element of its own, and parts a text."""
    before = ""
    while before != text:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    text = re.sub(r"^[^⟦⟧]*⟧|⟦[^⟦⟧]*$", " ", text)
    text = re.sub(r"\S+ · [\d.,]+ [MG]B · [\w.-]+", " ", text)  # a model that is offered
    text = re.sub(r"· [\w.-]+$|^/\S+$|[\d.,]+ [MG]B", " ", text)  # parts of one; a folder
    for name in NAMES:
        text = text.replace(name, " ")
    return bool(re.search(r"[A-Za-z]{2,}", text))


def test_no_text_of_any_page_is_left_out(pseudo: str, visit: Visit) -> None:
    page = visit(pseudo, locale="de-DE")
    page.get_by_text("⟦Welcome to Pincite⟧").wait_for()
    page.locator("html[lang=de]").wait_for(state="attached")
    assert left_out(page) == []
    page.get_by_role("button", name="⟦Hide these steps⟧").click()
    page.get_by_text("⟦Ask your documents⟧").wait_for()
    page.locator("html[lang=de]").wait_for(state="attached")
    assert left_out(page) == []

    from_menu(page, "Tools")
    page.get_by_role("dialog").wait_for()
    assert left_out(page) == []
    _close(page)

    ask(page, "How long is it?")
    page.locator(".mark, .card").first.click()
    page.locator(".st-key-page").wait_for()
    assert left_out(page) == []

    page.get_by_role("button", name="⟦More⟧").first.click()
    page.get_by_role("menuitem", name="⟦Under the hood⟧").click()
    tabs = page.get_by_role("dialog").get_by_role("tab")
    tabs.last.wait_for()
    settled(page)
    for tab in tabs.all():
        tab.click()
        assert left_out(page) == [], tab.inner_text()
    _close(page)

    for name in ("Library", "Sheet", "Measure", "Settings"):
        page.get_by_role("link", name=name).click()
        page.get_by_role("heading", name=name).wait_for()
        assert left_out(page) == [], name


def _close(page: Any) -> None:
    """The dialog."""
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")


def test_the_app_speaks_the_language_of_the_browser_until_another_is_chosen(
    fake_address: str, visit: Visit
) -> None:
    address = f"{fake_address}/?library=main"
    page = visit(address, locale="de-AT")
    page.get_by_text("Fragen Sie Ihre Dokumente").wait_for()
    page.locator("html[lang=de]").wait_for(state="attached")

    settled(page)
    page.locator(".st-key-foot button").click()
    page.get_by_label("Sprache").click()
    page.get_by_role("option", name="Español").click()
    page.get_by_text("Pregunte a sus documentos").wait_for()
    page.reload()

    page.get_by_text("Pregunte a sus documentos").wait_for()  # the choice is kept
    other = visit(address, locale="fr-FR")
    other.get_by_text("Interrogez vos documents").wait_for()
    assert other.outside == []
