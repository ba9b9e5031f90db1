"""`pincite add` on a folder of hostile files ends, says what became of each, and reads the rest."""

import json
import os
import pty
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ingest.document.source import readable
from tests.conftest import PROJECT
from tests.ingest.hostile import hostile_folder
from tests.ingest.hostile.hostile_files import FILES
from tests.ingest.hostile.hostile_folder import GOOD, ODD
from tests.ingest.hostile.test_hostile import SLOW
from tests.ingest.made import written

COMMAND = [sys.executable, "-m", "tests.pincite_with_words"]
IN_PART = 3
# They use up the time that they are given, take seconds of it, or are many: test_hostile.py has
# them one by one. One of them stays.
LONG = SLOW - {"forms.pdf"} | {"attached.pdf", "frames.tif", "strings.xlsx", "table.md"}
LIMITS = {
    "PINCITE_FILE_SECONDS": "8", "PINCITE_FILE_SILENCE_SECONDS": "5",
    "PINCITE_UNPACKED_MB": "64", "PINCITE_UNPACKED_FILES": "100", "PINCITE_OCR": "off",
}  # fmt: skip
MEGABYTES = 2 * 4096 + 1024  # two children at their limit, and the rest


@dataclass
class Most:
    megabytes: int = 0


@contextmanager
def watched(process: "subprocess.Popen[Any]") -> Iterator[Most]:
    """The most memory of a process and all that it has started."""
    most, over = Most(), threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            most.megabytes = max(most.megabytes, sum(map(resident, family(process.pid))) >> 20)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield most
    over.set()
    thread.join()


def family(root: int) -> list[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
    found = [root]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def resident(process: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf(
            "SC_PAGESIZE"
        )
    return 0


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of temporary files, with a short path: sockets are in it."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, **LIMITS, "PINCITE_HOME": str(home)}


def on_disk(folder: Path) -> int:
    """Bytes; files without a name on the disk are left out, and so are those of other programs."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(512 * path.stat().st_blocks for path in files)


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux", reason="it looks at /proc, and makes pipes and sockets"
)
def test_a_folder_of_hostile_files_costs_only_these_files(tmp_path: Path, temporary: Path) -> None:
    folder, home = tmp_path / "folder", tmp_path / "home"
    home.mkdir()
    with hostile_folder.made(folder, without=LONG) as hostile:
        began = time.monotonic()
        process = subprocess.Popen(
            [*COMMAND, "add", str(folder), "--json"], cwd=PROJECT, env=environment(home),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with watched(process) as most:
            out, err = process.communicate(timeout=240)
        seconds = time.monotonic() - began
    used = on_disk(home) + on_disk(temporary)
    summary = json.loads(out)
    print(f"{len(hostile)} hostile, {seconds:.0f} s, {most.megabytes} MB, {used >> 20} MB of disk")
    assert process.returncode == IN_PART, err[-2000:]
    assert "Traceback" not in err
    assert most.megabytes < MEGABYTES
    assert used < 200 << 20
    assert (home / "network.log").read_text() == ""
    assert {row["document"] for row in summary["hidden"]} >= {"unseen.pdf"}
    names = {row["document"] for row in documents(home)}
    assert names >= GOOD
    assert names >= set(map(readable, ODD))
    accounted(summary["failed"], names, hostile)


def documents(home: Path) -> list[dict[str, Any]]:
    command = [*COMMAND, "documents", "--json"]
    ran = subprocess.run(
        command, cwd=PROJECT, env=environment(home), capture_output=True, text=True
    )
    rows: list[dict[str, Any]] = json.loads(ran.stdout)
    return rows


def accounted(failed: list[dict[str, str]], names: set[str], hostile: set[str]) -> None:
    """Each hostile thing is a document or has its line, and each line is one short sentence."""
    told = {Path(row["path"].split("!")[0]).name for row in failed}
    missing = hostile - names - told
    assert {name for name in missing if name != "up"} == set()
    for row in failed:
        assert "\n" not in row["error"] and len(row["error"]) < 400, row
        assert row["error"].endswith("."), row


@pytest.mark.slow
def test_names_cannot_take_a_terminal_over(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for number, name in enumerate(ODD):
        written(tmp_path / "folder" / name, f"Text number {number}." if number else "")
    FILES["names.zip"](tmp_path / "folder" / "names.zip")
    (tmp_path / "home").mkdir()
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "add", str(tmp_path / "folder")], cwd=PROJECT, stdout=theirs, stderr=theirs,
        env={**environment(tmp_path / "home"), "TERM": "xterm"},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    with suppress(OSError):  # how a terminal says that nobody writes any more
        while block := os.read(ours, 65536):
            shown += block
    assert process.wait() == IN_PART
    assert b"Traceback" not in shown
    assert b"\x1b]0;" not in shown and b"\x1b[2J\x1b" not in shown
    assert b"added" in shown and "owned\ufffd.txt".encode() in shown
