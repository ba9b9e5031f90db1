import pytest

from vectorstore.retrieval.fusion import Candidate, Named, Pointed, Ranked, legs, rank


def candidate(id: str, dense: float, bm25: float, document: str = "", page: int = 1) -> Candidate:
    return Candidate(id, document or id, page, dense, bm25)


def scores(ranked: list[Ranked]) -> dict[str, float]:
    return {r.candidate.id: r.score for r in ranked}


def test_nothing_found_is_nothing_ranked() -> None:
    assert rank([], {"a": 1.0}) == []


def test_both_legs_count_by_where_they_lie_between_worst_and_best() -> None:
    ranked = rank([candidate("a", 0.2, 8), candidate("b", 0.6, 0), candidate("c", 0.4, 4)], {})
    assert scores(ranked) == pytest.approx({"b": 0.6, "c": 0.3 + 0.2, "a": 0.4})
    assert [r.candidate.id for r in ranked] == ["b", "c", "a"]


def test_a_leg_that_says_the_same_of_all_says_nothing() -> None:
    ranked = rank([candidate("a", 0.5, 3), candidate("b", 0.5, 1)], {})
    assert scores(ranked) == pytest.approx({"a": 0.4, "b": 0})


def test_the_card_of_a_document_lifts_all_of_its_passages_alike() -> None:
    ranked = rank([candidate("a", 1, 0), candidate("b", 0, 0), candidate("c", 0, 0)], {"c": 9})
    assert scores(ranked) == pytest.approx({"a": 0.6, "c": 0.2, "b": 0})
    half = rank([candidate("a", 1, 0), candidate("b", 0, 0)], {"b": 3, "elsewhere": 6})
    assert scores(half) == pytest.approx({"a": 0.6, "b": 0.1})


def test_a_page_is_lifted_by_the_page_beside_it_in_the_same_document() -> None:
    ranked = rank(
        [
            candidate("best", 1, 0, "handbook", 4),
            candidate("beside", 0, 0, "handbook", 5),
            candidate("farther", 0, 0, "handbook", 6),
            candidate("other", 0, 0, "report", 5),
        ],
        {},
    )
    assert scores(ranked) == pytest.approx(
        {"best": 0.6, "beside": 0.15 * 0.6, "farther": 0, "other": 0}
    )


def test_equal_scores_come_in_the_order_of_their_ids() -> None:
    ranked = rank([candidate("b", 1, 1), candidate("a", 1, 1)], {})
    assert [r.candidate.id for r in ranked] == ["a", "b"]


def test_a_named_document_comes_before_all_others() -> None:
    candidates = [candidate("a", 1, 9), candidate("b", 0.4, 0), candidate("c", 0.2, 0)]
    assert scores(rank(candidates, {}, Pointed(Named((frozenset({"c"}),)))))["c"] == 1.0


def test_two_things_that_are_named_come_in_turn() -> None:
    candidates = [
        candidate("a", 1, 9, "nike"),
        candidate("b", 0.9, 9, "nike"),
        candidate("c", 0.2, 0, "puma"),
        candidate("d", 0.8, 9, "adidas"),
    ]
    groups = (frozenset({"nike"}), frozenset({"puma"}))
    ranked = rank(candidates, {}, Pointed(Named(groups)))
    assert [r.candidate.id for r in ranked] == ["a", "c", "b", "d"]
    assert [r.score for r in ranked] == sorted((r.score for r in ranked), reverse=True)


def test_a_period_picks_among_the_named_documents() -> None:
    candidates = [candidate("a", 1, 9, "2022"), candidate("b", 0.9, 9, "2023")]
    both = frozenset({"2022", "2023"})
    ranked = rank(candidates, {}, Pointed(Named((both,), of_period=frozenset({"2023"}))))
    assert scores(ranked) == pytest.approx({"a": 0.6 + 1, "b": 1 + 0.3})


def test_a_statement_is_lifted_as_far_as_its_document_is_meant() -> None:
    candidates = [
        candidate("a", 0, 0, "nike", 61),
        candidate("b", 0, 0, "puma", 40),
        candidate("c", 0, 0, "puma", 12),
    ]
    statements = frozenset({("nike", 61), ("puma", 40)})
    ranked = rank(candidates, {"nike": 8, "puma": 4}, Pointed(statements=statements))
    assert scores(ranked) == pytest.approx({"a": 0.2 + 0.5, "b": 0.1 + 0.25, "c": 0.1})
    puma = Named((frozenset({"puma"}),))
    named = rank(candidates, {"nike": 8}, Pointed(puma, statements=statements))
    assert named[0].candidate.id == "b"


def test_a_page_that_is_asked_for_by_its_number_comes_first() -> None:
    candidates = [candidate("a", 1, 1, "report", 1), candidate("b", 0, 0, "report", 5)]
    ranked = rank(candidates, {}, Pointed(pages=frozenset({("report", 5)})))
    assert scores(ranked) == pytest.approx({"a": 1, "b": 0.7})


# -- How each leg of a search found a hit

CANDIDATES = [
    Candidate("a", "Leave.pdf", 1, dense=0.9, bm25=0.0),
    Candidate("b", "Leave.pdf", 2, dense=0.5, bm25=4.0),
    Candidate("c", "Travel.pdf", 1, dense=0.1, bm25=8.0),
]


@pytest.mark.parametrize("words", [1.0, 0.5, 0.0])
def test_what_the_parts_add_is_the_score(words: float) -> None:
    ranked = rank(CANDIDATES, {"Leave.pdf": 3.0}, words=words)

    for one, found in zip(ranked, legs(ranked, 3), strict=True):
        assert sum(found.shares) == pytest.approx(one.score, abs=0.001)


def test_each_leg_has_a_rank_of_its_own_among_all_candidates() -> None:
    ranked = rank(CANDIDATES, {})

    found = dict(zip([one.candidate.id for one in ranked], legs(ranked, 3), strict=True))

    assert {name: one.vectors_rank for name, one in found.items()} == {"a": 1, "b": 2, "c": 3}
    assert {name: one.words_rank for name, one in found.items()} == {"a": 0, "b": 2, "c": 1}
    assert legs(ranked, 1)[0].candidates == 3
