"""Tools in the chat: what is attached, what is made, what is missing, and what can be undone."""

import io
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from assistant.contract.intents import Answer, Draw, Edit, Enhance, Vary
from assistant.errors import AssistantError
from assistant.ui import background, resources
from assistant.ui.background import Fetch, Fetches
from assistant.ui.chat import answer, tool_dialog
from tests.assistant.ui.conftest import (
    answers,
    ask,
    attach,
    click,
    compose,
    conversation,
    finish,
    html,
)
from tests.assistant.ui.fakes import FakeLibrary, FakeTool

Visit = Callable[..., AppTest]


def png(colour: str = "green") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(file, "PNG")
    return file.getvalue()


def button(app: AppTest, start: str) -> AppTest:
    """The one whose key starts so."""
    return next(b for b in app.button if (b.key or "").startswith(start))  # type: ignore[return-value]


def draw(app: AppTest, prompt: str) -> None:
    """Through the dialog."""
    compose(app, "tools")
    app.text_area(key="draw-prompt").set_value(prompt)
    app.button(key="start-Draw").click().run()
    assert finish(app)


def test_an_attached_picture_goes_to_the_tool_and_is_shown(
    visit: Visit, tool: FakeTool, tmp_path: Path
) -> None:
    app = visit()
    attach(app, "stairs.png", png())
    ask(app, "What is leave on this?")
    [path] = tool.asked[0].files
    assert path.name == "stairs.png"
    assert path.is_relative_to(tmp_path / "attached")
    assert path.read_bytes() == png()
    assert app.get("image")


def test_a_picture_without_words_is_asked_about(visit: Visit, tool: FakeTool) -> None:
    app = visit()
    attach(app, "stairs.png", png())
    ask(app, "")
    assert len(tool.asked[0].files) == 1


def test_two_questions_may_come_with_the_same_picture(visit: Visit, tmp_path: Path) -> None:
    app = visit()
    attach(app, "stairs.png", png())
    ask(app, "What is leave on this?")
    conversations = resources.assistant().conversations
    [turn] = conversations.turns(conversation(app))
    conversations.add(conversation(app), {**turn, "id": "asked-again"})
    app.run()
    assert not app.exception
    assert len(answers(app)) == 2


def test_a_mark_on_a_picture_that_came_with_the_question_shows_its_line(visit: Visit) -> None:
    app = visit()
    ask(app, "How many days of leave are there?")
    conversations = resources.assistant().conversations
    [turn] = conversations.turns(conversation(app))
    cited = {**turn["citations"][0], "document": "your picture stairs.png", "quote": "<b>25 days"}
    conversations.add(conversation(app), {**turn, "id": "of-picture", "citations": [cited]})
    app.run()
    click(app, "citation-1")
    assert not app.error and not app.exception
    assert "&lt;b&gt;25 days" in html(app)
    assert any("came with the question" in info.value for info in app.info)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\nnonsense"])
def test_a_damaged_picture_is_told_and_does_not_break_the_page(visit: Visit, data: bytes) -> None:
    app = visit()
    attach(app, "**stairs**.png", data)
    ask(app, "What is leave on this?")
    assert not app.exception
    told = " ".join(caption.value for caption in app.caption)
    assert "damaged" in told
    assert "**stairs**" not in told
    assert app.get("image") == []


def test_what_is_drawn_is_shown_with_a_mark_and_can_be_used_on(
    visit: Visit, tool: FakeTool
) -> None:
    app = visit()
    draw(app, "a lighthouse")
    assert tool.asked[0].intent == Draw("a lighthouse")
    assert answers(app)[0]["sentences"][0] == {
        "text": "Here is a lighthouse.", "support": "supported", "unstated": [], "marks": [],
        "breaks": False,
    }  # fmt: skip
    assert any("Generated" in m.value for m in app.markdown)
    assert app.get("image")
    button(app, "enlarge-").click().run()  # type: ignore[attr-defined]
    assert finish(app)
    assert isinstance(tool.asked[1].intent, Enhance)
    button(app, "vary-").click().run()  # type: ignore[attr-defined]
    assert finish(app)
    assert isinstance(tool.asked[2].intent, Vary)


def test_what_a_tool_made_is_not_rated_as_an_answer(visit: Visit) -> None:
    app = visit()
    draw(app, "a lighthouse")
    assert not app.get("feedback")


def test_one_click_asks_the_documents_instead(visit: Visit, tool: FakeTool) -> None:
    app = visit()
    draw(app, "a lighthouse")
    button(app, "instead-").click().run()  # type: ignore[attr-defined]
    assert finish(app)
    assert tool.asked[1].intent == Answer()
    assert tool.asked[1].question == "/draw a lighthouse"


def test_a_missing_model_is_fetched_with_one_button_and_the_intent_is_done_again(
    visit: Visit, tool: FakeTool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled: list[str] = []
    fetches = Fetches(lambda name, progress: pulled.append(name))
    monkeypatch.setattr(resources, "fetches", lambda: fetches)
    app = visit()
    draw(app, "a castle")
    assert any("2.1 MB · MIT · about 3 s" in m.value.replace("\\", "") for m in app.markdown)
    button(app, "fetch-").click().run()  # type: ignore[attr-defined]
    fetch = fetches.of("tiny-painter")
    assert fetch and fetch.wait(60)
    assert pulled == ["tiny-painter"]
    app.run()
    button(app, "again-").click().run()  # type: ignore[attr-defined]
    assert finish(app)
    assert [request.intent for request in tool.asked] == [Draw("a castle"), Draw("a castle")]


def test_a_model_that_cannot_be_fetched_says_why_and_can_be_tried_again() -> None:
    def fails(name: str, progress: object) -> None:
        raise AssistantError(f"{name} could not be fetched.")

    fetches = Fetches(fails)
    first = fetches.start("m")
    assert first.wait(60)
    assert first.error == "m could not be fetched."
    assert fetches.start("m") is not first


def test_two_visitors_fetch_a_model_once() -> None:
    go = threading.Event()
    fetches = Fetches(lambda name, progress: go.wait(60))
    assert fetches.start("m") is fetches.start("m")
    go.set()


def test_how_far_a_fetch_is() -> None:
    def half(name: str, progress: background.Progress) -> None:
        progress("fetching m", 5, 10)

    fetch = Fetch("m", half)
    assert fetch.wait(60)
    assert fetch.share == 0.5


def test_tools_work_without_documents(visit: Visit, tool: FakeTool, library: FakeLibrary) -> None:
    library.remove(list(library.files))
    app = visit()
    draw(app, "a lighthouse")
    assert tool.asked[0].intent == Draw("a lighthouse")


def test_a_dialog_says_what_is_missing(visit: Visit, tool: FakeTool) -> None:
    app = visit()
    compose(app, "tools")
    app.button(key="start-Draw").click().run()
    assert [w.value for w in app.warning] == ["Fill in the fields above first."]
    assert tool.asked == []


def test_an_intent_is_said_as_the_command_that_does_it(tmp_path: Path) -> None:
    assert tool_dialog.command_of(Draw("a lighthouse", seed=7)) == "/draw a lighthouse"
    assert tool_dialog.command_of(Edit(tmp_path, "bluer")) == "/edit bluer"


def test_how_far_a_tool_is_is_told_in_words() -> None:
    assert answer.said(answer.Progress(3, 20, 12.4)) == "3 of 20 · about 12 s left"
    assert answer.said(answer.Progress(3, 0)) == ""
