"""The machine's memory and cores, and the chat model that suits them."""

import contextlib
import functools
import platform
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.models.catalogue import Model
from assistant.models.expected import Expected
from ingest.platform import hardware

Fit = Literal["good", "slow", "too big"]

# Reading a prompt is bound by computation: 1.1 GB on two cores read 185 tokens a second, so the
# evidence for an answer (about 600 tokens) takes three seconds; five are still good.
WEIGHTS_PER_CORE = 0.8e9
_WAITED, _WAITED_WEIGHTS, _WAITED_CORES = 3.2, 1.1e9, 2
# Flags of processors of x86 and ARM that calculate with 16 bits: 2.5 times as fast as with 32.
BF16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
# The rest is left to the system, the index and the browser.
MEMORY_SHARE = 0.75


@dataclass(frozen=True)
class Machine:
    """The size of a computer; unknown values are None."""

    memory: int | None  # bytes
    cores: int  # physical ones it may use: the second thread of a core adds nothing here
    flags: frozenset[str] = frozenset()  # of the processor; empty where they cannot be read


@functools.cache
def this_machine() -> Machine:
    """Its memory, cores and vector instructions; looked up once."""
    return Machine(hardware.memory(), hardware.physical_cores(), _flags())


def fit(model: Model, machine: Machine) -> Fit:
    """How well the model fits the machine; a model of unknown size counts as slow."""
    if model.memory is None or model.weights is None:
        return "slow"
    if machine.memory is not None and model.memory > machine.memory * MEMORY_SHARE:
        return "too big"
    return "good" if model.weights / machine.cores <= WEIGHTS_PER_CORE else "slow"


def rough_wait(model: Model, machine: Machine) -> Expected | None:
    """For its first word, told from the machine of WEIGHTS_PER_CORE; None for an unknown size."""
    if model.weights is None:
        return None
    seconds = _WAITED * model.weights / _WAITED_WEIGHTS * _WAITED_CORES / machine.cores
    return Expected(seconds, 0)


def best_chat_model(models: Sequence[Model], machine: Machine) -> Model:
    """The best model that fits well; if none does, the smallest.

    Relies on the order of the catalogue, the best first.
    """
    chat = [model for model in models if model.role == "chat"]
    fitting = (model for model in chat if fit(model, machine) == "good")
    return next(fitting, min(chat, key=lambda model: model.weights or sys.maxsize))


def _flags() -> frozenset[str]:
    """psutil does not know them."""
    if sys.platform == "darwin":
        command = ["sysctl", "-n", "machdep.cpu.leaf7_features"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return frozenset(done.stdout.lower().split())
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("flags", "Features")):
                return frozenset(line.partition(":")[2].split())
    return frozenset()


def needs_avx2() -> bool:
    """Whether this is a kind of processor whose speed depends on AVX2."""
    return platform.machine().lower() in ("x86_64", "amd64")
