"""Estimates the time of a picture on this machine, before two gigabytes are fetched."""

import time
from functools import cache

from assistant.models.machine import BF16, this_machine

_PASS = 0.803e12  # operations of Stable Diffusion 1.5 at 512x512, counted by torch
_PASSES = 20 * 2  # steps, with and without words
# What a pass reaches of numpy's product of matrices, a core for a core
# (`benchmarks/tools/painting.py --calibrate`, on a processor with AVX-512): 82 of 59 GFLOP/s in
# 32 bits, 206 in 16.
_REACHED, _REACHED_IN_BF16 = 1.39, 3.51


def seconds() -> float:
    """For a picture of 512x512 by a model of the family of Stable Diffusion 1.5, on processors.

    Rough: the last decoding, about as much as two steps, is left out as well as what else runs.
    """
    reached = _REACHED_IN_BF16 if BF16 & this_machine().flags else _REACHED
    return _PASSES * _PASS / (speed() * reached)


@cache
def speed() -> float:
    """Operations a second in a product of matrices on all cores, by what the processor needs for
    it: what else the machine does just now is left out. Takes 0.1 s."""
    import numpy as np

    side, times = 1024, 5
    numbers = np.ones((side, side), np.float32)
    numbers @ numbers
    started = time.process_time()
    for _time in range(times):
        numbers @ numbers
    needed = max(time.process_time() - started, 1e-6)
    return times * 2 * side**3 / needed * this_machine().cores
