"""How long a chat model lets people wait for its first word here, told from answers of the past."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Expected:
    """A wait for the first word."""

    seconds: float
    answers: int  # that were measured; 0: told from another model


def expected(
    sizes: Mapping[str, int], measured: Mapping[str, Sequence[float]]
) -> dict[str, Expected]:
    """By name, of all models where one was measured; else empty.

    `sizes` in bytes of weights, `measured` in seconds. Before the first word a prompt is read,
    which takes calculation in proportion to the weights: a model that nobody has asked here is
    told from the one with the most answers.
    """
    found = {name: Expected(median(s), len(s)) for name, s in measured.items() if s}
    known = [name for name in found if name in sizes]
    if known:
        best = max(known, key=lambda name: found[name].answers)
        each = found[best].seconds / sizes[best]
        told = {name: Expected(each * sizes[name], 0) for name in measured if name in sizes}
        found = {**told, **found}
    return found
