"""Which questions need the conversation, and what they search for."""

from collections import defaultdict
from pathlib import Path

import pytest

from assistant.contract.follow_ups import follows_up
from assistant.contract.request import AskedQuestion

LINES = Path(__file__).parents[3] / "benchmarks" / "fitting" / "follow_ups.tsv"


@pytest.mark.parametrize(
    "question",
    [
        "and for part-timers?",
        "What about sick leave?",
        "Why?",
        "Who approves it?",
        "Is that paid?",
        "In Ghent?",
        "2019?",
        "How long do they take?",
        "Und für Teilzeit?",
        "Wer genehmigt das?",
        "Et pour les stagiaires ?",
        "Combien de temps cela prend-il ?",
        "¿Y para los becarios?",
        "¿Quién lo aprueba?",
    ],
)
def test_continuations_need_the_conversation(question: str) -> None:
    assert follows_up(question)


@pytest.mark.parametrize(
    "question",
    [
        "How many days of annual leave do full-time employees get?",
        "When did Tarnmere receive its ISO 27001 certificate?",
        "Is there a probation period in Ghent?",
        "Which region had the highest revenue in 2026?",
        "Is it allowed to plug a memory stick into a work computer?",
        "How do part-time employees get their annual leave?",
        "Wie viele Urlaubstage haben Beschäftigte in Vollzeit?",
        "Quel est le délai de préavis pour les cadres ?",
        "¿Cuántos días de vacaciones tienen los empleados a tiempo completo?",
        "How many days of leave are there?",
        "Кто утверждает командировки?",
        "谁批准出差？",  # noqa: RUF001
        "出張は誰が承認しますか？",  # noqa: RUF001
    ],
)
def test_full_questions_stand_alone(question: str) -> None:
    assert not follows_up(question)


def test_half_a_letter_is_no_error() -> None:
    assert isinstance(follows_up("What is \ud800?"), bool)


def test_most_questions_that_nothing_was_fitted_to_are_told_apart() -> None:
    told = defaultdict(list)
    for line in LINES.read_text("utf-8").splitlines():
        part, language, label, text = line.split("\t")
        if part == "test":
            told[language, label].append(follows_up(text))
    for language in ("de", "en", "es", "fr"):
        follow_ups, complete = told[language, "1"], told[language, "0"]
        assert sum(follow_ups) / len(follow_ups) >= 0.7, language
        assert sum(complete) / len(complete) <= 0.25, language


def test_a_chain_of_follow_ups_is_searched_from_its_full_question_on() -> None:
    earlier = ["What is the revenue?", "How long is annual leave?", "and for part-timers?"]
    query = AskedQuestion("and in the first year?", tuple(earlier))
    assert query.standalone == (
        "How long is annual leave? and for part-timers? and in the first year?"
    )
