"""The commands watch, backup and restore, and how a run is ended."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.wiring import composition
from tests.commands import Pincite, refused
from tests.conftest import PROJECT
from tests.pdfs import write_pdf

EMBEDDER = composition.embedder  # the real one, which the fixture `pincite` replaces
Process = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def process(home: Path) -> Iterator[Process]:
    """Runs a command in a process of its own; all are ended at the end."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.pincite_with_words", "--home", str(home)]
        running.append(
            subprocess.Popen(
                [*command, *map(str, arguments)], cwd=PROJECT, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(PROJECT)},
                # What runs in the background is made to ignore it, and so would what it starts.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        )  # fmt: skip
        return running[-1]

    yield start
    for one in running:
        one.kill()
        one.communicate()


# -- backup and restore


def test_a_backup_is_restored_under_its_own_name(full: Pincite, tmp_path: Path) -> None:
    made = full("backup", tmp_path / "b", "--json")
    assert made.status == 0
    assert (made.json["library"], made.json["documents"], made.json["lost"]) == ("main", 2, [])
    assert made.json["bytes"] == (tmp_path / "b").stat().st_size
    assert full("remove", "Policy.pdf").status == 0
    assert full("restore", tmp_path / "b").out.startswith("main: 2 documents, 3 passages, as of ")
    assert [row["document"] for row in full("documents", "--json").json] == [
        "Handbook.pdf", "Policy.pdf",
    ]  # fmt: skip


def test_what_was_learned_from_the_library_before_is_not_used_after_a_restore(
    full: Pincite, home: Path, tmp_path: Path
) -> None:
    assert full("backup", tmp_path / "b").status == 0
    [catalog] = home.glob("libraries/main/catalog.sqlite")
    learned = catalog.with_name("learned.json")
    learned.write_text("{}", "utf-8")

    assert full("restore", tmp_path / "b").status == 0

    assert not learned.exists()


def test_a_backup_can_be_restored_as_another_library(full: Pincite, tmp_path: Path) -> None:
    assert full("backup", tmp_path / "b").out == f"{tmp_path / 'b'}: 2 documents, 3 passages\n"
    assert full("restore", tmp_path / "b", "--library", "copy", "--json").json["library"] == "copy"
    hit = full("search", "password", "-k", 1, "--library", "copy", "--json").json[0]
    assert (hit["document"], hit["page"]) == ("Policy.pdf", 1)


def test_what_is_no_backup_makes_no_library(full: Pincite, home: Path, tmp_path: Path) -> None:
    (tmp_path / "b").write_bytes(b"PK nonsense")
    for arguments in (["--library", "new"], []):
        sentence = refused(full("restore", tmp_path / "b", *arguments))
        assert sentence == f"{tmp_path / 'b'} is not a backup of a library, or is damaged."
    assert [path.name for path in (home / "libraries").iterdir()] == ["main"]


# -- add and watch


def test_a_path_that_is_not_there_makes_no_library(pincite: Pincite, home: Path) -> None:
    for name in ("add", "watch"):
        sentence = refused(pincite(name, home / "missing", "--library", "typo"))
        assert sentence == f"There is no file or folder {home / 'missing'}."
    assert not (home / "libraries").exists()


def test_people_read_what_moved_what_is_newer_and_what_is_gone(full: Pincite, papers: Path) -> None:
    text = [f"Rule {number}: a laptop is returned in order." for number in range(30)]
    write_pdf(papers / "Laptops v1.pdf", text)
    full("add", papers)
    write_pdf(papers / "Laptops v2.pdf", [*text, "Rule 31: no stickers."])
    (papers / "Policy.pdf").rename(papers / "Security.pdf")
    (papers / "Handbook.pdf").unlink()
    ran = full("add", papers)
    assert ran.out.startswith("main: 1 added, 0 updated, 1 unchanged, 1 moved, 0 failed;")
    assert "Laptops v1.pdf: Laptops v2.pdf is a newer version and is preferred" in ran.err
    assert "Handbook.pdf: its file is gone; `pincite remove` removes it" in ran.err


@pytest.mark.slow
def test_watch_follows_a_folder_and_ends_at_once(
    process: Process, pincite: Pincite, papers: Path
) -> None:
    watch = process("watch", papers, "--settle", "0")
    assert watch.stdout is not None
    told = [watch.stdout.readline() for _ in range(2)]
    assert told == ["added Handbook.pdf\n", "added Policy.pdf\n"]
    (papers / "Policy.pdf").rename(papers / "Security.pdf")
    assert watch.stdout.readline() == "moved Security.pdf (was Policy.pdf)\n"
    (papers / "Handbook.pdf").unlink()
    assert watch.stdout.readline() == "removed Handbook.pdf\n"
    watch.send_signal(signal.SIGINT)
    errors = watch.communicate(timeout=60)[1]
    assert watch.returncode == 130
    assert "watching" in errors and "interrupted" in errors and "Traceback" not in errors
    rows = pincite("documents", "--json").json
    assert [row["document"] for row in rows] == ["Security.pdf"]


@pytest.mark.slow
def test_an_add_that_is_ended_keeps_its_queue(
    process: Process, pincite: Pincite, tmp_path: Path
) -> None:
    for number in range(100):
        (tmp_path / f"{number:03}.txt").write_text(f"Leave in year {number}.")
    add = process("add", tmp_path)
    assert add.stderr is not None and add.stderr.readline().startswith("1/100")
    add.send_signal(signal.SIGTERM)
    errors = add.communicate(timeout=60)[1]
    assert add.returncode == 130 and "Traceback" not in errors
    done = len(pincite("documents", "--json").json)
    assert done < 100
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "one.txt").write_text("A visitor wears a badge.")
    summary = pincite("add", tmp_path / "more", "--json").json  # takes up the others as well
    assert (summary["added"], summary["failed"]) == (101 - done, [])


def test_wrong_seconds_are_wrong_usage(pincite: Pincite, papers: Path) -> None:
    for seconds in ("soon", "-1", "nan"):
        ran = pincite("watch", papers, "--settle", seconds)
        assert ran.status == 2 and "is not a number of seconds" in ran.err


# -- another model


@pytest.mark.slow
def test_a_library_serves_as_it_is_while_another_model_is_chosen_and_the_next_add_makes_it_anew(
    pincite: Pincite, papers: Path, home: Path, minilm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(composition, "embedder", EMBEDDER)
    first, second = home / "models" / "first", home / "models" / "second"
    shutil.copytree(minilm, first, symlinks=True)
    monkeypatch.setenv("PINCITE_EMBEDDING_MODEL", str(first))
    assert pincite("add", papers).status == 0
    before = pincite("search", "holidays", "--json")
    assert (before.json[0]["document"], before.err) == ("Handbook.pdf", "")
    shutil.copytree(first, second, symlinks=True)
    monkeypatch.setenv("PINCITE_EMBEDDING_MODEL", str(second))
    served = pincite("search", "holidays", "--json")
    assert served.json == before.json
    assert "was made with first, and second is chosen. It can be used unchanged" in served.err
    shutil.rmtree(first)
    by_words = pincite("search", "paid leave", "--json")
    assert by_words.json[0]["document"] == "Handbook.pdf"
    assert "made with first, which is not here: words find its passages" in by_words.err
    added = pincite("add", papers, "--json")
    assert added.json["unchanged"] == 2
    after = pincite("search", "holidays", "--json")
    assert (after.json, after.err) == (before.json, "")
