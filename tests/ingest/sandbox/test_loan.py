""""""

import os
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from ingest.sandbox import starting

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="files are lent on Linux")


def test_a_copy_keeps_the_holes_and_needs_no_room_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "a.bin").open("wb") as file:
        file.seek(30 << 20)
        file.write(b"in the middle")
        file.truncate(64 << 20)
    (tmp_path / "lent").mkdir()
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=4 << 20))
    (copy,) = starting.Loan(tmp_path / "lent", []).of([tmp_path / "a.bin"])
    assert copy.read_bytes() == (tmp_path / "a.bin").read_bytes()
    assert copy.stat().st_blocks * 512 < 1 << 20


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.bin")
    starting._copy(tmp_path / "a.bin", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b""
