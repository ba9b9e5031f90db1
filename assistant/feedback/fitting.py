"""Weights of features by logistic regression over pairs, and groups that are left out in turn.

The one home of scikit-learn. A pair is a passage that answers and one that does not; how their
features differ should tell which is which. Gradient-boosted trees (lambdarank) were not taken:
they need thousands of questions, and a person has tens.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

FREE = 10.0  # the first feature, the score that is there, is hardly held towards 0


def weights(pairs: Matrix, importance: Matrix, strength: float) -> Matrix:
    """One for each column of `pairs` (what answers minus what does not), the first of them 1.

    The smaller the strength, the nearer to 0 are the others: the ranking stays as it is. All are 0
    but the first when the pairs say that the first feature is of no use, which cannot be right.
    """
    from sklearn.linear_model import LogisticRegression  # takes a second to load

    scaled = pairs.copy()
    scaled[:, 0] *= FREE
    signs = np.where(np.arange(len(scaled)) % 2, 1.0, -1.0)  # a regression needs both kinds
    model = LogisticRegression(C=strength, fit_intercept=False, max_iter=300)
    model.fit(scaled * signs[:, None], signs, sample_weight=importance)
    found: Matrix = np.asarray(model.coef_[0], np.float64)
    found[0] *= FREE
    if found[0] <= 0:
        found = np.zeros(pairs.shape[1])
        found[0] = 1.0
    share: Matrix = found / found[0]
    return share


def folds(groups: Sequence[str], number: int, seed: int) -> Iterator[tuple[list[int], list[int]]]:
    """(kept, left out) by position: what is of one group is on one side."""
    from sklearn.model_selection import GroupKFold

    parts = GroupKFold(min(number, len(set(groups))), shuffle=True, random_state=seed)
    for kept, out in parts.split(np.zeros(len(groups)), groups=list(groups)):
        yield kept.tolist(), out.tolist()
