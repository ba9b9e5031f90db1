"""Thumbs and opened pages are kept, changed and taken back; good answers become questions."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.evaluation.metrics import EvidencePage, Question
from assistant.evaluation.sets import OwnQuestions
from assistant.feedback.ratings import Feedback, drop_ratings
from assistant.settings import Settings
from tests.assistant.feedback.made import answer
from tests.conftest import PROJECT

BOOK = ("Book.pdf", 3)


@pytest.fixture
def kept(tmp_path: Path) -> Feedback:
    return opened(tmp_path)


def opened(folder: Path) -> Feedback:
    return Feedback(folder / "feedback.sqlite", OwnQuestions(folder / "questions.jsonl"))


def test_a_thumb_up_makes_the_question_one_of_ones_own(kept: Feedback) -> None:
    kept.rate(answer("a1", "How many days of leave are there?", BOOK, ("Plan.pdf", 1), BOOK), True)
    assert kept.rated("a1") is True
    (question,) = kept.mine.of("kept")
    assert question == Question(
        "thumb-a1", "How many days of leave are there?", ("Thirty days.",), True,
        (EvidencePage(*BOOK), EvidencePage("Plan.pdf", 1)),
    )  # fmt: skip


def test_a_thumb_up_for_a_refusal_makes_it_a_question_to_refuse(kept: Feedback) -> None:
    kept.rate(answer("a1", "Who pays for the lunch of visitors?", refused=True), True)
    (question,) = kept.mine.of("kept")
    assert not question.answerable and not question.answers and not question.evidence


def test_another_click_changes_the_thumb_and_none_takes_it_back(kept: Feedback) -> None:
    said = answer("a1", "How many days of leave are there?", BOOK)
    kept.rate(said, True)
    kept.rate(said, False)
    (rating,) = kept.ratings()
    assert not rating.good
    assert kept.mine.all() == []
    kept.rate(said, True)
    kept.rate(said, None)
    assert (kept.rated("a1"), kept.ratings(), kept.mine.all()) == (None, [], [])


def test_a_question_that_a_person_wrote_stays_when_a_thumb_is_taken_back(kept: Feedback) -> None:
    kept.mine.add([Question("mine", "How many days of leave are there?")])
    said = answer("a1", "how many days of leave are there", BOOK)
    kept.rate(said, True)
    kept.rate(said, None)
    assert [question.id for question in kept.mine.all()] == ["mine"]


@pytest.mark.parametrize(
    "said",
    [
        answer("a1", "Summarise the handbook of the company", BOOK, tool="whole"),
        answer("a1", "How many days of leave are there?", BOOK, stopped=True),
        answer("a1", "How many days of leave are there?"),
    ],
    ids=["a whole document", "stopped", "nothing cited"],
)
def test_what_cannot_be_asked_again_is_rated_and_no_question(kept: Feedback, said: dict) -> None:  # type: ignore[type-arg]
    kept.rate(said, True)
    assert kept.rated("a1") is True and kept.mine.all() == []


def test_a_follow_up_is_rated_and_no_question(kept: Feedback) -> None:
    kept.rate(answer("a1", "And for part-timers?", BOOK), True, alone=False)
    assert kept.rated("a1") is True and kept.mine.all() == []


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_file_of_another_version_is_left_as_it_is(tmp_path: Path, version: int) -> None:
    with closing(sqlite3.connect(tmp_path / "feedback.sqlite")) as file:
        file.execute("CREATE TABLE rating (answer TEXT PRIMARY KEY, alone INTEGER NOT NULL)")
        file.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(AssistantError, match="was made by another version of Pincite"):
        opened(tmp_path).ratings()


def test_a_file_that_is_none_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "feedback.sqlite").write_bytes(b"no database, but long enough to be looked at" * 9)
    with pytest.raises(AssistantError, match="which keeps the feedback, cannot be used"):
        opened(tmp_path).ratings()


_ENDLESS = """
import json, sys
from pathlib import Path
from tests.assistant.feedback.test_ratings import answer, opened

kept = opened(Path(sys.argv[1]))
for n in range(100_000):
    kept.rate(answer(f"a{n}", f"How many days of leave has worker {n}?", ("Book.pdf", n)), True)
    print(n, flush=True)
"""


@pytest.mark.slow
def test_what_was_rated_stays_when_the_process_is_killed(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, str(tmp_path)], cwd=PROJECT, text=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    said = [int(process.stdout.readline()) for _ in range(20)]
    process.kill()
    said += [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()

    kept = opened(tmp_path)
    rated = {rating.question for rating in kept.ratings()}
    questions = {question.question for question in kept.mine.of("kept")}
    assert {f"How many days of leave has worker {n}?" for n in said} <= rated <= questions
    assert len(questions) - len(rated) in (0, 1)  # killed between the two
    assert all(json.loads(line) for line in kept.mine.file.read_text().splitlines())


_MANY = """
import sys
from pathlib import Path
from assistant.evaluation.sets import OwnQuestions
from assistant.evaluation.metrics import Question

mine = OwnQuestions(Path(sys.argv[1]))
for n in range(60):
    mine.add([Question(f"{sys.argv[2]}{n}", f"What is {sys.argv[2]} {n}?")])
"""


def test_two_processes_lose_none_of_each_others_questions(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    started = [
        subprocess.Popen([sys.executable, "-c", _MANY, str(file), name], cwd=PROJECT)
        for name in "ab"
    ]
    assert [process.wait() for process in started] == [0, 0]
    assert len(OwnQuestions(file).all()) == 120


def test_a_file_that_was_deleted_meanwhile_is_made_again(kept: Feedback, tmp_path: Path) -> None:
    kept.rate(answer("a1", "How many days of leave are there?", BOOK), True)
    (tmp_path / "feedback.sqlite").unlink()
    assert kept.rated("a1") is None
    kept.rate(answer("a1", "How many days of leave are there?", BOOK), False)
    assert kept.rated("a1") is False


def test_ratings_that_cannot_be_deleted_are_an_error_with_their_place(tmp_path: Path) -> None:
    place = tmp_path / "evaluation" / "own" / "main" / "people" / "ann"
    place.parent.mkdir(parents=True)
    place.write_text("no folder")
    with pytest.raises(AssistantError, match=f"{place} could not be deleted"):
        drop_ratings(Settings(home=tmp_path), "ann")
