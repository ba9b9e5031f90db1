import subprocess
import sys

import pytest

from assistant.models.catalogue import (
    Machine,
    best_chat_model,
    catalogue,
    default_model,
    find,
    fit,
    this_machine,
)

LAPTOP = Machine(memory=8_000_000_000, cores=2)
WORKSTATION = Machine(memory=32_000_000_000, cores=8)
TINY = Machine(memory=2_000_000_000, cores=2)


def test_this_machine_has_memory_and_cores() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.memory is None or machine.memory > 100_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds a process to processors")
def test_cores_that_this_process_may_not_use_do_not_count() -> None:
    bound = "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])"
    count = "from assistant.models.catalogue import this_machine; print(this_machine().cores)"
    done = subprocess.run([sys.executable, "-c", f"{bound}; {count}"], capture_output=True)
    assert done.stdout.strip() == b"1"


def test_the_default_is_good_on_a_laptop() -> None:
    assert fit(default_model("chat"), LAPTOP) == "good"


def test_a_large_model_is_slow_on_few_cores_and_good_on_many() -> None:
    assert fit(find("qwen3-4b"), LAPTOP) == "slow"
    assert fit(find("qwen3-4b"), WORKSTATION) == "good"


def test_a_model_that_leaves_no_memory_is_too_big() -> None:
    assert fit(find("qwen3-4b"), TINY) == "too big"


def test_the_best_model_is_the_first_good_one() -> None:
    assert best_chat_model(catalogue(), WORKSTATION).name == "qwen3.5-4b"
    assert best_chat_model(catalogue(), LAPTOP).name == "qwen3.5-2b"
    assert best_chat_model(catalogue(), TINY).name == "qwen2.5-coder-0.5b"


def test_where_none_is_good_the_smallest_is_best() -> None:
    assert best_chat_model(catalogue(), Machine(500_000_000, 1)).name == "smollm2-135m"


def test_unknown_memory_refuses_nothing() -> None:
    assert fit(default_model("chat"), Machine(None, 2)) == "good"
