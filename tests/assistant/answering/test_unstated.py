"""The words of a sentence that no line states."""

import pytest

from assistant.answering.evidence_units import Window
from assistant.contract.facts import Sentence
from tests.assistant.fakes import WordEmbedder, ground, window_of

EMBEDDER = WordEmbedder()
SHOW = window_of(
    "The show is set at a modest resort at the lake, which was built in 1962.",
    "Its first season was filmed in Atlanta.",
)


def only(answer: str, read: Window = SHOW, question: str = "?") -> Sentence:
    [sentence], _ = ground(question, answer, [read], EMBEDDER)
    return sentence


def test_a_word_that_the_line_does_not_have_makes_it_partly_supported() -> None:
    answer = "The show is filmed at a modest resort at the lake."
    [sentence], [citation] = ground("Where is the show filmed?", answer, [SHOW], EMBEDDER)
    assert (sentence.support, sentence.supported) == ("partly", False)
    assert sentence.unstated == ("filmed",)
    assert citation.quote.startswith("The show is set")


@pytest.mark.parametrize(
    ("said", "unstated"),
    [
        ("The modest resort at the lake was built in 1963.", ("1963",)),
        ("The show is set at a modest resort at the lake, built for $2 million.", ("2 million",)),
        ("The modest resort at the lake was built by Anna Quill.", ("Anna Quill",)),
        ("The modest resort at the lake was not built in 1962.", ("not",)),
        ("The modest resort at the lake was built in March 1962.", ("March",)),
        ("A **modest** resort was built, a hotel and a pier.", ("hotel", "pier")),
    ],
)
def test_exactly_what_is_new_is_named_in_order(said: str, unstated: tuple[str, ...]) -> None:
    sentence = only(said)
    assert sentence.support == "partly"
    assert sentence.unstated == unstated
    at = 0
    for word in unstated:
        at = said.index(word, at) + len(word)


def test_a_number_whose_words_all_stand_somewhere_is_unstated_as_a_whole() -> None:
    fees = window_of("The entry fee is 25 percent lower for guests who stay for 30 days.")
    sentence = only("The entry fee is lower for guests who stay for 25 days.", fees)
    assert sentence.unstated == ("25 days",)


def test_what_has_nothing_to_do_with_the_lines_is_not_shown_with_one() -> None:
    sentence = only("Bananas ripen faster in paper bags.")
    assert (sentence.support, sentence.marks) == ("none", ())
    assert "Bananas ripen faster" in sentence.unstated


def test_a_supported_sentence_leaves_nothing_unstated() -> None:
    sentence = only("The show is set at a modest resort at the lake.")
    assert (sentence.support, sentence.unstated) == ("supported", ())


def test_a_word_of_the_question_may_stand_above_the_line_but_not_below_it() -> None:
    review = window_of(
        "A clinical review comes first.",
        "It is meant to be quick and simple for all members.",
        "An audit is made each year.",
    )
    question = "Are the clinical review and the audit quick?"
    for subject, support in (("clinical review", "supported"), ("audit", "partly")):
        answer = f"The {subject} is meant to be quick and simple for all members."
        [sentence], _ = ground(question, answer, [review], EMBEDDER)
        assert sentence.support == support


@pytest.mark.parametrize("reply", ["Yes, ", "No, ", "No. "])
def test_a_reply_to_the_question_is_no_claim(reply: str) -> None:
    sentences, _ = ground(
        "Is it at the sea?", f"{reply}the show is set at a modest resort at the lake.", [SHOW],
        EMBEDDER,
    )  # fmt: skip
    assert sentences[-1].supported


def test_a_title_with_no_denies_nothing() -> None:
    game = window_of("No Man's Sky is a survival game built around four pillars.")
    assert only("No Man's Sky is a survival game.", game).supported
