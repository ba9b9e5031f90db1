"""Questions that are offered to begin and to go on with."""

from pathlib import Path

import pytest

from assistant.conversation.suggestions import Offered, follow_ups, offer, offered, suggest
from tests.assistant.ui.fakes import HANDBOOK, OFFERED, SAMPLES, FakeLibrary, FakeTool, assistant

POLICY = "Security Policy v2 (2026).pdf"
ROWS = [
    Offered(HANDBOOK, "a", "How much annual leave is there?"),
    Offered(HANDBOOK, "a", "How is leave asked for?"),
    Offered(POLICY, "b", "How long must passwords be?"),
]


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary(SAMPLES / HANDBOOK)


def test_each_document_gives_a_question_before_one_gives_a_second() -> None:
    assert suggest(ROWS, 2) == [ROWS[0].question, ROWS[2].question]


def test_what_was_asked_is_not_offered_and_nothing_twice() -> None:
    again = Offered(POLICY, "b", "How long must the passwords be?")
    assert suggest([*ROWS, again], 9, asked=["is leave asked for"]) == [
        ROWS[0].question, ROWS[2].question,
    ]  # fmt: skip


def test_of_cited_documents_what_shares_words_with_the_answer_comes_first() -> None:
    found = follow_ups("Ask for it a month before.", ["When may I go?"], ROWS, {HANDBOOK})
    assert found == [ROWS[1].question, ROWS[0].question]


def test_a_question_goes_with_its_document_also_from_the_file(library: FakeLibrary) -> None:
    (info,) = library.documents()
    offer(library, [Offered(HANDBOOK, info.sha256, "Still there?"), ROWS[0]])  # type: ignore[arg-type]
    assert [one.question for one in offered(library)] == ["Still there?"]  # type: ignore[arg-type]
    library.remove([HANDBOOK])
    assert offered(library) == []  # type: ignore[arg-type]
    assert "Still" not in (library.folder / "offered.json").read_text()


def test_the_assistant_offers_what_was_written_and_nothing_after_a_refusal(
    library: FakeLibrary, tmp_path: Path
) -> None:
    made = assistant(library, tmp_path, FakeTool())
    assert made.suggestions() == [*OFFERED]
    said = {"question": "How long?", "answer": "25.", "citations": [{"document": HANDBOOK}]}
    assert len(made.follow_ups({**said, "refused": False}, [OFFERED[1]])) == 2
    assert made.follow_ups({**said, "refused": True}, []) == []
