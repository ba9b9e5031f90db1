"""A ranking is learned where there is something to learn, and not believed where there is none."""

import random
from collections.abc import Sequence

import pytest

from assistant.feedback import learning
from assistant.feedback.learning import Case, Earlier
from assistant.feedback.ratings import Example
from tests.assistant.feedback.made import considered
from vectorstore.retrieval.learned_ranker import FEATURES, Considered, Known, Learned


def case(number: int, right: Considered, *wrong: Considered, **more: object) -> Case:
    found = sorted([right, *wrong], key=lambda c: -c.ranked.score)
    example = Example(f"q{number}", frozenset({right.page}), group=f"q{number}", **more)  # type: ignore[arg-type]
    return Case(example, found)


def newest(number: int, pick: random.Random) -> Case:
    """Five reports with the same rule; the person means the newest, whatever the score."""
    reports = [
        considered(
            f"Report {year}.pdf", number, pick.random(), recent=year / 4, title=pick.random()
        )
        for year in range(5)
    ]
    return case(number, reports[4], *reports[:4])


def anyone(number: int, pick: random.Random) -> Case:
    """The right one is any of five, and no feature tells which."""
    reports = [
        considered(f"Report {pick.random()}", number, pick.random(), recent=pick.random(),
                   place=pick.random(), heading=pick.random())
        for _ in range(5)
    ]  # fmt: skip
    return case(number, *pick.sample(reports, 5))


def cases(make: object, number: int = 40, seed: int = 1) -> list[Case]:
    pick = random.Random(seed)
    return [make(n, pick) for n in range(number)]  # type: ignore[operator]


def weights(learned: Learned) -> dict[str, float]:
    return dict(zip(FEATURES, learned.weights, strict=True))


def test_who_always_means_the_newest_gets_it_on_questions_that_were_left_out() -> None:
    seen = cases(newest)
    measured = learning.measure_ranking(seen)
    assert measured.gains and measured.questions == 40
    assert measured.rank.before < 0.7 and measured.rank.after > 0.95
    learned = learning.learn_ranking(seen, "words")
    found = weights(learned)
    assert max(found, key=lambda name: found[name]) in ("recent", "document")
    assert learned.embedder == "words"
    new = cases(newest, seed=2)
    assert all(learned.again(c.considered)[0].candidate.document == "Report 4.pdf" for c in new)


@pytest.mark.parametrize("seed", range(5))
def test_where_nothing_tells_nothing_is_gained(seed: int) -> None:
    measured = learning.measure_ranking(cases(anyone, seed=seed))
    assert not measured.gains
    assert measured.rank.after < measured.rank.before + 0.12


def test_a_page_that_only_its_own_question_knows_is_no_gain() -> None:
    """Each page answers once; known to itself, it would be a perfect feature."""
    pick = random.Random(3)
    seen = []
    for number in range(40):
        pages = [considered("Book.pdf", 10 * number + n, pick.random()) for n in range(5)]
        seen.append(case(number, *pages))
    assert learning.measure_ranking(seen).rank.after == pytest.approx(
        learning.measure_ranking(seen).rank.before, abs=0.03
    )


def test_a_page_that_answers_again_and_again_is_known() -> None:
    pick = random.Random(4)
    seen = []
    for number in range(40):
        often = considered("Book.pdf", number % 2, pick.random())
        others = [considered(f"Other {number}", n, pick.random()) for n in range(4)]
        seen.append(case(number, often, *others))
    measured = learning.measure_ranking(seen)
    assert measured.gains and measured.rank.after > 0.95


def test_a_question_whose_page_was_not_considered_counts_as_missed() -> None:
    lost = Case(
        Example("lost", frozenset({("Gone.pdf", 1)}), group="lost"), cases(newest, 1)[0].considered
    )
    with_lost = learning.measure_ranking([*cases(newest), lost])
    assert with_lost.questions == 41
    assert with_lost.hit.before == pytest.approx(40 / 41)


def test_without_pairs_all_weights_are_zero() -> None:
    alone = [case(n, considered("Book.pdf", n, 0.5)) for n in range(5)]
    assert set(learning.learn_ranking(alone, "").weights) == {0.0}


def test_a_score_that_seems_to_mislead_is_not_turned_round() -> None:
    upside_down = [case(n, considered("A", n, 0.1), considered("B", n, 0.9)) for n in range(40)]
    learned = learning.learn_ranking(upside_down, "")
    assert learned.score(considered("C", 1, 0.9)) > learned.score(considered("C", 2, 0.1))


def test_earlier_answers_never_speak_against_a_place() -> None:
    """Each page answers one question, and is a wrong one for the others."""
    pick = random.Random(5)
    pages = [considered("Book.pdf", n, 0.5) for n in range(40)]
    seen = [case(n, pages[n], *pick.sample(pages[:n] + pages[n + 1 :], 5)) for n in range(40)]
    found = weights(learning.learn_ranking(seen, ""))
    assert min(found["document"], found["page"], found["section"]) >= 0


def test_answers_are_counted_by_document_page_and_section() -> None:
    first = case(1, considered("Book.pdf", 1, 0.9, ["appendix", "rule"]))
    second = case(2, considered("Book.pdf", 1, 0.9, ["rule"]))
    third = case(3, considered("Plan.pdf", 2, 0.9))
    earlier = Earlier([first, second, third])
    known = earlier.known()
    assert known.documents == pytest.approx({"Book.pdf": 2 / 3, "Plan.pdf": 1 / 3})
    assert known.pages == pytest.approx({("Book.pdf", 1): 2 / 3, ("Plan.pdf", 2): 1 / 2})
    assert known.sections == pytest.approx({"appendix": 1 / 3, "rule": 2 / 3})
    assert earlier.known(without="q3") == Known(
        {"Book.pdf": 1.0}, {("Book.pdf", 1): 2 / 3}, {"appendix": 0.5, "rule": 1.0}
    )


def test_the_same_examples_give_the_same_figures() -> None:
    seen: Sequence[Case] = cases(anyone)
    assert learning.measure_ranking(seen) == learning.measure_ranking(seen)
