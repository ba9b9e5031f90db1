"""What a reader that was taken over cannot do to files, processes and sockets of others."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.platform import linux
from ingest.sandbox.pool import Sandbox
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
    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with socket.socket(socket.AF_UNIX) as agent, datagrams:
        agent.bind(str(victim.with_name("agent")))
        agent.listen()
        datagrams.bind(str(victim.with_name("datagrams")))
        other = victim.with_name("other.txt")
        other.write_text("as it was")
        what = f"{os.getpid()} {victim.with_name('agent')}"
        free = subprocess.run(
            [sys.executable, "-c", f"from tests.ingest.native_calls import tried\n"
             f"print(tried({str(other)!r}, *{what!r}.split()))"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        # The same calls, by a process that is not confined: what they try is possible here.
        possible = {"prlimit", "connect", "internet", "open", "openat2", "again", "command"}
        assert possible | {"environment", "path", "watch", "signal"} <= set(free.split())
        assert (other.stat().st_mode & 0o777, other.stat().st_mtime) == (0o604, 1000)

        before, names = victim.stat(), os.listxattr(victim)
        assert outcome(sandbox.start(Path(f"calls {victim} {what}"))) == "of its own"
        assert victim.stat() == before  # with the time when anything about it was changed
        assert os.listxattr(victim) == names


def test_a_program_that_insists_on_times_and_modes_of_its_own_files_works(sandbox: Sandbox) -> None:
    program = "touch $TMPDIR/a && chmod 600 $TMPDIR/a && cp -p $TMPDIR/a $TMPDIR/b"
    assert outcome(sandbox.start(Path(f"shell {program}"))) == "shell"


def test_a_program_that_a_reader_starts_reaches_no_socket(sandbox: Sandbox, victim: Path) -> None:
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(victim.with_name("agent")))
        agent.listen()
        code = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        program = f"{sys.executable} -c '{code}' {victim.with_name('agent')}"
        assert subprocess.run(program, shell=True, check=False).returncode == 0
        assert "CalledProcessError(1, " in outcome(sandbox.start(Path(f"shell {program}")))


LISTENS = f"""shell {sys.executable} -c '
import os, socket
s = socket.socket(socket.AF_UNIX)
s.bind(os.environ["TMPDIR"] + "/pipe")
s.listen()' # """


def test_a_reader_makes_no_socket_unless_it_runs_libreoffice(sandbox: Sandbox) -> None:
    assert "CalledProcessError(1, " in outcome(sandbox.start(Path(f"{LISTENS}a.docx")))
    assert outcome(sandbox.start(Path(f"{LISTENS}a.doc"))) == "shell"  # nobody can connect
    assert "CalledProcessError(1, " in outcome(sandbox.start(Path(f"{LISTENS}a.docx")))


def test_a_reader_makes_no_socket_in_the_folder_for_all(sandbox: Sandbox) -> None:
    code = f'import os; os.mknod("/tmp/pincite-test-{os.getpid()}", 0o140600)'
    program = f"shell {sys.executable} -c '{code}' # "
    assert "CalledProcessError(1, " in outcome(sandbox.start(Path(f"{program}a.docx")))


@pytest.mark.parametrize("listening", [False, True])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_ends_in_a_decision_wherever_it_jumps(machine: str, listening: bool) -> None:
    rules = linux._rules(machine, listening)
    assert len(rules) < 4096
    for at, (_, yes, no, _) in enumerate(rules[:-1]):
        assert max(yes, no) < 256
        assert at + 1 + max(yes, no) < len(rules)
    assert rules[-1][0] == linux._RETURN
