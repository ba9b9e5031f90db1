"""Follow-ups are suggested only where the documents seem to answer them."""

from pathlib import Path
from typing import Any

from tests.assistant.ui.fakes import HANDBOOK, SAMPLES, FakeLibrary, FakeTool, assistant

ANSWER: dict[str, Any] = {
    "question": "How long is leave?", "answer": "25 days.", "refused": False,
    "citations": [{"document": HANDBOOK}],
}  # fmt: skip


def test_only_answered_ones_are_suggested_and_no_more_than_wanted(tmp_path: Path) -> None:
    made = assistant(FakeLibrary(SAMPLES / HANDBOOK), tmp_path, FakeTool())
    found = made.follow_ups(ANSWER, [ANSWER["question"]])
    assert len(found) == 3 and not any("trip" in question for question in found)
    assert made.follow_ups(ANSWER, [ANSWER["question"]], limit=1) == found[:1]


def test_nothing_is_suggested_after_a_refusal_or_without_the_document(tmp_path: Path) -> None:
    made = assistant(FakeLibrary(SAMPLES / HANDBOOK), tmp_path, FakeTool())
    assert made.follow_ups({**ANSWER, "refused": True}, []) == []
    assert made.follow_ups({**ANSWER, "citations": [{"document": "Gone.pdf"}]}, []) == []
