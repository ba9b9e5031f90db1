"""Killing a writer at any moment leaves what was before or what was asked for, and it works on."""

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from vectorstore.library import Library

KILLS = 3  # of each writer

OLD, NEW = {"Handbook.pdf", "Policy.pdf"}, {"Handbook.pdf"}
WRITERS: dict[str, tuple[str, list[set[str]]]] = {
    "remove": ("library.remove(['Policy.pdf'])", [OLD, NEW]),
    "forget": ("library.forget(['Policy.pdf'])", [OLD, NEW]),
    "prune": ("library.sources.prune([Path({desk!r})])", [OLD, NEW]),
    "restore": ("library.maintenance.restore(Path({backup!r}))", [OLD, NEW]),
    "back up": ("library.maintenance.back_up(Path({backup!r}))", [OLD]),
    "rebuild": ("library.maintenance.rebuild()", [OLD]),
    "verify": ("library.maintenance.verify()", [OLD]),
}


@pytest.mark.slow
@pytest.mark.parametrize("writer", WRITERS)
def test_a_killed_writer_leaves_one_of_two_states(
    full: Library, papers: Path, tmp_path: Path,
    elsewhere: Callable[[str], "subprocess.Popen[str]"], writer: str,
) -> None:  # fmt: skip
    backup = tmp_path / "library.backup"
    full.remove(["Policy.pdf"])
    full.maintenance.back_up(backup)
    full.add([papers])
    if writer == "prune":
        (papers / "Policy.pdf").unlink()
    full.close()
    whole = tmp_path / "whole"
    shutil.copytree(full.folder, whole)
    saved = backup.read_bytes()

    statements, allowed = WRITERS[writer]
    order = statements.format(desk=str(papers), backup=str(backup))
    random_ = random.Random(writer)
    for _ in range(KILLS):
        shutil.rmtree(full.folder)
        shutil.copytree(whole, full.folder)
        backup.write_bytes(saved)
        process = elsewhere(f"print('open', flush=True)\n{order}")
        assert process.stdout is not None and process.stdout.readline() == "open\n"
        time.sleep(random_.choice([0, 0.005, 0.02, 0.05, 0.2]) * random_.random() * 2)
        process.kill()
        process.communicate()
        _check(full.folder, allowed, backup, papers)


def _check(folder: Path, allowed: list[set[str]], backup: Path, papers: Path) -> None:
    with Library(folder, "main", WordEmbedder) as library:
        names = {info.document for info in library.documents()}
        assert names in allowed
        assert library.search("days of leave", k=1)[0].document == "Handbook.pdf"
        health = library.maintenance.verify()
        assert (health.lost_files, health.unbalanced) == ((), ())
        library.add([papers])
        assert library.maintenance.verify().mended == ()
        assert library.maintenance.restore(backup).documents in (1, 2)
