"""What a reading child has started and written ends with it, and it with its parent."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.document.source import Bounds, Engines
from ingest.sandbox.pool import Sandbox
from tests.conftest import PROJECT
from tests.ingest.misbehaving import read
from tests.ingest.sandbox.conftest import outcome, outcomes


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="they are found in /proc")
def test_programs_that_a_loader_has_started_end_with_it() -> None:
    with Sandbox(read=read, engines=Engines(bounds=Bounds(seconds=2))) as impatient:
        assert "longer than 2 seconds" in outcome(impatient.start(Path("program 54321.5")))
    assert not is_running("54321.5")


@pytest.mark.skipif(sys.platform != "linux", reason="native code is held back on Linux alone")
def test_a_program_cannot_leave_the_session_that_ends_with_the_loader(sandbox: Sandbox) -> None:
    assert "PermissionError(" in outcomes(sandbox, "session 4.5")[0]
    assert not is_running("4.5")


def is_running(argument: str) -> bool:
    running = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()]
    return any(f"sleep\0{argument}\0".encode() in command for command in running)


def test_temporary_files_go_with_the_child() -> None:
    with Sandbox(read=read) as sandbox:
        path = Path(outcomes(sandbox, "temporary")[0])
        assert path.exists()
    assert not path.parent.exists()


_WAITS = """
from pathlib import Path
from ingest.sandbox.pool import Sandbox
from tests.ingest.misbehaving import read

if __name__ == "__main__":
    sandbox = Sandbox(read=read)
    sandbox.start(Path("a"))()
    print("started", flush=True)
    input()
"""


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    (tmp_path / "waits.py").write_text(_WAITS)
    parent = subprocess.Popen(
        [sys.executable, tmp_path / "waits.py"], env={**os.environ, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None and parent.stdout.readline() == "started\n"
    parent.kill()
    assert parent.communicate(timeout=60)[0] == ""  # the pipe ends when nobody holds it any more


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="they are found in /proc")
def test_programs_and_files_of_a_loader_go_when_the_parent_is_killed(tmp_path: Path) -> None:
    begins = 'sandbox.start(Path("shell touch $TMPDIR/a && sleep 54321.6"))'
    (tmp_path / "waits.py").write_text(_WAITS.replace("print(", f"{begins}; print("))
    with subprocess.Popen(
        [sys.executable, tmp_path / "waits.py"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "TMPDIR": str(tmp_path)},
    ) as parent:  # fmt: skip
        assert comes(lambda: is_running("54321.6") and bool(list(tmp_path.rglob("a"))))
        parent.kill()
    assert comes(lambda: not is_running("54321.6"))
    assert comes(lambda: not list(tmp_path.rglob("a")))


def comes(what: Callable[[], bool]) -> bool:
    """Whether it is so within half a minute."""
    until = time.monotonic() + 60
    while not what():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
