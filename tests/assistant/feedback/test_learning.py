"""Learning over a real library: switched on by a gain, found by searches, taken back at once."""

import json
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.evaluation.metrics import EvidencePage, Question
from assistant.feedback import learning
from assistant.feedback.learning import Learning, learning_of
from assistant.settings import Settings
from assistant.wiring import composition
from tests.assistant.feedback.made import answer
from tests.commands import Pincite, refused
from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from vectorstore.library import Library

RULES = [f"rule{chr(97 + n // 6)}{chr(97 + n % 6)}" for n in range(learning.LEAST_QUESTIONS)]
MORE = "It holds for everybody who works here, and for visitors who stay longer than a day."


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each rule has a page in a guide and a plan; words prefer the guide, which names it more."""
    folder = tmp_path_factory.mktemp("shelf")
    write_pdf(
        folder / "papers" / "Guide.pdf",
        *([f"The {rule} is short: {rule} {rule}."] for rule in RULES),
    )
    write_pdf(folder / "papers" / "Plan.pdf", *([f"The {rule} is long.", MORE] for rule in RULES))
    with Library(folder / "home" / "libraries" / "main", "main", WordEmbedder) as library:
        library.add([folder / "papers"])
    return folder


@pytest.fixture
def settings(shelf: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    shutil.copytree(shelf / "home", home)
    monkeypatch.setattr(composition, "embedder", lambda settings: WordEmbedder())
    return Settings(home=home)


@pytest.fixture
def found(settings: Settings) -> Iterator[Learning]:
    with composition.library(settings) as library:
        yield learning_of(settings, library)


def ask_for(found: Learning, document: str, number: int = len(RULES)) -> None:
    found.feedback.mine.add(
        Question(
            f"q{n}", f"What does the {rule} say?", (rule,), True, (EvidencePage(document, n + 1),)
        )
        for n, rule in enumerate(RULES[:number])
    )


def learn(found: Learning) -> None:
    assert found.learn(lambda now, done, total: None, threading.Event())


def first(library: Library) -> set[str]:
    """Not of the first pages: they count for their documents as a whole."""
    return {library.search(f"What does the {rule} say?", 1)[0].document for rule in RULES[4:]}


@pytest.mark.slow
def test_who_always_means_the_plan_gets_it_until_it_is_taken_back(found: Learning) -> None:
    assert first(found.library) == {"Guide.pdf"}
    ask_for(found, "Plan.pdf")
    learn(found)

    lesson = found.lessons.last()
    assert lesson and lesson.rank and lesson.hit and lesson.ranking
    assert lesson.rank.before < 0.6 and lesson.rank.after > 0.95
    assert first(found.library) == {"Plan.pdf"}
    assert "Ranking: on." in found.summarise()

    found.reset()
    assert first(found.library) == {"Guide.pdf"}
    assert "Nothing has been learned yet." in found.summarise()


def test_what_was_learned_with_another_embedding_model_is_said_not_to_be_used(
    found: Learning,
) -> None:
    ask_for(found, "Plan.pdf")
    learn(found)
    lesson = found.lessons.last()
    assert lesson and lesson.ranking
    found.lessons.keep(replace(lesson, ranking=replace(lesson.ranking, embedder="another")))
    assert any(line.startswith("Ranking: on; not used, as the") for line in found.summarise())
    assert first(found.library) == {"Guide.pdf"}


def test_where_there_is_no_gain_it_stays_off(found: Learning) -> None:
    ask_for(found, "Guide.pdf")
    learn(found)
    lesson = found.lessons.last()
    assert lesson and lesson.rank and lesson.rank.before == lesson.rank.after == 1.0
    assert lesson.ranking is None
    assert "Ranking: no certain gain, left off." in found.summarise()


def test_with_few_questions_it_says_how_many_are_missing(found: Learning) -> None:
    ask_for(found, "Plan.pdf", learning.LEAST_QUESTIONS - 2)
    found.feedback.rate(answer("a", "What does the last rule say?", ("Plan.pdf", 3)), True)
    wanted = "Ranking: 1 more questions with a known page are needed; you have 29."
    assert any(line.startswith(wanted) for line in found.summarise())
    shown: list[tuple[str, int, int]] = []
    assert found.learn(lambda *step: shown.append(step), threading.Event())
    assert shown == []  # nothing is compared
    lesson = found.lessons.last()
    assert lesson and (lesson.rank, lesson.ranking, lesson.questions) == (None, None, 29)
    assert any(line.startswith(wanted) for line in found.summarise())


def test_documents_that_are_gone_do_not_count(found: Learning) -> None:
    ask_for(found, "Plan.pdf")
    found.library.remove(["Plan.pdf"])
    learn(found)
    lesson = found.lessons.last()
    assert lesson and lesson.questions == 0


def test_a_stopped_run_changes_nothing(found: Learning) -> None:
    ask_for(found, "Plan.pdf")
    cancel = threading.Event()
    cancel.set()
    assert not found.learn(lambda now, done, total: None, cancel)
    assert found.lessons.last() is None


def test_it_is_stopped_while_it_compares_too(found: Learning) -> None:
    ask_for(found, "Plan.pdf")
    cancel = threading.Event()
    heard: list[str] = []

    def show(now: str, done: int, total: int) -> None:
        heard.append(now)
        if now == "comparing" and done == 1:
            cancel.set()

    assert not found.learn(show, cancel)
    assert heard.count("comparing") == 2 and found.lessons.last() is None


# -- on the command line


@pytest.fixture
def full(pincite: Pincite, settings: Settings) -> Pincite:
    return pincite


def test_the_command_learns_tells_and_takes_back(full: Pincite, found: Learning) -> None:
    ask_for(found, "Plan.pdf")
    ran = full("eval", "learn")
    assert ran.status == 0 and "Ranking: on.\n" in ran.out
    assert re.search(r"first right page, of 30: 0\.\d+ → [01]\.\d+ \(\+0\.\d+, 95 %", ran.out)
    hits = json.loads(full("search", f"What does the {RULES[9]} say?", "--json").out)
    assert hits[0]["document"] == "Plan.pdf"
    back = full("eval", "learn", "--reset", "--json").json
    assert back["lesson"] is None and "Nothing has been learned yet." in back["told"]
    hits = json.loads(full("search", f"What does the {RULES[9]} say?", "--json").out)
    assert hits[0]["document"] == "Guide.pdf"


def test_an_answer_is_rated_by_its_id(full: Pincite, found: Learning) -> None:
    said = full("ask", "What does the ruleaa say?", "--json").json
    ran = full("eval", "rate", said["id"][:8], "up", "--json")
    assert (ran.status, ran.json["id"], ran.json["rating"]) == (0, said["id"], "up")
    (rating,) = found.feedback.ratings()
    assert rating.good and rating.question == "What does the ruleaa say?"
    assert full("eval", "rate", said["id"], "none").status == 0
    assert found.feedback.ratings() == []
    assert "no receipt" in refused(full("eval", "rate", "abcdef", "up"))
    assert full("eval", "rate", said["id"], "sideways").status == 2
