"""A measure of the same questions before and after, as the file of what was learned keeps it."""

from collections.abc import Sequence

from assistant.evaluation.metrics import paired_difference
from assistant.storage.learned_measure import MeasuredChange


def compare(before: Sequence[float], after: Sequence[float]) -> MeasuredChange:
    """Both means with the 95 % bootstrap interval of the difference; values in the same order."""
    change = paired_difference(after, before)
    mean = sum(before) / len(before)
    return MeasuredChange(mean, mean + change.mean, change.low, change.high)
