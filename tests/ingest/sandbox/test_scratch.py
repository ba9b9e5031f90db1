import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from ingest.sandbox import confinement


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def aged(path: Path) -> Path:
    two_hours_ago = time.time() - 7200
    os.utime(path, (two_hours_ago, two_hours_ago))
    return path


def ended() -> int:
    """The number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_folders_of_killed_processes_are_deleted_and_no_others(tmp_path: Path) -> None:
    living = aged(confinement.make_scratch())
    (left := tmp_path / f"pincite-child-{ended()}-abc").mkdir()
    (left / "page.png").write_text("a picture of a page")
    (young := tmp_path / f"pincite-child-{ended()}-def").mkdir()
    (foreign := tmp_path / "pincite-child-of-mine").mkdir()
    aged(left), aged(foreign)
    confinement.sweep_scratch()
    assert {*tmp_path.iterdir()} == {living, young, foreign}


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    (papers := tmp_path / "papers").mkdir()
    (papers / "a.txt").write_text("kept")
    (tmp_path / f"pincite-child-{ended()}-abc").symlink_to(papers)
    aged(papers)
    confinement.sweep_scratch()
    assert (papers / "a.txt").read_text() == "kept"
