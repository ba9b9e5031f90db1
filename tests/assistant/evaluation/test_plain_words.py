"""The figures of a run as sentences."""

from typing import Any

from assistant.evaluation.scoring import advice, caution, sentences


def figures(n: int = 10, **means: float) -> dict[str, Any]:
    measures = {
        name: {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": n}
        for name, mean in means.items()
    }
    return {"measures": measures, "costs": {}}


def test_counts_are_told_and_not_shares() -> None:
    found = figures(correct=0.7, wrong=0.1, refused=0.2, refusal_recall=0.5)
    assert sentences(found) == [
        "Of 10 questions that your documents answer, 7 answered right, 1 wrong, 2 turned down.",
        "Of 10 questions that they do not answer, 5 turned down, as they should be.",
    ]


def test_a_run_that_only_searched_says_what_was_found() -> None:
    found = figures(n=8, **{"page_hit@5": 0.75})
    assert sentences(found) == ["The right page was among the first five for 6 of 8."]
    assert caution(found) == ""


def test_few_questions_are_said_to_be_few() -> None:
    assert caution(figures(n=5, correct=0.6)).startswith("These are few questions: with others, 5")
    assert "probably" in caution(figures(n=40, correct=0.6))


def test_the_advice_is_about_what_goes_wrong_first() -> None:
    good = {"page_hit@5": 0.9, "correct": 0.9, "wrong": 0.05, "refused": 0.05, "refusal_recall": 1}
    assert advice(figures(**good)).startswith("Nothing stands out")
    assert "Library" in advice(figures(**{**good, "page_hit@5": 0.5, "refused": 0.5}))
    assert "Helpful" in advice(figures(**{**good, "refused": 0.5}))
    assert "Strict" in advice(figures(**{**good, "refusal_recall": 0.2}))
    assert "model" in advice(figures(**{**good, "wrong": 0.4}))
