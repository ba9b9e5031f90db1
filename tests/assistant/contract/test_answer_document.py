"""The answer document: support in degrees, and what it says where it is shown."""

from typing import Any

import pytest

from assistant.contract.facts import Citation, Outcome, Sentence
from assistant.contract.reply import Reply, doubt
from assistant.export.documents import pieces
from assistant.ui.chat import answer as ui_answer
from assistant.ui.chat.answer_actions import copied

FULL = Sentence("Leave is 25 days.", True, (1,))
PARTLY = Sentence("The show is filmed at a lake.", False, (2,), ("filmed",))
NOWHERE = Sentence("Bananas ripen.", False, (), ("Bananas ripen",))


def citation(mark: int) -> Citation:
    return Citation(mark, "Handbook.pdf", mark, f"line {mark}", (), 0.8)


@pytest.fixture
def answer() -> dict[str, Any]:
    reply = Reply("?", lambda reply: iter(()))
    text = " ".join(sentence.text for sentence in (FULL, PARTLY, NOWHERE))
    reply.outcome = Outcome(text, (FULL, PARTLY, NOWHERE), (citation(1), citation(2)))
    return reply.to_json()


def test_sentences_have_degrees_and_old_fields_keep_their_meaning(answer: dict[str, Any]) -> None:
    rows = answer["sentences"]
    assert [row["support"] for row in rows] == ["supported", "partly", "none"]
    assert [row["supported"] for row in rows] == [True, False, False]
    assert [row["unstated"] for row in rows] == [[], ["filmed"], ["Bananas ripen"]]
    assert [row["marks"] for row in rows] == [[1], [2], []]


def test_a_citation_says_when_it_only_comes_close(answer: dict[str, Any]) -> None:
    assert [row.get("support") for row in answer["citations"]] == [None, "partly"]


def test_a_line_that_supports_another_sentence_is_no_close_one() -> None:
    reply = Reply("?", lambda reply: iter(()))
    both = Sentence("It is filmed.", False, (1,), ("filmed",))
    reply.outcome = Outcome("", (FULL, both), (citation(1),))
    assert "support" not in reply.to_json()["citations"][0]


def test_the_browser_gets_the_words_and_says_what_they_mean(answer: dict[str, Any]) -> None:
    drawn = ui_answer._finished(answer, "")
    assert [s["support"] for s in drawn["sentences"]] == ["supported", "partly", "none"]
    assert drawn["sentences"][1]["unstated"] == ["filmed"]
    assert "no line states them" in drawn["note"]
    assert "not found in the documents" in drawn["note"]
    assert "[closest: 2]" in copied(answer)


def test_the_terminal_names_the_words() -> None:
    assert doubt(FULL) == ""
    assert doubt(PARTLY) == f"no line states “filmed” (closest: [2]): {PARTLY.text}"
    assert doubt(NOWHERE) == f"not found in the documents: {NOWHERE.text}"
    whole = Sentence("It is so.", False, (1,), ("It is so.",))
    assert doubt(whole) == "no line states this (closest: [1]): It is so."


def test_the_words_are_found_in_their_order() -> None:
    sentence = {"text": "a b a c", "unstated": ["b", "a", "gone"]}
    shown = [(text, stated) for text, stated in pieces(sentence) if text]
    assert shown == [("a ", True), ("b", False), (" ", True), ("a", False), (" c", True)]
