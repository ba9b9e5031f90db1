""""""

import math

from vectorstore.federation import idf


def test_a_rare_word_weighs_more_and_a_common_one_next_to_nothing() -> None:
    assert idf(1, 10) == math.log(9.5 / 1.5) > idf(3, 10) == math.log(7.5 / 3.5)
    assert 0 < idf(5, 10) == idf(9, 10) < 1e-5


def test_more_passages_may_have_a_word_than_were_counted_before() -> None:
    assert idf(12, 10) == idf(10, 10)
