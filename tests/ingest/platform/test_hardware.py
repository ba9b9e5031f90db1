"""The container's limits are files of a control group: here they are files of a folder."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from ingest.platform import hardware


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(hardware, "_GROUP", tmp_path)
    return tmp_path


def test_without_a_container_the_machine_is_what_psutil_says(group: Path) -> None:
    assert hardware.memory() == psutil.virtual_memory().total
    assert hardware.free_memory() == pytest.approx(psutil.virtual_memory().available, rel=0.3)
    assert 1 <= hardware.physical_cores() <= hardware.cores() <= (psutil.cpu_count() or 1)


def test_a_group_without_limits_changes_nothing(group: Path) -> None:
    (group / "memory.max").write_text("max\n")
    (group / "cpu.max").write_text("max 100000\n")
    assert hardware.memory() == psutil.virtual_memory().total
    assert hardware.cores() >= 1


def test_the_memory_of_a_container_counts_and_not_the_machines(group: Path) -> None:
    (group / "memory.max").write_text("300000000\n")
    (group / "memory.current").write_text("250000000\n")
    (group / "memory.stat").write_text(
        "anon 150000000\ninactive_file 60000000\nactive_file 40000000\n"
    )
    assert hardware.memory() == 300_000_000
    assert hardware.free_memory() == 150_000_000
    assert psutil.virtual_memory().total > 300_000_000


def test_the_processor_time_of_a_container_counts_in_whole_cores(group: Path) -> None:
    (group / "cpu.max").write_text("150000 100000\n")
    assert hardware.cores() == hardware.physical_cores() == 1
    (group / "cpu.max").write_text("50000 100000\n")
    assert hardware.cores() == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux binds a process to processors")
def test_cores_that_this_process_may_not_use_do_not_count() -> None:
    bound = "import os; os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1])"
    count = "from ingest.platform.hardware import *; print(cores(), physical_cores())"
    done = subprocess.run([sys.executable, "-c", f"{bound}; {count}"], capture_output=True)
    assert done.stdout.split() == [b"1", b"1"]
