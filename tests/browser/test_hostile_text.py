"""Text that would act if a browser believed it, in names, questions, answers and quotes."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.conversation.history import Conversations
from assistant.evaluation.sets.own import own
from assistant.evaluation.sets.question_sets import EvidencePage, Question
from assistant.receipts.evidence_pack import evidence_pack
from assistant.receipts.receipt import Receipt
from assistant.settings import Settings
from tests.assistant.ui.fakes import HOSTILE, SHARP
from tests.browser.conftest import Visit, ask, harmless, not_turned, served
from tests.servers.ports import free_port

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of libraries looks for a catalogue; its document comes from the fakes."""
    home = tmp_path_factory.mktemp("home")
    (home / "libraries" / "main").mkdir(parents=True)
    (home / "libraries" / "main" / "catalog.sqlite").touch()
    return home


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.assistant.ui.fake_server", str(home), str(port)]
    with served(command, port, {"PINCITE_HOME": str(home)}) as address:
        yield address


def test_it_is_shown_letter_by_letter_and_nothing_is_loaded_from_outside(
    address: str, visit: Visit
) -> None:
    page = visit(address)
    page.locator(".st-key-suggestions").wait_for()

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
    harmless(page)
    page.goto(f"{address}/library")
    page.locator(".document-name").first.wait_for()
    assert f"{HOSTILE.replace('/', '-')}.pdf" in page.locator(".document-name").all_inner_texts()
    harmless(page)


def test_names_of_conversations_models_and_columns_are_shown_letter_by_letter(
    address: str, home: Path, visit: Visit
) -> None:
    name = HOSTILE.replace("/", "-")[:200]
    (home / "models").mkdir(exist_ok=True)
    (home / "models" / f"{name}.gguf").write_bytes(b"GGUF")
    kept = Conversations(home / "conversations.sqlite")
    kept.add("named", {"id": "named", "question": "What?", "answer": HOSTILE, "citations": []})
    kept.rename("named", HOSTILE[:200])
    page = visit(address)
    row = page.locator(".conversations li", has_text="tracker.invalid").first
    row.wait_for()
    assert HOSTILE[:60] in row.inner_text()
    harmless(page)
    for place in ("settings", "sheet", "library"):
        page.goto(f"{address}/{place}")
        page.get_by_test_id("stMainBlockContainer").get_by_role("heading").first.wait_for()
        page.wait_for_timeout(1_000)
        harmless(page)


def test_choices_notices_and_sharper_words_are_shown_letter_by_letter(
    address: str, visit: Visit
) -> None:
    page = visit(address)
    ask(page, f"unclear {SHARP}")
    choice = page.get_by_role("button", name="tracker.invalid").first
    choice.wait_for()
    assert "<script>" in choice.inner_text()
    ask(page, "incomplete leave")
    page.get_by_text("could not be read").first.wait_for()
    ask(page, f"sharp {SHARP}")
    page.locator(".paragraph", has_text="tracker.invalid").locator(".mark").last.click()
    quote = page.locator(".quote")
    quote.wait_for()
    assert "@import url(http://tracker.invalid/s)" in quote.inner_text()
    question = page.locator(".question", has_text="sharp").last
    assert "\\href{http://tracker.invalid/k}" in question.inner_text()
    assert page.locator(".katex, svg a, main iframe").count() == 0
    harmless(page)
    not_turned(page)


def test_sheets_libraries_and_own_questions_are_shown_letter_by_letter(
    address: str, home: Path, visit: Visit
) -> None:
    settings = Settings.load(home=home)
    drafted = Question("h", SHARP, (HOSTILE,), evidence=(EvidencePage(HOSTILE, 1),), state="draft")
    own(settings, "main").add([drafted])
    page = visit(f"{address}/sheet")
    asked = page.get_by_label("Columns")
    asked.fill(f"hostile {SHARP[:200]}\nsharp {SHARP[-250:]}")
    asked.press("Tab")
    page.get_by_role("button", name="Fill the sheet").click()
    page.get_by_role("button", name="XLSX").wait_for()
    assert "<svg onload" in page.locator(".sheet thead").inner_text()
    assert "tracker.invalid" in page.locator(".sheet tbody").inner_text()
    harmless(page)
    not_turned(page)

    page.goto(f"{address}/library")
    page.get_by_text("Libraries", exact=True).first.click()
    page.locator(".document-facts", has_text="tracker.invalid").wait_for()
    harmless(page)
    not_turned(page)

    page.goto(f"{address}/measure")
    page.locator(".st-key-draft-h", has_text="tracker.invalid").wait_for()
    harmless(page)
    not_turned(page)


def test_a_picture_that_holds_a_script_is_never_drawn(
    address: str, visit: Visit, tmp_path: Path
) -> None:
    picture = tmp_path / "Logo.svg"
    picture.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">{SHARP}</svg>'
    )
    page = visit(f"{address}/library")
    page.locator(".document-name").first.wait_for()
    page.locator("input[type=file]").first.set_input_files(picture)
    page.get_by_text("Logo.svg").first.wait_for()
    assert page.locator("img[src$='.svg']:not([src*='static'])").count() == 0
    harmless(page)


def test_saved_evidence_runs_and_loads_nothing(visit: Visit) -> None:
    cited = {"mark": 1, "document": SHARP, "page": 1, "quote": SHARP, "boxes": [], "score": 0.5}
    answer = {
        "id": "h", "question": SHARP, "answer": SHARP, "refused": False, "stopped": False,
        "sentences": [{"text": SHARP, "supported": True, "marks": [1]}], "citations": [cited],
        "notices": [SHARP], "passages": [cited | {"text": SHARP}],
    }  # fmt: skip
    receipt = Receipt(
        "h", "2026-01-01T00:00:00+00:00", answer, [["user", SHARP]], SHARP, None, {"name": SHARP},
        SHARP, "main", 1, {"said": SHARP}, meant=SHARP,
    )  # fmt: skip
    page = visit("about:blank")
    page.set_content(evidence_pack(receipt, None))
    page.get_by_text("http://tracker.invalid/k").first.wait_for()
    assert page.content().count("&lt;iframe") >= 6
    assert page.locator("script, iframe, main svg, a[href^=data]").count() == 0
    harmless(page)
    not_turned(page)


def test_an_error_about_it_is_shown_letter_by_letter(address: str, visit: Visit) -> None:
    page = visit(address)

    ask(page, f"broken by name {HOSTILE}")
    page.get_by_test_id("stAlert").wait_for()

    assert ":material/delete: :smile: :red[r]" in readable(
        page.get_by_test_id("stAlert").inner_text()
    )
    harmless(page)


def test_marks_and_stop_work_with_the_keyboard_alone(address: str, visit: Visit) -> None:
    page = visit(address)
    ask(page, "How many days of leave are there?")
    page.locator(".mark").first.wait_for()

    page.locator(".mark").first.focus()
    page.keyboard.press("Enter")
    page.locator(".st-key-page img").wait_for()
    page.keyboard.press("Escape")
    page.locator(".st-key-page").wait_for(state="detached")

    ask(page, "slow leave")
    page.get_by_role("button", name="Stop").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Stopped before it was complete").wait_for()


def readable(text: str) -> str:
    """Without the joiners that part what Streamlit would take for a name."""
    return text.replace("\u2060", "")
