"""Text that would act if a browser believed it, in names, questions, answers and quotes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant.conversation.history import Conversations
from assistant.evaluation.metrics import EvidencePage, Question
from assistant.evaluation.sets import own
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.record import Receipt
from assistant.settings import Settings
from tests.assistant.ui.fakes import HOSTILE, SHARP
from tests.browser.conftest import Visit, ask, fake_app, harmless, not_turned, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NAME = HOSTILE.replace("/", "-")[:200]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of an app whose home has such names: of a conversation, a model, and a drafted question."""
    home = tmp_path_factory.mktemp("home")
    (home / "models").mkdir()
    (home / "models" / f"{NAME}.gguf").write_bytes(b"GGUF")
    kept = Conversations(home / "conversations.sqlite")
    kept.add("named", {"id": "named", "question": "What?", "answer": HOSTILE, "citations": []})
    kept.rename("named", HOSTILE[:200])
    drafted = Question("h", SHARP, (HOSTILE,), evidence=(EvidencePage(HOSTILE, 1),), state="draft")
    own(Settings.load(home=home), "main").add([drafted])
    with fake_app(home) as address:
        yield address


def test_questions_answers_notices_and_errors_are_shown_letter_by_letter_and_nothing_is_loaded(
    address: str, visit: Visit
) -> None:
    page = visit(address)
    row = page.locator(".conversations li", has_text="tracker.invalid").first
    row.wait_for()
    assert HOSTILE[:60] in row.inner_text()
    for asks in (_hostile_answer, _hostile_notice, _sharp_answer, _hostile_error):
        asks(page)
        harmless(page)
        not_turned(page)


def _hostile_answer(page: Any) -> None:
    ask(page, f"hostile {HOSTILE}")
    page.locator(".mark").first.click()
    page.locator(".quote").wait_for()

    for shown in (".question span", ".quote"):
        assert HOSTILE in page.locator(shown).first.inner_text()
    words = page.locator(".paragraph .words").first
    assert HOSTILE.replace("**", "").replace("`", "") in words.inner_text()
    assert words.locator("strong").all_inner_texts() == ["bold"]
    assert words.locator("code").all_inner_texts() == ["code"]
    assert words.evaluate("element => element.querySelectorAll('*').length") == 2, "nothing else"


def _hostile_notice(page: Any) -> None:
    ask(page, "incomplete leave")
    page.get_by_text("could not be read").first.wait_for()


def _sharp_answer(page: Any) -> None:
    ask(page, f"sharp {SHARP}")
    page.locator(".paragraph", has_text="@import url").locator(".mark").last.click()
    quote = page.locator(".quote", has_text="@import url(http://tracker.invalid/s)")
    quote.wait_for()
    question = page.locator(".question", has_text="sharp").last
    assert "\\href{http://tracker.invalid/k}" in question.inner_text()
    assert page.locator(".katex, svg a, main iframe").count() == 0


def _hostile_error(page: Any) -> None:
    ask(page, f"broken by name {HOSTILE}")
    told = page.get_by_test_id("stAlert").filter(has_text="cannot be read")
    told.wait_for()
    assert ":material/delete: :smile: :red[r]" in _readable(told.inner_text())


def test_names_on_every_page_are_shown_letter_by_letter_and_no_script_in_a_picture_is_drawn(
    address: str, visit: Visit, tmp_path: Path
) -> None:
    page = visit(f"{address}/library")
    _names_of_the_library(page, tmp_path)
    for place, look in (("settings", _model), ("sheet", _sheet), ("measure", _drafted)):
        harmless(page)
        not_turned(page)
        page.goto(f"{address}/{place}")
        look(page)
        settled(page)
    harmless(page)
    not_turned(page)


def _names_of_the_library(page: Any, folder: Path) -> None:
    names = page.locator(".document-name")
    names.first.wait_for()
    assert f"{HOSTILE.replace('/', '-')}.pdf" in names.all_inner_texts()
    logo = folder / "Logo.svg"
    logo.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{SHARP}</svg>')
    page.locator("input[type=file]").first.set_input_files(logo)
    page.get_by_text("Logo.svg").first.wait_for()
    settled(page)
    assert page.locator("img[src$='.svg']:not([src*='static'])").count() == 0
    harmless(page)
    page.get_by_text("Libraries", exact=True).first.click()
    page.locator(".document-facts", has_text="tracker.invalid").wait_for()


def _model(page: Any) -> None:
    page.locator(".st-key-role-chat summary").click()
    page.get_by_text(NAME[:60]).first.wait_for()


def _sheet(page: Any) -> None:
    asked = page.get_by_label("Columns")
    asked.fill(f"hostile {SHARP[:200]}\nsharp {SHARP[-250:]}")
    asked.press("Tab")
    page.get_by_role("button", name="Fill the sheet").click()
    page.get_by_role("button", name="XLSX").wait_for()
    assert "<svg onload" in page.locator(".sheet thead").inner_text()
    assert "tracker.invalid" in page.locator(".sheet tbody").inner_text()


def _drafted(page: Any) -> None:
    page.locator(".st-key-draft-h", has_text="tracker.invalid").wait_for()


def test_saved_evidence_runs_and_loads_nothing(visit: Visit) -> None:
    cited = {"mark": 1, "document": SHARP, "page": 1, "quote": SHARP, "boxes": [], "score": 0.5}
    answer = {
        "id": "h", "question": SHARP, "answer": SHARP, "refused": False, "stopped": False,
        "sentences": [{"text": SHARP, "supported": True, "marks": [1]}], "citations": [cited],
        "notices": [SHARP], "passages": [cited | {"text": SHARP}],
    }  # fmt: skip
    receipt = Receipt(
        "h", "2026-01-01T00:00:00+00:00", answer, [["user", SHARP]], SHARP, {"name": SHARP},
        SHARP, "main", 1, {"said": SHARP}, meant=SHARP,
    )  # fmt: skip
    page = visit("about:blank")
    page.set_content(evidence_pack(receipt, None))
    page.get_by_text("http://tracker.invalid/k").first.wait_for()
    assert page.content().count("&lt;iframe") >= 6
    assert page.locator("script, iframe, main svg, a[href^=data]").count() == 0
    harmless(page)
    not_turned(page)


def _readable(text: str) -> str:
    """Without the joiners that part what Streamlit would take for a name."""
    return text.replace("\u2060", "")
