"""What a reading child cannot do: connect, write outside, leave, or take over its parent."""

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.document.wire import Codec
from ingest.sandbox import starting
from ingest.sandbox.pool import Sandbox
from tests.conftest import PROJECT
from tests.ingest.misbehaving import read
from tests.ingest.sandbox.conftest import outcome, outcomes


def test_a_loader_that_connects_is_refused(sandbox: Sandbox) -> None:
    assert outcomes(sandbox, "connect", "a") == [
        "connect could not be read: PermissionError('Files are read without a network.').", "a",
    ]  # fmt: skip


@pytest.mark.skipif(sys.platform != "linux", reason="native code is held back on Linux alone")
def test_a_program_that_a_loader_starts_makes_no_socket(sandbox: Sandbox) -> None:
    assert "CalledProcessError(1, " in outcomes(sandbox, "native")[0]


@pytest.mark.skipif(sys.platform != "linux", reason="native code is held back on Linux alone")
def test_a_program_that_a_loader_starts_writes_nothing_outside(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("as it was")
    victim.with_name("folder").mkdir()
    for program in (f"echo x > {victim}", f"echo x >> {victim}", f"rm {victim}",
                    f"mv {victim} {victim}.old", f"ln -s / {tmp_path}/link",
                    f": > {tmp_path}/new", f"rmdir {tmp_path}/folder",
                    f"truncate -s 0 {victim}", f"kill -9 {os.getpid()}"):  # fmt: skip
        assert "CalledProcessError(" in outcome(sandbox.start(Path(f"shell {program}")))
    assert victim.read_text() == "as it was"
    assert {path.name for path in tmp_path.iterdir()} == {"victim.txt", "folder"}
    assert outcome(sandbox.start(Path("shell echo x > $TMPDIR/a && echo x > /dev/null"))) == "shell"


def test_a_loader_that_writes_outside_is_refused(sandbox: Sandbox, tmp_path: Path) -> None:
    path = tmp_path / "victim"
    path.write_text("as it was")
    assert "PermissionError" in outcome(sandbox.start(Path(f"write {path}")))
    assert path.read_text() == "as it was"


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux shows its filters")
def test_every_thread_of_a_child_has_given_up_its_rights(sandbox: Sandbox) -> None:
    child = outcomes(sandbox, "child")[0]
    threads = list(Path(f"/proc/{child}/task").iterdir())
    assert len(threads) > 1
    for thread in threads:
        status = dict(
            line.split(":", 1) for line in (thread / "status").read_text().splitlines() if line
        )
        assert (int(status["Seccomp"]), int(status["NoNewPrivs"])) == (2, 1)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_works_without_the_right_to_write(tmp_path: Path) -> None:
    (tmp_path / "a.rtf").write_text(r"{\rtf1 Thirty days of leave.\par}")
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "doc", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "a.rtf")], check=True, capture_output=True)
    with Sandbox() as sandbox:
        document, _ = sandbox.start(tmp_path / "a.doc")()
    assert document.pages[0].text == "Thirty days of leave."
    assert not list(Path("/tmp").glob(f"OSL_PIPE_{os.getuid()}_*"))


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Linux shows it in a file")
def test_a_reader_knows_no_password_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"PINCITE_FILES_SECRET": "tiny", "AWS_SECRET_ACCESS_KEY": "of-the-bucket",
               "PGPASSWORD": "4711"}  # fmt: skip
    needed = {"LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "2"}
    for name, value in {**secrets, **needed}.items():
        monkeypatch.setenv(name, value)
    with Sandbox(read=read) as sandbox:
        known = outcome(sandbox.start(Path("environment")))
    assert not [word for pair in secrets.items() for word in pair if word in known]
    assert all(f"'{name}': '{value}'" in known for name, value in needed.items())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems let it open any file")
def test_a_reader_gets_a_copy_of_its_file_which_goes_with_the_next(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    first, second = tmp_path / "place 1", tmp_path / "place 2"
    first.write_text("Thirty days of leave.")
    second.write_text("x" * 100)
    found = [Path(outcome(sandbox.start(path))) for path in (first, second)]
    assert [path.name for path in found] == ["place 1", "place 2"]
    assert not found[0].exists() and found[1].read_text() == second.read_text()
    assert first.read_text() == "Thirty days of leave."


def test_a_reader_cannot_write_endlessly(sandbox: Sandbox) -> None:
    assert outcomes(sandbox, "fill", "a")[0].startswith("fill could not be read: OSError(27")


class Order:
    """Pickled, it would end whoever reads it."""

    def __reduce__(self) -> tuple[Callable[[int], None], tuple[int]]:
        return os._exit, (3,)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps(Order()),
        b"d" + pickle.dumps(Order()),
        b"",
        b"d",
        b"d" + b"\x91" * 400,
        b"d\xdd\xff\xff\xff\xff",  # a list of four thousand million items
        b"f" + Codec(tuple[str, str]).encode(("SystemExit", "3")),
        b"b" + Codec(tuple[str, int]).encode(("many", 3)),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_a_child_that_sends_what_no_reader_sends_is_ended_at_once(
    sandbox: Sandbox, data: bytes
) -> None:
    first = outcome(sandbox.start(Path("child")))
    found = outcomes(sandbox, f"takeover {data.hex()}", "child")
    assert found[0] == (
        f"takeover {data.hex()} made its reader send data that no reader sends: it may "
        "be made to attack programs that open it."
    )
    assert found[1] not in (first, "child")


_TRACKS = """
import sys
from pathlib import Path
from ingest.sandbox.pool import Sandbox
from tests.ingest.misbehaving import read

if __name__ == "__main__":
    with Sandbox(read=read) as sandbox:
        print(sandbox.start(Path(f"tracker {sys.argv[1]}"))()[0].name)
"""


@pytest.mark.skipif(not Path("/dev/shm").exists(), reason="shared memory has no files here")
def test_a_child_cannot_have_shared_memory_of_others_deleted(tmp_path: Path) -> None:
    (tmp_path / "tracks.py").write_text(_TRACKS)
    foreign = Path(f"/dev/shm/pincite-test-{os.getpid()}")
    foreign.touch()
    try:
        command = [sys.executable, str(tmp_path / "tracks.py"), f"/{foreign.name}"]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        # Its errors are read to their end, so the tracker, which shares them, has ended, too.
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stderr == ""
        assert foreign.exists()
    finally:
        foreign.unlink(missing_ok=True)


def test_a_child_knows_no_server_that_would_start_processes_for_it(sandbox: Sandbox) -> None:
    assert outcomes(sandbox, "server") == ["None"]


def test_a_user_whom_the_system_does_not_list_can_read_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As of a container that is run with any number as its user."""

    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", unknown)
    assert Path(sys.prefix) in starting.needed_libraries()
