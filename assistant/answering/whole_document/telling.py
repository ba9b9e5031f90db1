"""Chooses the statements that stand for all that a document says.

Each statement that is added makes the others better represented, the first on a matter much and the
second on it hardly: the facility location function of Lin and Bilmes (A Class of Submodular
Functions for Document Summarization, 2011), here on embeddings and with a share for each part.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.answering.whole_document.statements import Statement, fullness
from ingest.language.sentences import numbers

_EACH = 2.5  # statements of a part, on average
_MOST = 4  # of one part
_SHORT = 0.4  # weight of one that says nothing
_FIGURE, _FIGURES = 1.0, 2  # what figures add, and how many are enough
_FEW, _USUAL = 3, 0.02  # lines, and share of them, that a telling figure is at most in
_AGAIN = 0.85  # cosine from which a statement says what was said

Vectors = NDArray[np.float32]


def shares(sizes: Sequence[int]) -> list[int]:
    """How many statements each part may have, by its tokens; longer ones more, but not as much more
    as they are longer."""
    roots = [math.sqrt(size) for size in sizes]
    each = _EACH * len(sizes) / max(sum(roots), 1e-9)
    return [max(1, min(_MOST, round(each * root))) for root in roots]


def telling(
    found: Sequence[Statement], parts: Sequence[int], most: Sequence[int], vectors: Vectors,
    lines: Sequence[str] = (),
) -> list[int]:  # fmt: skip
    """The indices of the chosen statements, in order. `parts` has the part of each statement,
    `most` how many a part may have, `vectors` the statements' embeddings, of length 1; `lines` are
    all of the document."""
    if not found:
        return []
    alike = np.clip(vectors @ vectors.T, 0, 1) ** 2
    weights = _weights([one.text for one in found], lines)
    covered = np.zeros(len(found))
    left, taken = np.ones(len(found), bool), Counter[int]()
    chosen: list[int] = []
    while left.any():
        gains = np.maximum(alike - covered, 0).sum(axis=1) * weights
        best = int(np.argmax(np.where(left, gains, -1.0)))
        left[best] = False
        if chosen and float((vectors[chosen] @ vectors[best]).max()) > _AGAIN:
            continue
        chosen.append(best)
        covered = np.maximum(covered, alike[best])
        taken[parts[best]] += 1
        if taken[parts[best]] == most[parts[best]]:
            left &= np.array(parts) != parts[best]
    return sorted(chosen)


def _weights(texts: Sequence[str], lines: Sequence[str]) -> NDArray[np.float64]:
    """Full statements weigh more, and those with figures that the document gives again: what
    matters stands in its tables, too. A figure of many lines, such as a year, is none."""
    given = [numbers(text) for text in texts]
    often = Counter(number for line in lines for number in numbers(line))
    again = {number for number, n in often.items() if 1 < n <= max(_FEW, _USUAL * len(lines))}
    return np.array(
        [
            (_SHORT + (1 - _SHORT) * fullness(text))
            * (1 + _FIGURE * min(len(some & again), _FIGURES) / _FIGURES)
            for text, some in zip(texts, given, strict=True)
        ]
    )
