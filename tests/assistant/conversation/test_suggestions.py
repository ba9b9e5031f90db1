"""Starter questions follow the library, and are read once."""

from pathlib import Path

import pytest

from assistant.answering.pipeline import AnswerTool
from assistant.answering.retrieve import Budget
from assistant.conversation.assistant import Assistant
from assistant.conversation.history import Conversations
from tests.assistant.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library


def test_suggestions_are_read_again_only_when_the_library_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Employees travel by train wherever that is possible within a day."
    write_pdf(tmp_path / "Travel.pdf", ["# Business Travel", "", said])
    write_pdf(tmp_path / "Leave.pdf", ["# Parental Leave", "", said.replace("train", "bus")])
    with Library(tmp_path / "library", "main", WordEmbedder) as library:
        library.add([tmp_path / "Travel.pdf"])
        assistant = Assistant(
            library, AnswerTool(None, Budget()), Conversations(tmp_path / "c.sqlite"), "none"
        )
        first = assistant.suggestions()
        with monkeypatch.context() as unread:
            unread.setattr(library, "headings_over_prose", None)
            assert assistant.suggestions() == first
        library.add([tmp_path / "Leave.pdf"])
        assert set(assistant.suggestions()) > set(first)
