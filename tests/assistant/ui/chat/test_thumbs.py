"""Thumbs in the chat are kept, changed and taken back; opened marks are noted."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from assistant.evaluation.metrics import EvidencePage
from assistant.evaluation.sets import own
from assistant.feedback.ratings import Feedback, feedback
from assistant.settings import Settings
from assistant.ui import resources
from tests.assistant.ui.conftest import (
    LIBRARY_PAGE,
    answers,
    ask,
    composer,
    conversation,
    open_page,
)
from tests.assistant.ui.fakes import HANDBOOK

Visit = Callable[..., AppTest]
LEAVE = "How many days of leave are there?"


@pytest.fixture
def kept(tmp_path: Path) -> Feedback:
    return feedback(Settings(), "main")


def thumb(app: AppTest, value: int | None, answer: int = -1) -> AppTest:
    app.get("feedback")[answer].set_value(value)
    return app.run()


def test_a_thumb_up_is_kept_with_the_question_and_its_pages(visit: Visit, kept: Feedback) -> None:
    app = visit()
    ask(app, LEAVE)
    thumb(app, 1)

    assert not app.exception
    (rating,) = kept.ratings()
    assert (rating.question, rating.good) == (LEAVE, True)
    (question,) = own(Settings(), "main").of("kept")
    assert (question.question, question.evidence) == (LEAVE, (EvidencePage(HANDBOOK, 10),))
    assert question.answers[0].startswith("Full-time employees start with 25 days")


def test_a_thumb_is_changed_and_taken_back(visit: Visit, kept: Feedback) -> None:
    app = visit()
    ask(app, LEAVE)
    thumb(app, 1)
    thumb(app, 0)
    assert [rating.good for rating in kept.ratings()] == [False]
    assert own(Settings(), "main").all() == []
    thumb(app, None)
    assert kept.ratings() == []


def test_each_answer_has_its_own_thumb(visit: Visit, kept: Feedback) -> None:
    app = visit()
    ask(app, LEAVE)
    ask(app, "Is this unknown to the documents?")
    thumb(app, 0, answer=0)
    thumb(app, 1, answer=1)
    assert [rating.good for rating in kept.ratings()] == [False, True]


def test_a_thumb_is_shown_again_to_a_later_visitor_and_after_another_page(visit: Visit) -> None:
    app = visit()
    ask(app, LEAVE)
    thumb(app, 1)
    open_page(app, LIBRARY_PAGE)
    open_page(app, "chat")
    assert app.get("feedback")[0].value == 1

    later = visit(conversation=conversation(app))
    assert later.get("feedback")[0].value == 1


def test_a_file_that_cannot_be_written_is_said(
    visit: Visit, kept: Feedback, tmp_path: Path
) -> None:
    app = visit()
    ask(app, LEAVE)
    file = own(Settings(), "main").file
    file.write_text("no JSON\n")
    thumb(app, 1)
    assert not app.exception
    assert "not JSON" in app.error[0].value.replace("\\", "")
    assert resources.feedback().ratings() == []


def test_feedback_that_cannot_be_read_takes_no_answer_away(visit: Visit, kept: Feedback) -> None:
    app = visit()
    ask(app, LEAVE)
    own(Settings(), "main").file.with_name("feedback.sqlite").write_bytes(b"no database" * 99)
    later = visit(conversation=conversation(app))
    assert not later.exception and not later.error
    assert len(answers(later)) == 1 and composer(later)
    assert any(caption.value.startswith("No thumbs:") for caption in later.caption)
