"""Weights of features by logistic regression over pairs, and groups that are left out in turn.

The one home of scikit-learn. A pair is a passage that answers and one that does not; how their
features differ should tell which is which. Gradient-boosted trees (lambdarank) were not taken:
they need thousands of questions, and a person has tens.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

_FREE = 100.0  # the first column is hardly held towards 0
_STEP = 0.1  # of the score that is there: so much more is e times as likely to be right, ...
_TRUST = 1.0  # ... which counts as much as so many times all examples


def weights(pairs: Matrix, importance: Matrix, strength: float, gains: int) -> Matrix:
    """One for each column of `pairs` (what answers minus what does not), the first of them 1.

    The first column is the score that is there. It is believed beforehand, and the others are held
    towards 0, the more the smaller the strength: without good reasons a ranking stays as it is.
    The last columns, as many as `gains`, get no weight below 0.
    """
    step = np.zeros((2, pairs.shape[1]))
    step[:, 0] = _STEP, -_STEP
    belief = importance.sum() * _TRUST * np.array([np.e, 1.0]) / (np.e + 1)
    rows = np.vstack([pairs, step])
    rows[:, 0] *= _FREE
    last = np.arange(rows.shape[1]) >= rows.shape[1] - gains
    found = _fitted(rows, np.concatenate([importance, belief]), strength)
    while (below := last & (found < 0)).any():
        rows[:, below] = 0.0
        found = _fitted(rows, np.concatenate([importance, belief]), strength)
    found[0] *= _FREE
    if found[0] <= 0:  # all examples against what is believed: nothing is learned from them
        found = np.eye(len(found))[0]
    share: Matrix = found / found[0]
    return share


def _fitted(rows: Matrix, importance: Matrix, strength: float) -> Matrix:
    from sklearn.linear_model import LogisticRegression  # takes a second to load

    signs = np.where(np.arange(len(rows)) % 2, 1.0, -1.0)  # a regression needs both kinds
    model = LogisticRegression(C=strength, fit_intercept=False, solver="newton-cholesky")
    model.fit(rows * signs[:, None], signs, sample_weight=importance)
    return np.array(model.coef_[0], np.float64)


def folds(groups: Sequence[str], number: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """(kept, left out) by position: what is of one group is on one side."""
    from sklearn.model_selection import GroupKFold

    parts = GroupKFold(min(number, len(set(groups))), shuffle=True, random_state=seed)
    for kept, out in parts.split(np.zeros(len(groups)), groups=list(groups)):
        yield kept.tolist(), out.tolist()
