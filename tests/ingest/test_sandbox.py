import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import EncryptedFile, UnreadableFile
from ingest.loaders import load
from ingest.sandbox import Sandbox
from tests.conftest import PROJECT
from tests.ingest.misbehaving import read
from tests.pdfs import write_pdf


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(seconds=20, read=read) as sandbox:
        yield sandbox


def outcomes(sandbox: Sandbox, *names: str) -> list[str]:
    """All files are begun before the first is waited for, as when they are read ahead."""
    waiting = [sandbox.start(Path(name)) for name in names]
    return [outcome(wait) for wait in waiting]


def outcome(wait: Any) -> str:
    try:
        return str(wait()[0].name)
    except UnreadableFile as error:
        return str(error)


def test_what_the_child_read_comes_back_as_it_was(tmp_path: Path) -> None:
    path = write_pdf(tmp_path / "a.pdf", ["# Leave", "Thirty days of leave."])
    with Sandbox() as sandbox:
        document, chunks = sandbox.start(path)()
    assert document == load(path)
    assert [chunk.text for chunk in chunks] == ["Leave\nThirty days of leave."]


def test_a_reader_that_leaves_costs_only_its_file(sandbox: Sandbox) -> None:
    assert outcomes(sandbox, "a", "exit", "b") == [
        "a", "exit crashed the reader: the file is damaged or too large.", "b",
    ]  # fmt: skip


def test_every_file_that_crashes_is_named_and_no_other(sandbox: Sandbox) -> None:
    found = outcomes(sandbox, "segfault 1", "a", "segfault 2", "b")
    assert [text.split(" crashed")[0] for text in found] == ["segfault 1", "a", "segfault 2", "b"]
    assert [" crashed" in text for text in found] == [True, False, True, False]


def test_after_a_crash_files_are_read_ahead_again(sandbox: Sandbox) -> None:
    crashing, waiting = sandbox.start(Path("exit")), sandbox.start(Path("a"))
    assert "crashed" in outcome(crashing)
    first = sandbox.start(Path("child 1"))
    assert outcome(waiting) == "a"
    second = sandbox.start(Path("child 2"))
    assert outcome(first) == outcome(second)  # one child has read both


def test_a_file_that_waited_behind_a_crash_is_not_blamed_for_the_next(sandbox: Sandbox) -> None:
    crashing, waiting = sandbox.start(Path("exit")), sandbox.start(Path("a"))
    assert "crashed" in outcome(crashing)
    next_one = sandbox.start(Path("segfault"))
    assert outcome(waiting) == "a"
    assert outcome(next_one).startswith("segfault crashed")


def test_a_reader_that_hangs_is_ended() -> None:
    with Sandbox(seconds=3, read=read) as impatient:
        started = time.monotonic()
        assert outcomes(impatient, "hang", "a") == ["hang took longer than 3 seconds to read.", "a"]
    assert time.monotonic() - started < 15


def test_a_reader_that_wants_too_much_memory_is_refused_it(sandbox: Sandbox) -> None:
    assert outcomes(sandbox, "memory", "a") == ["memory needs too much memory to read.", "a"]


def test_a_fault_of_a_loader_costs_only_its_file(sandbox: Sandbox) -> None:
    assert outcomes(sandbox, "bug", "a") == [
        "bug could not be read: ZeroDivisionError('a fault of the loader').", "a",
    ]  # fmt: skip


def test_errors_that_loaders_raise_keep_their_kind(sandbox: Sandbox) -> None:
    with pytest.raises(EncryptedFile, match="locked needs a password"):
        sandbox.start(Path("locked"))()


def test_a_closed_sandbox_opens_again(sandbox: Sandbox) -> None:
    sandbox.close()
    assert outcomes(sandbox, "a") == ["a"]


_WAITS = """
from pathlib import Path
from ingest.sandbox import Sandbox
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
    assert parent.communicate(timeout=30)[0] == ""  # the pipe ends when nobody holds it any more


SECONDS = 60
# Its letters have codes of a character map that PDFium (build 7800) does not know.
UNREAD = {"pdfminer__kampo.pdf"}


def test_awkward_files_are_read_or_refused_in_time(evaluation: Path) -> None:
    folder = evaluation / "robust_pdfs"
    rows = [json.loads(row) for row in (folder / "manifest.jsonl").read_text().splitlines()]
    with Sandbox(seconds=SECONDS) as sandbox:
        wrong = [row["file"] for row in rows if not as_expected(sandbox, folder, row)]
    assert len(rows) > 50
    assert set(wrong) <= UNREAD


def as_expected(sandbox: Sandbox, folder: Path, row: dict[str, Any]) -> bool:
    try:
        document, _ = sandbox.start(folder / "files" / row["file"])()
    except EncryptedFile:
        return bool(row["expect"] == "password_required")
    except UnreadableFile as error:
        assert "crashed" not in str(error) and "longer than" not in str(error), error
        return row["expect"] not in ("text", "ocr", "password_required")
    letters = sum(len(page.text) for page in document.pages)
    if row["expect"] == "text":
        return letters >= 0.8 * row["reference"]["chars"]
    return row["expect"] != "password_required"
