import math

import pytest

from assistant.evaluation import metrics
from assistant.evaluation.metrics import (
    EvidencePage,
    bootstrap_interval,
    contains,
    document_hit,
    first_distinct,
    ndcg,
    page_hit,
    page_recall,
    paired_difference,
    paired_ratio_difference,
    ratio_interval,
    recall,
    token_f1,
    wilson,
    words,
)

EVIDENCE = (EvidencePage("plan.pdf", 7), EvidencePage("plan.pdf", 12))


def test_chunks_of_one_page_count_once() -> None:
    pairs = [("a", 1), ("a", 1), ("b", 1), ("a", 2), ("b", 1), ("c", 9)]
    assert first_distinct(pairs, 3) == [("a", 1), ("b", 1), ("a", 2)]


def test_a_page_is_hit_only_in_its_own_document() -> None:
    assert page_hit([("plan.pdf", 3), ("plan.pdf", 12)], EVIDENCE)
    assert not page_hit([("other.pdf", 7)], EVIDENCE)
    assert not page_hit([], EVIDENCE)


def test_a_neighbouring_page_is_a_hit_only_within_the_tolerance() -> None:
    assert not page_hit([("plan.pdf", 8)], EVIDENCE)
    assert page_hit([("plan.pdf", 8)], EVIDENCE, tolerance=1)
    assert not page_hit([("plan.pdf", 9)], EVIDENCE, tolerance=1)


def test_evidence_without_a_page_is_never_a_page_hit() -> None:
    assert not page_hit([("passage", 1)], [EvidencePage("passage")], tolerance=1)


def test_page_recall_is_the_share_of_the_evidence() -> None:
    assert page_recall([("plan.pdf", 12)], EVIDENCE) == 0.5
    assert page_recall([("plan.pdf", 12)], EVIDENCE * 2) == 0.5
    assert page_recall([("plan.pdf", 12)], ()) == 0.0


def test_a_document_is_hit_on_any_page() -> None:
    assert document_hit([("plan.pdf", 99)], EVIDENCE)
    assert not document_hit([("other.pdf", 7)], EVIDENCE)


def test_recall_looks_at_the_first_k() -> None:
    assert recall(["x", "a", "b"], {"a", "b"}, k=2) == 0.5
    assert recall(["a"], set(), k=2) == 0.0


def test_ndcg_matches_values_computed_by_hand() -> None:
    assert ndcg(["a", "b"], {"a", "b"}) == 1.0
    assert ndcg(["x", "a"], {"a"}) == pytest.approx(1 / math.log2(3))  # 0.631
    # ranks 1 and 3 of three relevant: (1 + 1/2) / (1 + 0.6309 + 1/2)
    assert ndcg(["a", "x", "b"], {"a", "b", "c"}) == pytest.approx(1.5 / 2.130930, abs=1e-6)
    assert ndcg(["x"] * 10 + ["a"], {"a"}) == 0.0
    assert ndcg(["a"], {str(n) for n in range(20)} | {"a"}, k=1) == 1.0
    assert ndcg(["a"], ()) == 0.0


def test_the_bootstrap_interval_surrounds_the_mean_and_repeats() -> None:
    once = bootstrap_interval([0.0, 1.0] * 50)
    assert once == bootstrap_interval([0.0, 1.0] * 50)
    assert once.mean == 0.5
    # one standard error is 0.05, so 95 % is about 0.5 +- 0.098
    assert once.low == pytest.approx(0.40, abs=0.02)
    assert once.high == pytest.approx(0.60, abs=0.02)


def test_wilsons_interval_agrees_with_a_published_one_and_is_as_wide_as_few_values_are_unsure() -> (
    None
):
    """Newcombe (1998), table I: 81 of 263 is .2553 to .3662, 20 of 20 is .8389 to 1."""
    published = {(81, 263): (0.2553, 0.3662), (20, 20): (0.8389, 1.0)}
    for given, (low, high) in published.items():
        found = wilson(*given)
        assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    of_three = ratio_interval([(1, 1)] * 3)
    assert of_three.mean == 1.0 and of_three.low < 0.5
    assert ratio_interval([(4, 4)] * 3) == of_three, "of questions, which are three"
    assert ratio_interval([(0.5, 1)] * 3) == metrics.Interval(0.5, 0.5, 0.5)


def test_a_paired_difference_has_no_spread_when_every_question_gains_the_same() -> None:
    assert paired_difference([1.0, 0.75], [0.5, 0.25]) == metrics.Interval(0.5, 0.5, 0.5)
    with pytest.raises(ValueError, match="2 and 1 values"):
        paired_difference([1.0, 1.0], [1.0])


def test_a_ratio_is_of_the_sums_and_its_interval_of_whole_questions() -> None:
    parts = [(1, 1), (0, 9)] * 20
    found = ratio_interval(parts)
    assert found.mean == 0.1
    assert 0.05 < found.low < 0.1 < found.high < 0.25
    assert ratio_interval([(2, 4)] * 5) == metrics.Interval(0.5, 0.5, 0.5)
    assert math.isnan(ratio_interval([]).mean)
    assert math.isnan(ratio_interval([(0, 0)]).mean)


def test_ratios_are_compared_on_the_same_questions() -> None:
    same = paired_ratio_difference([(1, 2), (1, 1)], [(1, 2), (1, 1)])
    assert same == metrics.Interval(0.0, 0.0, 0.0)
    more = paired_ratio_difference([(2, 2)] * 4, [(1, 2)] * 4)
    assert more == metrics.Interval(0.5, 0.5, 0.5)
    assert math.isnan(paired_ratio_difference([(1, 1)], [(0, 0)]).mean)


def test_words_drop_articles_and_join_thousands() -> None:
    assert words("The 1,200 staff, an A-team") == ["1200", "staff", "team"]


def test_token_f1_matches_a_value_computed_by_hand() -> None:
    # shared: copay, is; 4 words said, 3 wanted: 2 * 2 / 7
    assert token_f1("The copay is about $20", "the copay is thirty") == pytest.approx(4 / 7)
    assert token_f1("yes", "no") == 0.0
    assert token_f1("", "") == 0.0


def test_containment_wants_whole_words_in_order() -> None:
    assert contains("It costs 20 dollars a month.", "20 dollars")
    assert not contains("It costs 120 dollars.", "20 dollars")
    assert not contains("anything", "")
