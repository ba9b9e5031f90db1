"""The Measure page over a real library and real runs; the assistant is a fake that knows leave."""

import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from assistant.contract.facts import Outcome
from assistant.contract.reply import Reply
from assistant.contract.request import Request
from assistant.conversation.assistant import Answering, Assistant
from assistant.conversation.history import Conversations
from assistant.errors import AssistantError
from assistant.evaluation.metrics import EvidencePage, Question
from assistant.evaluation.runs import all_runs
from assistant.evaluation.sets import OwnQuestions, own
from assistant.feedback.learning import LEAST_QUESTIONS, Learning
from assistant.feedback.ratings import feedback
from assistant.llm.prompts import REFUSAL
from assistant.settings import Settings
from assistant.storage.learned import lessons
from assistant.ui import resources
from assistant.wiring import composition
from tests.assistant.ui.conftest import html
from tests.assistant.ui.fakes import HOSTILE
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library

MEASURE_PAGE = "measure"
ASK = "Ask my questions"
Visit = Callable[..., AppTest]
LEAVE = Question("leave", "How long is leave?", ("30 days",), True, (EvidencePage("Book.pdf", 1),))
WHO = Question("who", "Who pays for lunch?", answerable=False)


class Knowing:
    """Answers questions of leave, and refuses others; `says` may be changed between runs."""

    name = "answer"

    def __init__(self) -> None:
        self.says = "Leave is 30 days."
        self.go = threading.Event()
        self.go.set()

    def run(self, request: Request) -> Reply:
        return Reply(request.question, lambda reply: self._work(request, reply))

    def _work(self, request: Request, reply: Reply) -> Iterator[str]:
        while not self.go.wait(0.02):
            if reply.cancel.is_set():
                break
        refused = "leave" not in request.question
        text = REFUSAL if refused else self.says
        yield text
        reply.outcome = Outcome(text, refused=refused, stopped=reply.cancel.is_set())


@pytest.fixture
def knowing() -> Iterator[Knowing]:
    tool = Knowing()
    yield tool
    tool.go.set()


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a library, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    write_pdf(folder / "Book.pdf", ["Leave is 30 days.", "Ask your manager before."])
    with Library(folder / "library", "main", WordEmbedder) as library:
        library.add([folder / "Book.pdf"])
    return folder / "library"


@pytest.fixture(autouse=True)
def over_a_real_library(
    over_fakes: None,
    knowing: Knowing,
    filled: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def library(settings: Settings, name: str | None = None, make: bool = False) -> Library:
        chosen = name or settings.library
        folder = settings.libraries_folder / chosen
        return Library(folder, chosen, WordEmbedder, learned=lessons(folder).ranking)

    def assistant(settings: Settings, library: Library, *_: object, **__: bool) -> Assistant:
        kept = Conversations(tmp_path / "conversations.sqlite")
        return Assistant(library, Answering(knowing, "fake-model"), kept)

    monkeypatch.setattr(composition, "embedder", lambda settings: WordEmbedder())
    monkeypatch.setattr(composition, "library", library)
    monkeypatch.setattr(composition, "assistant_of", assistant)
    shutil.rmtree(tmp_path / "libraries")
    shutil.copytree(filled, tmp_path / "libraries" / "main")


@pytest.fixture
def mine() -> OwnQuestions:
    return own(Settings(), "main")


def press(app: AppTest, label: str) -> AppTest:
    (button,) = [button for button in app.button if button.label == label]
    return button.click().run()


def measure(app: AppTest) -> None:
    app.button(key="ask-mine").click().run()
    end(app)


def end(app: AppTest) -> None:
    task = resources.tasks().last
    assert task and task.wait(60) and not task.error
    app.run()


def test_questions_that_were_kept_are_measured_in_the_background(
    visit: Visit, mine: OwnQuestions
) -> None:
    mine.add([LEAVE, WHO, Question("d", "Is this a draft?", state="draft")])
    app = visit(MEASURE_PAGE)
    measure(app)

    (run,) = all_runs(Settings()).recent()
    assert run.asked == 2 and run.about["file"] == str(mine.file)
    assert not any("None" in text.value for text in app.markdown)
    assert any("Undecided drafts are not asked" in c.value.replace("\\", "") for c in app.caption)


def test_the_result_is_told_in_sentences_with_what_to_do_next(
    visit: Visit, mine: OwnQuestions
) -> None:
    app = visit(MEASURE_PAGE)
    assert app.button(key="ask-mine").disabled
    mine.add([LEAVE, WHO])
    app.run()
    measure(app)

    shown = html(app)
    assert "Of 1 question that your documents answer, 1 answered right" in shown
    assert "These are few questions" in shown and "Nothing stands out" in shown
    assert "2 to 10 of 10" in shown, "one right of one"
    assert "Compared with" not in shown, "there is no run before"
    measure(app)  # nobody has said OK to the note of the first run
    assert [run.asked for run in all_runs(Settings()).recent()] == [2, 2]


def test_a_measurement_can_be_stopped_and_continued(
    visit: Visit, mine: OwnQuestions, knowing: Knowing
) -> None:
    mine.add([LEAVE, WHO])
    knowing.go.clear()
    app = visit(MEASURE_PAGE)
    press(app, ASK)
    app.run()
    press(app, "Stop")
    end(app)
    assert any("Stopped" in text.value for text in app.markdown)
    assert all_runs(Settings()).recent()[0].asked == 0

    press(app, "OK")
    knowing.go.set()
    measure(app)
    (run,) = all_runs(Settings()).recent()
    assert run.finished and run.asked == 2


def test_what_another_visitor_has_started_is_not_taken_for_ones_own(
    visit: Visit, mine: OwnQuestions, knowing: Knowing
) -> None:
    mine.add([LEAVE, WHO])
    knowing.go.clear()
    one, other = visit(MEASURE_PAGE), visit(MEASURE_PAGE)
    press(one, ASK)
    first = resources.tasks().last
    press(other, "Learn from feedback")
    assert resources.tasks().last is first
    (error,) = [error.value.replace("\\", "") for error in other.error]
    assert "was not started: “Measuring my questions about this library” is running" in error
    assert not one.error
    knowing.go.set()
    end(one)
    assert [run.asked for run in all_runs(Settings()).recent()] == [2]


def test_a_run_is_compared_with_the_one_before_in_a_sentence(
    visit: Visit, mine: OwnQuestions, knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine.add([LEAVE, WHO])
    measure(visit(MEASURE_PAGE))
    knowing.says = "Leave is 20 days."
    app = visit(MEASURE_PAGE)
    measure(app)
    assert "got better: 0, that got worse: 1. Same settings." in html(app)

    monkeypatch.setenv("PINCITE_REFUSAL_THRESHOLD", "0.7")
    st.cache_resource.clear()
    knowing.says = "Leave is 30 days."
    app = visit(MEASURE_PAGE)
    measure(app)
    assert "got better: 1, that got worse: 0. They differ in settings: refusal_threshold." in (
        html(app)
    )


def test_questions_that_failed_or_were_not_asked_are_told(
    visit: Visit, mine: OwnQuestions, knowing: Knowing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise AssistantError("The model is gone.")

    gone = Question("g", "How long is the lease?", evidence=(EvidencePage("Lease.pdf", 1),))
    mine.add([LEAVE, gone])
    monkeypatch.setattr(knowing, "run", fail)
    app = visit(MEASURE_PAGE)
    measure(app)
    assert "1 question failed, and counts as wrong." in html(app)
    assert "Questions skipped: 1. The library does not hold Lease.pdf" in html(app)


def test_each_draft_is_kept_or_dropped(visit: Visit, mine: OwnQuestions) -> None:
    hostile = Question("h", HOSTILE, ("x",), evidence=(EvidencePage(HOSTILE, 1),), state="draft")
    leave = Question("l", "How long is leave?", ("30 days",), state="draft")
    mine.add([hostile, leave])
    app = visit(MEASURE_PAGE)
    assert "2 drafts to review" in " ".join(c.value for c in app.caption).replace("\\", "")
    assert not any("<script>" in text.value for text in (*app.markdown, *app.caption))

    app.button(key="dropped-h").click().run()
    app.button(key="kept-l").click().run()

    assert [q.id for q in mine.of("kept")] == ["l"] and [q.id for q in mine.of("dropped")] == ["h"]


def test_drafts_are_written_in_the_background(
    visit: Visit, mine: OwnQuestions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = " ".join(["Leave is 30 days for everybody who works here."] * 6)
    write_pdf(tmp_path / "Long.pdf", [long[n : n + 80] for n in range(0, len(long), 80)])
    with composition.library(Settings(), "main") as library:
        library.add([tmp_path / "Long.pdf"])

    class Model:
        def invoke(self, input: Any, /) -> Any:
            said = "Question: How long is leave for everybody?\nAnswer: 30 days"
            return SimpleNamespace(content=said)

    monkeypatch.setattr(resources, "chat_model", Model)
    app = visit(MEASURE_PAGE)
    press(app, "Draft questions")
    end(app)

    assert [q.question for q in mine.of("draft")] == ["How long is leave for everybody?"]
    told = [str(getattr(part, "value", "")) for part in app.main]  # from top to bottom
    [drafted] = [at for at, text in enumerate(told) if "1 new draft." in text]
    [second] = [at for at, text in enumerate(told) if "Keep a few questions first" in text]
    assert drafted < second, "it stands in the step that drafts"


def test_who_has_no_questions_is_told_how_to_begin(visit: Visit) -> None:
    told = " ".join(caption.value for caption in visit(MEASURE_PAGE).caption)
    assert "None yet" in told and "0 kept" not in told


def test_without_a_model_no_drafts_are_promised(visit: Visit) -> None:
    app = visit(MEASURE_PAGE)
    press(app, "Draft questions")
    assert "none is installed" in app.error[0].value


@pytest.mark.slow
def test_feedback_is_learned_from_and_taken_back_with_one_click(
    visit: Visit, mine: OwnQuestions, tmp_path: Path
) -> None:
    """The same rules stand in two books; the person always means the one that names them less."""
    rules = [f"rule{chr(97 + n // 6)}{chr(97 + n % 6)}" for n in range(LEAST_QUESTIONS)]
    write_pdf(tmp_path / "Loud.pdf", *([f"The {rule}: {rule} {rule}."] for rule in rules))
    write_pdf(tmp_path / "Meant.pdf", *([f"The {rule} is for all."] for rule in rules))
    with composition.library(Settings(), "main") as library:
        library.add([tmp_path / "Loud.pdf", tmp_path / "Meant.pdf"])
    mine.add(
        Question(f"q{n}", f"What is {rule}?", ("x",), True, (EvidencePage("Meant.pdf", n + 1),))
        for n, rule in enumerate(rules[:-1])
    )
    app = visit(MEASURE_PAGE)
    assert any("1 more questions with a known page" in text.value for text in app.markdown)
    mine.add(
        [
            Question(
                "q", f"What is {rules[-1]}?", evidence=(EvidencePage("Meant.pdf", LEAST_QUESTIONS),)
            )
        ]
    )
    assert "Reset" not in [button.label for button in app.button]
    press(app, "Learn from feedback")
    task = resources.tasks().last
    assert task and task.wait(60) and not task.error
    app.run()

    assert any("Ranking: on" in text.value for text in app.markdown)
    with composition.library(Settings(), "main") as library:
        assert library.search(f"What is {rules[9]}?", 1)[0].document == "Meant.pdf"

    press(app, "Reset")
    assert not app.exception
    assert any("Nothing has been learned yet" in text.value for text in app.markdown)
    assert "Reset" not in [button.label for button in app.button]
    with composition.library(Settings(), "main") as library:
        assert library.search(f"What is {rules[9]}?", 1)[0].document == "Loud.pdf"


def test_learning_that_is_stopped_says_that_nothing_was_learned(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Learning, "learn", lambda self, show, cancel: not cancel.wait(60))
    app = visit(MEASURE_PAGE)
    press(app, "Learn from feedback")
    app.button(key="stop-task").click().run()
    task = resources.tasks().last
    assert task and task.wait(60)
    app.run()
    assert any("Nothing was learned;" in text.value for text in app.markdown)


def test_answers_that_were_marked_wrong_can_be_read_again(visit: Visit) -> None:
    said = {"id": "a", "question": "How long is leave?", "answer": HOSTILE, "refused": False,
            "tool": "answer", "citations": [], "model": "m"}  # fmt: skip
    feedback(Settings(), "main").rate(said, False)
    app = visit(MEASURE_PAGE)
    assert "Answers that you marked wrong: 1" in [expander.label for expander in app.expander]
    assert not any("<script>" in text.value for text in app.markdown)
