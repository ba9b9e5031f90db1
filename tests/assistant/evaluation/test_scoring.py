import math
from dataclasses import replace

import pytest

from assistant.evaluation.metrics import EvidencePage, Question
from assistant.evaluation.scoring import behaviour, scored
from tests.assistant.evaluation.rows import HIDDEN, QUESTION, row


def test_pages_are_scored_among_the_first_five_and_ten() -> None:
    others = [["plan.pdf", number] for number in (1, 1, 2, 3, 4)]
    found = scored(row(hits=[*others, ["plan.pdf", 8], ["plan.pdf", 7]])).means
    assert found["document_hit@5"] == 1.0
    assert found["page_hit@5"] == 0.0  # five pages: 1, 2, 3, 4, 8
    assert found["page_hit@5_one_off"] == 1.0
    assert found["page_recall@5"] == 0.0
    assert found["page_hit@10"] == 1.0
    assert found["ndcg@10"] == pytest.approx(1 / math.log2(7))  # the sixth page


def test_evidence_without_pages_is_scored_by_documents() -> None:
    question = Question("q", "wings", evidence=(EvidencePage("a"), EvidencePage("b")))
    found = scored(row(question, hits=[["x", 1], ["a", 1], ["a", 2]])).means
    assert found["document_recall@10"] == 0.5
    assert found["ndcg@10"] == pytest.approx((1 / math.log2(3)) / (1 + 1 / math.log2(3)))
    assert "page_hit@5" not in found


def test_nothing_found_is_a_miss_and_not_searched_is_nothing() -> None:
    assert scored(row(hits=[])).means["page_hit@5"] == 0.0
    assert scored(row(hits=None)).means == {}


@pytest.mark.parametrize(
    ("question", "text", "refused", "label"),
    [
        (QUESTION, "It takes 6 weeks.", False, "correct"),
        (QUESTION, "It takes 6 days.", False, "wrong"),
        (QUESTION, "I could not find it.", True, "refused"),
        (HIDDEN, "I could not find it.", True, "refused"),
        (HIDDEN, "The company.", False, "answered"),
        (replace(HIDDEN, asks_back=True), "Which plan do you mean?", False, "asked back"),
        (replace(HIDDEN, asks_back=True), "The company.", False, "answered"),
        (replace(QUESTION, answers=()), "It takes 6 weeks.", False, "not judged"),
    ],
)
def test_each_question_gets_a_label(
    question: Question, text: str, refused: bool, label: str
) -> None:
    assert scored(row(question, text, refused=refused)).label == label


def test_the_shares_of_an_answerable_question_are_one_in_all() -> None:
    found = scored(row(text="It takes 6 weeks.")).means
    assert (found["correct"], found["wrong"], found["refused"]) == (1.0, 0.0, 0.0)
    assert found["right_behaviour"] == 1.0


def test_a_question_that_failed_is_wrong_and_is_said_to_have_failed() -> None:
    found = scored(row(error="The question is too long."))
    assert (found.label, found.failed, found.means["wrong"]) == ("wrong", True, 1.0)


def test_citations_count_for_each_sentence_that_has_them() -> None:
    cited = [("plan.pdf", 7), ("plan.pdf", 8), ("other.pdf", 7)]
    found = scored(row(text="Six.", cited=cited, marks=[[1], [2, 1], [3], []]))
    assert found.pairs["citation_precision"] == (2, 4)
    assert found.pairs["citation_recall"] == (2, 4)


def test_only_answers_to_answerable_questions_have_citations_that_count() -> None:
    assert "citation_recall" not in scored(row(HIDDEN, "Six.", marks=[[]])).pairs
    refusal = scored(row(text="I could not find it.", refused=True, marks=[[]]))
    assert refusal.pairs == {"refusal_precision": (0.0, 1.0)}


def test_a_question_in_return_is_told_from_an_answer_and_a_refusal() -> None:
    assert behaviour({"refused": False, "answer": "Which one? "}) == "ask back"
    assert behaviour({"refused": True, "answer": "Not there. Which?"}) == "refuse"
    assert behaviour({"refused": False, "answer": "Which? The first."}) == "answer"
