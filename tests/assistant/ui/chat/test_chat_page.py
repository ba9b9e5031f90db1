import time
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from assistant.answering.verifier import CHECKED
from assistant.errors import ModelUnusable
from assistant.llm.prompts import REFUSAL
from assistant.ui import resources
from assistant.wiring import composition
from tests.assistant.ui.conftest import (
    LIBRARY_PAGE,
    answers,
    ask,
    click,
    compose,
    composer,
    conversation,
    copies,
    finish,
    html,
    opened,
    report,
)
from tests.assistant.ui.fakes import HANDBOOK, HOSTILE, OFFERED, SAMPLES, FakeLibrary, FakeTool

Visit = Callable[..., AppTest]
LEAVE = "How many days of leave are there?"


@pytest.mark.parametrize("page", ["", LIBRARY_PAGE])
def test_every_page_launches(visit: Visit, page: str) -> None:
    app = visit(page)

    assert not app.exception
    assert not app.error


def test_the_first_open_says_what_the_library_holds_and_suggests_questions(visit: Visit) -> None:
    app = visit()

    assert "1 document, 21 pages" in html(app)
    suggestions = [b for b in app.button if (b.key or "").startswith("suggestion-")]
    assert 1 <= len(suggestions) <= 4
    assert not composer(app)["busy"]


def test_an_empty_library_invites_to_add_documents(visit: Visit, library: FakeLibrary) -> None:
    library.remove([HANDBOOK])

    app = visit()

    assert "There are no documents in this library yet." in html(app)
    assert "add documents first" in composer(app)["hint"]  # tools need none
    # Without a model that searches, nothing can come into the library.
    assert [box.label for box in app.file_uploader] == ["Add files"]


def test_a_suggestion_is_asked_with_a_click(visit: Visit, tool: FakeTool) -> None:
    app = visit()

    next(b for b in app.button if b.key == "suggestion-0").click().run()
    finish(app)

    assert tool.asked[0].question == OFFERED[0]
    assert len(answers(app)) == 1


def test_what_may_be_asked_next_is_asked_with_a_click(visit: Visit, tool: FakeTool) -> None:
    app = visit()
    ask(app, "How many days of leave are there?")
    found = [b for b in app.button if str(b.key).startswith("next-")]
    label = found[0].label.replace("\\", "")

    found[0].click().run()
    finish(app)

    assert tool.asked[-1].question == label
    assert len(answers(app)) == 2


def test_an_answer_has_sentences_with_marks_and_shows_what_is_not_supported(visit: Visit) -> None:
    app = visit()

    ask(app, LEAVE)

    [answer] = answers(app)
    assert [s["marks"] for s in answer["sentences"]] == [[1], [2], []]
    assert [s["support"] for s in answer["sentences"]] == ["supported", "supported", "none"]
    assert answer["citations"]["1"] == {"document": HANDBOOK, "page": 10}
    assert "not found in the documents" in answer["note"]
    assert copies(app)[-1].endswith("[2] Employee Handbook.pdf, page 10")


def test_a_mark_opens_its_page_with_the_quote(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)

    click(app, "citation-1")

    assert "Page 10 of 21" in html(app)
    assert "start with 25 days of paid annual leave" in html(app)
    assert len(app.image) == 1
    assert answers(app)[0]["opened"] == "citation-1"


def test_the_open_page_can_be_turned_and_closed(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)
    click(app, "citation-1")

    report(app, "pincite_page_tools", "page", 11)
    assert "Page 11 of 21" in html(app)
    assert "blockquote" not in html(app)
    report(app, "pincite_page_tools", "close", True)

    assert "Page 11" not in html(app)


def test_a_page_of_a_document_that_is_gone_is_a_sentence(
    visit: Visit, library: FakeLibrary
) -> None:
    app = visit()
    ask(app, LEAVE)
    library.put(SAMPLES / HANDBOOK, "Another.pdf")
    library.remove([HANDBOOK])

    click(app, "citation-1")

    assert "holds no document" in app.error[0].value
    assert not app.exception


@pytest.mark.parametrize("name", ["citation-1", "closest-0"])
def test_a_mark_on_a_document_that_was_replaced_says_so_and_marks_nothing(
    visit: Visit, library: FakeLibrary, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    app = visit()
    ask(app, LEAVE if name == "citation-1" else "Is this unknown?")
    click(app, name)
    assert not app.info
    page = library.page  # of a newer file, in which a page was put before this one
    monkeypatch.setattr(library, "page", lambda document, number: page(document, number - 1))

    app.run()

    assert "has changed since the answer" in app.info[0].value
    assert len(app.image) == 1


def test_a_mark_on_a_page_that_its_document_no_longer_has_is_a_sentence(
    visit: Visit, library: FakeLibrary
) -> None:
    app = visit()
    ask(app, LEAVE)
    library.put(SAMPLES / "Letter from the Landlord.pdf", HANDBOOK)

    click(app, "citation-1")

    assert "has no page 10" in app.error[0].value.replace("\\", "")
    assert not app.exception


def test_a_refusal_offers_the_closest_lines_as_whole_sentences(visit: Visit) -> None:
    app = visit()

    ask(app, "Is this unknown?")

    [answer] = answers(app)
    assert answer["sentences"][0]["text"] == REFUSAL
    assert answer["sentences"][0]["support"] == "supported", "a refusal is no unsupported claim"
    [card] = answer["cards"]
    assert card["page"] == 10 and "Full-time employees start with 25 days" in card["text"]
    click(app, "closest-0")
    assert "Page 10 of 21" in html(app)


def test_from_a_refusal_one_click_answers_anyway_or_asks_in_one_document(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    ask(app, "unknown")

    next(b for b in app.button if b.label == "Answer anyway").click().run()
    finish(app)
    assert len(answers(app)) == 1, "it stands in the place of the refusal"
    next(b for b in app.button if b.label.startswith("Ask only in")).click().run()
    finish(app)

    assert len(answers(app)) == 1
    assert [asked.question for asked in tool.asked] == ["unknown"] * 3
    assert [asked.anyway for asked in tool.asked] == [False, True, False]
    assert [asked.documents for asked in tool.asked] == [None, None, [HANDBOOK]]


def test_what_could_not_be_read_is_told_under_the_answer_and_copied_with_it(visit: Visit) -> None:
    app = visit()

    ask(app, "incomplete")

    [answer] = answers(app)
    assert answer["notices"] == [f"Page 3 of {HOSTILE} could not be read."]
    assert copies(app)[-1].endswith("Note: " + answer["notices"][0])


def test_an_expected_error_is_shown_as_its_sentence(visit: Visit) -> None:
    app = visit()

    ask(app, "broken")

    assert "tokens long" in app.error[0].value
    assert not app.exception
    ask(app, LEAVE)
    assert not app.error, "the next question works"


def test_a_bug_is_logged_and_the_visitor_reads_a_sentence(
    visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    app = visit()

    ask(app, "crash")

    assert "The log has the details" in app.error[0].value.replace("\\", "")
    assert "ZeroDivisionError" in caplog.text


def test_a_model_that_cannot_be_loaded_is_a_sentence(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ModelUnusable("model.gguf is not a GGUF model.")

    monkeypatch.setattr(composition, "assistant_of", broken)

    app = visit()

    assert "GGUF model" in app.error[0].value
    assert not app.exception


def test_stop_keeps_what_was_written_and_the_next_question_works(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    ask(app, "slow leave", wait=False)
    assert composer(app)["busy"] and composer(app)["stops"]

    _first_word(app)
    compose(app, "stop")
    assert finish(app, 2)

    [answer] = answers(app)
    assert "Stopped" in answer["note"]
    ask(app, LEAVE)
    assert len(answers(app)) == 2


def test_one_visitors_stop_does_not_touch_the_answer_of_another(
    visit: Visit, tool: FakeTool
) -> None:
    one, other = visit(), visit()
    ask(one, "slow leave", wait=False)
    ask(other, "slow leave too", wait=False)

    compose(one, "stop")
    finish(one, 2)
    tool.go.set()
    finish(other)

    assert "Stopped" in answers(one)[0]["note"]
    assert "Stopped" not in answers(other)[0]["note"]
    assert len(answers(other)[0]["sentences"]) == 3


def test_only_the_chosen_documents_are_asked(
    visit: Visit, library: FakeLibrary, tool: FakeTool
) -> None:
    library.put(SAMPLES / HANDBOOK, "Another.pdf")
    app = visit()

    opened(app, "where-documents").multiselect(key="scope").set_value([HANDBOOK]).run()
    ask(app, LEAVE)
    opened(app, "where-documents").multiselect(key="scope").set_value([]).run()
    ask(app, LEAVE)

    assert [request.documents for request in tool.asked] == [[HANDBOOK], None]


def test_hostile_text_reaches_the_page_only_as_data_and_escaped(
    visit: Visit, library: FakeLibrary
) -> None:
    library.put(SAMPLES / HANDBOOK, f"{HOSTILE}.pdf")
    app = visit()

    ask(app, f"hostile {HOSTILE}")
    click(app, "citation-1")

    assert "<script" not in html(app)
    assert "<img" not in html(app)
    assert "&lt;script&gt;" in html(app)
    assert answers(app)[0]["sentences"][0]["text"] == HOSTILE
    for label in [button.label for button in app.button]:
        assert "](http" not in label
        assert ":material/" not in label


def _first_word(app: AppTest) -> None:
    running = resources.answers().of(conversation(app))
    assert running is not None
    deadline = time.monotonic() + 60
    while not running.reply.so_far and time.monotonic() < deadline:
        time.sleep(0.01)


def test_a_person_chooses_between_strict_and_helpful_and_sees_what_each_does(
    visit: Visit, tool: FakeTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHECKED, tool.model_name, {})  # as one that was measured
    app = visit()

    ask(app, LEAVE)
    opened(app, "where-unsure")
    assert any("turns down about 9;" in caption.value for caption in app.caption)
    choice = next(g for g in app.button_group if g.label == "When unsure")
    choice.set_value("strict").run()
    opened(app, "where-unsure")
    assert any("turns down about 10;" in caption.value for caption in app.caption)
    ask(app, LEAVE)

    assert [request.threshold for request in tool.asked] == [0.35, 0.5]
