"""How long a picture would take on this machine: said before two gigabytes are fetched."""

import time
from functools import cache

STEP_FLOPS = 0.8e12  # of one pass of Stable Diffusion 1.5 at 512x512
_PASSES = 20 * 2  # steps, with and without words
# What a pass reaches of a plain product of matrices, measured by `benchmarks/painting.py`.
EFFICIENCY = 0.5


def seconds() -> float:
    """For a picture of 512x512 by a model of the family of Stable Diffusion 1.5, on processors."""
    return _PASSES * STEP_FLOPS / (speed() * EFFICIENCY)


@cache
def speed() -> float:
    """Operations a second in a product of matrices: the best of five, which take 0.1 s."""
    import numpy as np

    side = 1024
    numbers = np.ones((side, side), np.float32)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        numbers @ numbers
        best = min(best, time.perf_counter() - started)
    return float(2 * side**3 / best)
