"""The button that saves an answer with its evidence."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.receipts.record import Receipts, ReceiptWriter, Recorder
from assistant.ui import resources
from assistant.ui.chat import answer_actions
from assistant.wiring import composition
from tests.assistant.fakes import WordEmbedder
from tests.assistant.ui.conftest import answers, ask, conversation
from tests.assistant.ui.fakes import FakeLibrary, FakeTool

Visit = Callable[..., AppTest]


@pytest.fixture
def with_receipts(
    library: FakeLibrary, tool: FakeTool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Assistant]:
    monkeypatch.setattr(library, "embedder", WordEmbedder, raising=False)
    kept = tmp_path / "conversations.sqlite"
    recorder = Recorder(Receipts(kept), ReceiptWriter())
    how = Answering(tool, tool.model_name)  # type: ignore[arg-type]
    made = Assistant(library, how, Conversations(kept), recorder)
    monkeypatch.setattr(composition, "assistant_of", lambda *_: made)
    yield made
    st.cache_resource.clear()


def test_an_answer_with_a_receipt_can_be_saved(
    visit: Visit, with_receipts: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit()
    ask(app, "How many days of leave are there?")
    answer = with_receipts.conversations.turns(conversation(app))[0]

    labels = [button.proto.label for button in app.get("download_button")]

    forms = ["Word", "PDF", "Markdown", "Table"]
    assert labels == [*forms, "Save with evidence"]
    given_to = buttons(monkeypatch)
    answer_actions.draw_answer_export(with_receipts, answer)
    saved = given_to["Save with evidence"]
    make = saved["data"]
    assert callable(make)
    assert "data:image/png;base64," in make()
    assert saved["file_name"] == "How many days of leave are there.html"
    assert given_to["Word"]["file_name"] == "How many days of leave are there.docx"


def test_a_conversation_is_saved_in_each_form(
    visit: Visit, with_receipts: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visit()
    ask(app, "How many days of leave are there?")
    given_to = buttons(monkeypatch)
    monkeypatch.setattr(resources, "assistant", lambda: with_receipts)

    with_receipts.conversations.rename(conversation(app), "Leave: 2026/27")
    (info,) = with_receipts.conversations.infos()
    answer_actions.draw_conversation_export(with_receipts, info)

    assert given_to["Word"]["file_name"] == "Leave_ 2026 27.docx"
    assert given_to["Word"]["data"]().startswith(b"PK")
    assert given_to["Table"]["data"]().startswith(b"PK")
    assert b"How many days of leave are there?" in given_to["Markdown"]["data"]()


def buttons(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What each button of a page is given, by its label."""
    seen: dict[str, Any] = {}
    monkeypatch.setattr(st, "download_button", lambda label, **given: seen.update({label: given}))
    return seen


def test_pages_are_those_of_the_library_that_the_answer_came_from(
    with_receipts: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = with_receipts.ask("How many days of leave are there?")
    identity = reply.to_json()["id"]
    other = FakeLibrary()
    other.name = "other"
    shown = SimpleNamespace(library=other, receipts=with_receipts.receipts)
    given_to = buttons(monkeypatch)
    answer_actions.draw_answer_export(shown, {"id": identity, "question": "Which?"})  # type: ignore[arg-type]
    saved = given_to["Save with evidence"]

    monkeypatch.setattr(composition, "libraries", lambda settings: ["main", "other"])
    opened = nullcontext(with_receipts.library)
    monkeypatch.setattr(
        composition, "library", lambda settings, name: opened if name == "main" else 0
    )
    assert "data:image/png;base64," in saved["data"]()
    monkeypatch.setattr(composition, "libraries", lambda settings: ["other"])
    assert "has changed or is gone" in saved["data"]()


def test_an_answer_without_one_has_no_button(visit: Visit) -> None:
    app = visit()
    ask(app, "How many days of leave are there?")

    assert answers(app)
    labels = [button.proto.label for button in app.get("download_button")]
    assert "Save with evidence" not in labels
    assert labels == []
