"""What a reader that was taken over cannot do to files, processes and sockets of others."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.platform import linux
from ingest.sandbox.pool import Sandbox
from tests.ingest import native_calls
from tests.ingest.sandbox.conftest import outcome

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="held back on Linux alone")


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    path = tmp_path / "victim.txt"
    path.write_text("as it was")
    return path


def test_a_reader_changes_no_file_and_no_process_and_reaches_no_socket(
    sandbox: Sandbox, victim: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(victim.with_name("agent")))
        agent.listen()
        order = f"{victim} {os.getpid()} {victim.with_name('agent')}"
        free = subprocess.run(
            [sys.executable, "-c", f"from tests.ingest.native_calls import tried\n"
             f"print(tried(*{order!r}.split()))"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        # The same calls, by a process that is not confined: what they try is possible here.
        assert {"chmod", "utimensat", "prlimit", "connect", "internet"} <= set(free.split())
        before = victim.stat()
        assert outcome(sandbox.start(Path(f"calls {order}"))) == "of its own"
        assert victim.stat() == before


def test_a_program_that_a_reader_starts_reaches_no_socket(sandbox: Sandbox, victim: Path) -> None:
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(victim.with_name("agent")))
        agent.listen()
        code = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        program = f"{sys.executable} -c '{code}' {victim.with_name('agent')}"
        assert subprocess.run(program, shell=True, check=False).returncode == 0
        assert "CalledProcessError(1, " in outcome(sandbox.start(Path(f"shell {program}")))


def test_a_program_can_still_listen_in_its_own_folder(sandbox: Sandbox) -> None:
    """As LibreOffice does; nobody of its kind can connect."""
    code = (
        "import os, socket; s = socket.socket(socket.AF_UNIX);"
        's.bind(os.environ["TMPDIR"] + "/pipe"); s.listen()'
    )
    assert outcome(sandbox.start(Path(f"shell {sys.executable} -c '{code}'"))) == "shell"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_ends_in_a_decision_wherever_it_jumps(machine: str) -> None:
    rules = linux._rules(machine)
    assert len(rules) < 4096
    for at, (_, yes, no, _) in enumerate(rules[:-1]):
        assert max(yes, no) < 256
        assert at + 1 + max(yes, no) < len(rules)
    assert rules[-1][0] == linux._RETURN


def test_the_calls_are_tried_for_real(victim: Path) -> None:
    """They succeed where nothing holds them back, so that a refusal means something."""
    assert not native_calls._done(-1)
    assert native_calls._on_a_file(str(victim))["chmod"]()
