from dataclasses import replace

from assistant.evaluation.comparing import compare, comparison_lines, since, verdict
from assistant.evaluation.metrics import Question
from tests.assistant.evaluation.rows import HIDDEN, QUESTION, row

RIGHT, WRONG = "It takes 6 weeks.", "It takes 7 weeks."


def question(id: str) -> Question:
    return replace(QUESTION, id=id)


BEFORE = [
    row(question("a"), WRONG),
    row(question("b"), RIGHT),
    row(question("c"), RIGHT),
    row(HIDDEN, "The company."),
    row(question("only before"), RIGHT),
]
AFTER = [
    row(question("a"), RIGHT),
    row(question("b"), "No.", refused=True),
    row(question("c"), f"{RIGHT} At most."),
    row(HIDDEN, "No.", refused=True),
]


def test_each_question_got_better_or_broke_or_only_says_something_else() -> None:
    found = compare(BEFORE, AFTER)
    assert [(c["id"], c["what"]) for c in found["better"]] == [
        ("a", "wrong → correct"), ("u", "answered → refused"),
    ]  # fmt: skip
    assert [(c["id"], c["what"]) for c in found["broke"]] == [("b", "correct → refused")]
    assert [c["id"] for c in found["changed"]] == ["c"]
    assert (found["questions"], found["left_out"]) == (4, 1)


def test_the_difference_is_that_of_the_same_questions() -> None:
    correct = compare(BEFORE, AFTER)["measures"]["correct"]
    assert (correct["before"], correct["after"], correct["mean"]) == (0.6667, 0.6667, 0.0)
    assert correct["n"] == 3 and correct["low"] < 0 < correct["high"]
    same = compare(BEFORE, BEFORE)["measures"]["correct"]
    assert (same["mean"], same["low"], same["high"]) == (0.0, 0.0, 0.0)


def test_citations_are_compared_by_their_sums() -> None:
    before = [row(text=RIGHT, cited=[("plan.pdf", 1)], marks=[[1]])]
    after = [row(text=RIGHT, cited=[("plan.pdf", 7)], marks=[[1], []])]
    found = compare(before, after)["measures"]
    assert (found["citation_precision"]["before"], found["citation_precision"]["after"]) == (0, 1)
    assert found["citation_recall"]["mean"] == 0.5


def test_runs_that_only_search_tell_what_is_found() -> None:
    miss, hit = row(hits=[["other.pdf", 1]]), row(hits=[["plan.pdf", 7]])
    assert compare([miss], [hit])["better"][0]["what"] == "found now"
    assert compare([hit], [miss])["broke"][0]["what"] == "not found any more"
    assert compare([hit], [hit])["broke"] == compare([hit], [hit])["better"] == []


def test_people_read_the_questions_by_name() -> None:
    told = "\n".join(comparison_lines(compare(BEFORE, AFTER)))
    assert "Got better: 2\n  a: How long? (wrong → correct)" in told
    assert "Broke: 1\n  b: How long? (correct → refused)" in told
    assert "left out: 1" in told


def test_what_changed_since_the_run_before_is_told_in_words() -> None:
    told = since(compare(BEFORE, AFTER), ["model", "settings: refusal_threshold"])
    assert "got better: 2, that got worse: 1." in told
    assert told.endswith("They differ in model, settings: refusal_threshold.")
    assert since(compare(BEFORE, AFTER), []).endswith("Same settings.")
    assert since(compare([], AFTER), []) == "", "nothing was asked both times"


def test_a_gain_or_a_loss_is_what_the_interval_shows() -> None:
    miss = [row(question(id), hits=[["other.pdf", 1]]) for id in "abcdefghijkl"]
    hit = [row(question(id), hits=[["plan.pdf", 7]]) for id in "abcdefghijkl"]
    won, lost = verdict(compare(miss, hit), "reranker"), verdict(compare(hit, miss), "reranker")
    assert won.startswith("The reranker differs; gained: ") and "lost" not in won
    assert lost.startswith("The reranker differs; lost: ") and "gained" not in lost
    assert "right page among the first 5 +1.000 [+1.000, +1.000]" in won
    same = verdict(compare(hit, hit), "reranker")
    assert same == "The reranker differs; neither a gain nor a loss is shown (12 questions)."
    assert "neither" in verdict(compare(miss[:9], hit[:9]), "reranker")  # too few


def test_fewer_wrong_answers_are_a_gain() -> None:
    before = [row(question(id), WRONG) for id in "abcdefghijkl"]
    after = [row(question(id), RIGHT) for id in "abcdefghijkl"]
    told = verdict(compare(before, after), "reranker")
    assert "lost" not in told and "answerable: wrong -1.000" in told
