"""How rare a word is, as FTS5 weighs it."""

import math

_LEAST = 1e-6  # of a word that most passages have


def idf(having: int, passages: int) -> float:
    """The inverse document frequency of a word that stands in `having` of the passages.

    https://sqlite.org/fts5.html#the_bm25_function
    """
    without = max(passages - having, 0)  # others may add between the two counts
    return max(math.log((without + 0.5) / (having + 0.5)), _LEAST)
