"""How each leg of a search found a hit."""

import pytest

from vectorstore.retrieval.fusion import Candidate, rank
from vectorstore.retrieval.hit import legs

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
