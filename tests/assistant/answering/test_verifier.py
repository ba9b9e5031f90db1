"""What was written is given where a unit that was read says it."""

import re
from collections.abc import Sequence

import pytest

from assistant.answering.evidence_units import Quoted
from assistant.answering.verifier import (
    BY_NEARNESS,
    BY_READER,
    BY_WORDS,
    CHECKED,
    Verifier,
    identity,
)
from assistant.contract.facts import Token
from tests.assistant.fakes import window_of
from vectorstore.retrieval.rerank import Readable
from vectorstore.retrieval.search_query import SearchQuery

LEAVE = window_of(
    "Full-time employees get 25 days of annual leave.",
    "Part-time employees get 15 days of annual leave.",
    "The canteen opens at noon.",
)
QUESTION = SearchQuery("How many days of annual leave do full-time employees get?")


class Believes:
    """Gives the same odds for each text that has a word."""

    def __init__(self, word: str, odds: float) -> None:
        self._word, self._odds = word, odds
        self.asked: list[str] = []

    def odds(self, question: str, texts: Sequence[Readable]) -> list[float]:
        self.asked.append(question)
        return [self._odds if self._word in text.text else -9.0 for text in texts]


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        ("Full-time employees get 25 days of annual leave.", "give"),
        ("They get 25 days.", "give"),
        ("25 days.", "give"),
        ("Full-time employees get 31 days of annual leave.", "refuse"),
        ("They get a company car and free lunch in Paris.", "refuse"),
    ],
)
def test_without_a_reader_words_and_numbers_decide(answer: str, verdict: str) -> None:
    assert Verifier(QUESTION, [LEAVE]).verify(answer).verdict == verdict


def test_a_question_about_something_that_was_not_read_needs_more() -> None:
    said = "Employees get 25 days of annual leave."
    asked = Verifier(QUESTION, [LEAVE]).verify(said)
    other = Verifier(SearchQuery("How long is the parental absence?"), [LEAVE]).verify(said)
    assert asked.signals["asked"] > other.signals["asked"]
    assert asked.probability > other.probability


def test_the_reader_is_given_the_answer_in_the_place_of_the_question() -> None:
    reader = Believes("25", 4.0)
    judged = Verifier(QUESTION, [LEAVE], reader).verify("They get 25 days. It is paid.")
    assert reader.asked == ["They get 25 days."]
    assert (judged.signals["entailed"], judged.verdict) == (4.0, "give")
    doubting = Verifier(QUESTION, [LEAVE], Believes("zebra", 4.0)).verify("They get 25 days.")
    assert doubting.verdict == "refuse"


def test_of_a_quoted_sentence_the_words_of_the_question_count() -> None:
    first, _, canteen = (Quoted(unit, 1.0, 1.0) for unit in LEAVE.units)
    verifier = Verifier(QUESTION, [LEAVE])
    assert verifier.verify_quoted(first).verdict == "give"
    assert verifier.verify_quoted(canteen).verdict == "refuse"


@pytest.mark.parametrize(("near", "verdict"), [(0.32, "give"), (0.1, "refuse")])
def test_across_languages_nearness_decides(near: float, verdict: str) -> None:
    """What a German question finds in English passages shares no words with it."""
    german = SearchQuery("Wie viele Tage Urlaub bekommen Angestellte in Vollzeit im Jahr?")
    verifier = Verifier(german, [LEAVE], near=near)
    assert verifier.verify("Sie bekommen 25 Tage Urlaub im Jahr.").verdict == verdict
    assert verifier.verify_quoted(Quoted(LEAVE.units[0], 1.0, 1.0)).verdict == verdict


@pytest.mark.parametrize(("near", "verdict"), [(0.6, "give"), (0.1, "refuse")])
def test_in_a_library_of_several_languages_nearness_and_words_decide(
    near: float, verdict: str
) -> None:
    """A unit that is near the question has to say the answer, too."""
    verifier = Verifier(QUESTION, [LEAVE], near=near)
    judged = verifier.verify("Full-time employees get 25 days.")
    assert judged.verdict == verdict and judged.shares.keys() == BY_NEARNESS.keys()
    assert verifier.verify("Bananas ripen in a paper bag.").verdict == "refuse"
    assert verifier.verify("Full-time employees get 31 days.").verdict == "refuse"


def test_the_probability_is_that_of_the_shares_and_the_threshold_decides() -> None:
    judged = Verifier(QUESTION, [LEAVE], threshold=0.999).verify("They get 25 days.")
    assert judged.verdict == "refuse" and judged.pages == 1
    assert sum(judged.shares.values()) > 0 and judged.shares.keys() == BY_WORDS.keys()
    assert Verifier(QUESTION, [LEAVE], threshold=0.0).verify("Bananas ripen.").verdict == "give"


def test_nothing_read_gives_nothing() -> None:
    assert Verifier(QUESTION, []).verify("They get 25 days.").verdict == "refuse"
    assert Verifier(QUESTION, [], Believes("25", 9.0)).verify("25 days.").verdict == "refuse"


def test_other_weights_have_another_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    before = identity()
    monkeypatch.setitem(BY_READER, "bias", 0.0)
    assert identity() != before


def test_a_yes_needs_to_be_much_more_probable_than_a_no() -> None:
    """A small model begins with a yes, whatever the passages say."""
    text, verifier = (
        "Yes, full-time employees get 25 days of annual leave.",
        Verifier(QUESTION, [LEAVE]),
    )
    sure, unsure = (Token("Yes", 0.85, ((" No", no),)) for no in (0.05, 0.8))
    assert verifier.verify(text, [sure]).verdict == "give"
    judged = verifier.verify(text, [unsure])
    assert judged.verdict == "refuse" and -2.5 < judged.signals["yes"] < -2.4
    assert verifier.verify(text).verdict == "give", "a server that gives no tokens"
    any_answer = Verifier(QUESTION, [LEAVE], threshold=0.0)
    assert any_answer.verify(text, [unsure]).verdict == "give"


def told_of(text: str, digits: float) -> list[Token]:
    return [
        Token(word, digits if word.strip().isdigit() else 0.95)
        for word in re.findall(r"\s?\w+|[^\w\s]", text)
    ]


@pytest.mark.parametrize(
    ("stands", "digits", "verdict"),
    [(2.2, 0.99, "give"), (0.4, 0.99, "refuse"), (2.2, 0.01, "refuse")],
)
def test_the_model_that_wrote_it_must_be_sure_of_it(
    stands: float, digits: float, verdict: str
) -> None:
    [weights] = CHECKED.values()
    said = "Full-time employees get 25 days of annual leave."
    verifier = Verifier(QUESTION, [LEAVE], Believes("25", 2.0), checked=weights)
    judged = verifier.verify(f"{said} It is", told_of(f"{said} It is", digits), lambda one: stands)
    assert (judged.verdict, judged.shares.keys()) == (verdict, weights.keys())


def test_a_number_that_no_line_has_is_not_given_however_sure_the_model_is() -> None:
    [weights] = CHECKED.values()
    said = "Full-time employees get 31 days of annual leave."
    verifier = Verifier(QUESTION, [LEAVE], Believes("25", 2.0), checked=weights)
    assert verifier.verify(said, told_of(said, 0.99), lambda one: 1.9).verdict == "refuse"


def test_a_model_that_cannot_be_asked_in_between_is_judged_by_the_lines() -> None:
    [weights] = CHECKED.values()
    verifier = Verifier(QUESTION, [LEAVE], Believes("25", 4.0), checked=weights)
    assert verifier.verify("They get 25 days.").shares.keys() == BY_READER.keys()
