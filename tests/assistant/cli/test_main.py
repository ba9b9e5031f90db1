import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import main
from assistant.security import network_guard
from assistant.wiring.command_line import parser
from tests.commands import Pincite, refused
from tests.conftest import PROJECT
from tests.pdfs import write_pdf, write_picture_pdf

# -- all commands


def runs(command: argparse.ArgumentParser) -> Iterator[Any]:
    """What a command runs, and what those below it run."""
    yield command.get_default("run")
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from runs(below)


def test_each_command_has_the_function_that_is_declared() -> None:
    declared = [run.args[0] for run in runs(parser()) if isinstance(run, partial)]
    assert len(declared) > 40
    for name in declared:
        module, _, function = name.partition(".")
        assert callable(getattr(import_module(f"assistant.cli.{module}"), f"_{function}")), name


# -- add


def test_add_tells_what_it_did(pincite: Pincite, papers: Path) -> None:
    ran = pincite("add", papers, "--json")
    assert ran.status == 0
    told = ran.json
    assert isinstance(told.pop("seconds"), float)
    assert told == {
        "added": 2, "updated": 0, "unchanged": 0, "moved": 0, "removed": 0, "cancelled": 0,
        "failed": [], "gone": [], "superseded": [], "incomplete": [], "hidden": [],
        "unsupported": [], "left_out": [], "kept_as": [], "pages": 3, "chunks": 3, "languages": "",
    }  # fmt: skip
    again = pincite("add", papers)
    assert again.status == 0
    assert again.out.startswith("main: 0 added, 0 updated, 2 unchanged, 0 failed;")


def test_add_in_part_is_status_3(pincite: Pincite, papers: Path) -> None:
    (papers / "Broken.pdf").write_bytes(b"not a PDF" * 30)
    ran = pincite("add", papers, "--json")
    assert ran.status == 3
    assert ran.json["added"] == 2
    assert ran.json["failed"] == [
        {
            "path": str(papers / "Broken.pdf"),
            "error": "Broken.pdf is not a readable PDF: the file is damaged.",
        }
    ]


def bad_files(folder: Path) -> dict[str, str]:
    """Files that cannot be added, and what is said about each."""
    folder.mkdir()
    write_pdf(folder / "Locked.pdf", ["secret"], password="x")
    (folder / "Corrupt.pdf").write_bytes(b"%PDF-1.4 nonsense" * 30)
    (folder / "Empty.pdf").touch()
    (folder / "Letter.docx").write_bytes(b"PK")
    (folder / "Drawing.dwg").write_bytes(b"AC1032")
    return {
        "Locked.pdf": "is protected by a password. Save a copy without the password",
        "Corrupt.pdf": "is not a readable PDF: the file is damaged.",
        "Empty.pdf": "is empty: 0 bytes.",
        "Letter.docx": "is damaged or not a",
        "Drawing.dwg": "this kind of file cannot be read yet. Known: .pdf",
    }


def test_files_that_cannot_be_added_are_status_1_with_a_sentence_each(
    pincite: Pincite, tmp_path: Path
) -> None:
    expected = bad_files(tmp_path / "bad")
    ran = pincite("add", *(tmp_path / "bad" / name for name in expected), "--json")
    assert ran.status == 1
    errors = {Path(row["path"]).name: row["error"] for row in ran.json["failed"]}
    assert errors.keys() == expected.keys()
    assert all(errors[name].startswith(name) for name in expected)
    assert all(words in errors[name] for name, words in expected.items())
    assert pincite("documents", "--json").json == []


def test_people_read_of_failures_on_standard_error(pincite: Pincite, tmp_path: Path) -> None:
    (tmp_path / "Empty.pdf").touch()
    ran = pincite("add", tmp_path / "Empty.pdf")
    assert f"not added: {tmp_path / 'Empty.pdf'}\n           Empty.pdf is empty" in ran.err
    assert ran.out.startswith("main: 0 added")


def test_people_read_of_a_scan_without_text(pincite: Pincite, tmp_path: Path) -> None:
    write_picture_pdf(tmp_path / "Scan.pdf")
    ran = pincite("add", tmp_path / "Scan.pdf")
    assert (ran.status, ran.out.split(";")[0]) == (
        0,
        "main: 1 added, 0 updated, 0 unchanged, 0 failed",
    )
    assert "Scan.pdf: no text could be read: 1 page is a picture" in ran.err


@pytest.mark.parametrize("what", ["missing", "nothing"])
def test_a_missing_path_or_a_folder_without_pdfs_changes_nothing(
    full: Pincite, tmp_path: Path, what: str
) -> None:
    (tmp_path / "nothing").mkdir()
    before = full("documents", "--json").out
    sentence = refused(full("add", tmp_path / what, "--json"))
    assert str(tmp_path / what) in sentence
    assert full("documents", "--json").out == before


def test_odd_names_are_kept_and_two_of_one_name_told_apart(
    pincite: Pincite, tmp_path: Path
) -> None:
    odd = "A \"plan\" for the 'café' – 日本.pdf"
    for folder in ("one", "two"):
        write_pdf(tmp_path / "all" / folder / odd, [f"Leave in part {folder}."])
    assert pincite("add", tmp_path / "all").status == 0
    listed = pincite("documents", "--json").json
    assert [row["document"] for row in listed] == [f"one/{odd}", f"two/{odd}"]
    assert pincite("show", f"two/{odd}").out == "--- page 1 ---\nLeave in part two.\n\n"
    assert pincite("remove", f"one/{odd}").status == 0


def test_a_home_that_cannot_be_written_is_told_in_a_sentence(
    pincite: Pincite, tmp_path: Path, papers: Path
) -> None:
    (tmp_path / "file").touch()
    sentence = refused(pincite("--home", tmp_path / "file" / "home", "add", papers))
    assert sentence.startswith("This folder cannot be written; choose another --home")


LATE = """
import os, sys
from assistant.cli import main as cli

class Late:
    def __del__(self, kill=os.kill, me=os.getpid()):
        kill(me, 15)

sys.late = Late()  # freed with all modules, when Python has taken its signal handlers back
sys.exit(cli.main(["--home", sys.argv[1], "documents"]))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals")
def test_a_signal_while_python_ends_does_not_undo_the_status(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LATE, str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


# -- remove, verify, rebuild


def test_unknown_documents_and_pages_are_named_and_nothing_changes(full: Pincite) -> None:
    assert "no document 'x.pdf'" in refused(full("show", "x.pdf"))
    assert "Handbook.pdf has no page 9" in refused(full("show", "Handbook.pdf", "--page", 9))
    assert "no document 'x.pdf'" in refused(full("remove", "Policy.pdf", "x.pdf"))
    assert len(full("documents", "--json").json) == 2


def test_remove_counts(full: Pincite, home: Path) -> None:
    place = home / "libraries" / "main" / "offered.json"
    row = {"document": "Policy.pdf", "sha256": "", "question": "How long is a password?"}
    place.write_text(json.dumps([row]))
    assert full("remove", "Policy.pdf", "--json").json == {"removed": 1}
    assert "password" not in place.read_text(), "a question is made of its words"
    assert [row["document"] for row in full("documents", "--json").json] == ["Handbook.pdf"]


def test_verify_makes_a_lost_copy_again_and_tells_it(full: Pincite, home: Path) -> None:
    (sound, out) = full("verify", "--json"), full("verify").out
    assert (sound.status, sound.json["chroma"], sound.json["lost_files"]) == (0, "complete", [])
    assert (sound.json["mended"], sound.json["unbalanced"]) == ([], [])
    assert out == "2 documents, 3 passages; index complete\n"
    shutil.rmtree(home / "libraries" / "main" / "files")
    mended = full("verify")
    assert mended.status == 0
    assert (
        "repaired: The copy of Policy.pdf was lost or damaged; it was made again.\n" in mended.out
    )


def test_verify_is_status_3_when_a_copy_and_its_file_are_lost(
    full: Pincite, home: Path, papers: Path
) -> None:
    shutil.rmtree(home / "libraries" / "main" / "files")
    for path in papers.iterdir():
        path.unlink()
    lost = full("verify", "--json")
    assert (lost.status, lost.json["lost_files"]) == (3, ["Handbook.pdf", "Policy.pdf"])
    assert "the copy of Policy.pdf is lost or damaged" in full("verify").err


def test_rebuild_counts_passages(full: Pincite, home: Path) -> None:
    shutil.rmtree(home / "libraries" / "main" / "chroma")
    assert full("rebuild", "--json").json == {"chunks": 3}
    again = full("rebuild")
    assert again.out == "3 passages indexed again\n" and again.err.endswith("3/3 index\n")


def test_one_of_a_kind_and_nothing_are_told_in_good_english(full: Pincite) -> None:
    assert full("forget", "Policy.pdf").out.startswith("1 document removed, with copies")
    assert full("remove", "Handbook.pdf").out == "1 document removed\n"
    assert (
        full("storage", "--clean", "made").out
        == "made          nothing: Pictures and sounds that were made\n"
    )


def test_rebuild_names_what_could_not_be_read_again(
    full: Pincite, home: Path, papers: Path
) -> None:
    shutil.rmtree(home / "libraries" / "main" / "files")
    (papers / "Policy.pdf").unlink()
    path = home / "libraries" / "main" / "catalog.sqlite"
    with closing(sqlite3.connect(path)) as catalog, catalog:
        catalog.execute("UPDATE document SET reader = 'pdf/0'")
    done = full("rebuild", "--json")
    assert (done.status, done.json["chunks"]) == (3, 3)
    assert [row["document"] for row in done.json["failed"]] == ["Policy.pdf"]
    assert "Policy.pdf: kept as it was read before" in full("rebuild").err


# -- search


def test_search_prints_hits_best_first(full: Pincite) -> None:
    hits = full("search", "days of leave", "--json").json
    assert list(hits[0]) == ["document", "page", "score", "text"]
    assert (hits[0]["document"], hits[0]["page"]) == ("Handbook.pdf", 1)
    assert [hit["score"] for hit in hits] == sorted((h["score"] for h in hits), reverse=True)
    assert full("search", "leave", "-k", 1).out.startswith("1. Handbook.pdf, page 1  (")


def test_a_question_is_asked_of_documents_with_a_tag(full: Pincite) -> None:
    full("tag", "Policy.pdf", "--add", "security")
    hits = full("search", "days of leave", "--tag", "Security", "--json").json
    assert {hit["document"] for hit in hits} == {"Policy.pdf"}
    answer = full("ask", "How long is a password?", "--tag", "security", "--json").json
    assert answer["filter"] == {"tags": ["security"]}
    assert {passage["document"] for passage in answer["passages"]} == {"Policy.pdf"}
    told = "asked in: tag security, since 2001"
    assert told in full("ask", "password", "--tag", "security", "--after", "2001").out
    for command in (["ask", "leave"], ["search", "leave"], ["chat"]):
        ran = full(*command, "--tag", "law")
        assert ran.status == 1 and "all documents. Its tags: security (1)." in ran.err


def test_a_batch_prints_a_row_for_each_question(full: Pincite, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"id": 1, "question": "leave"}\n\n{"id": "b", "question": "password"}\n')
    rows = full("search", "--batch", questions, "-k", 1).rows
    assert [list(row) for row in rows] == [["id", "hits", "seconds"]] * 2
    assert [(row["id"], row["hits"][0]["document"]) for row in rows] == [
        (1, "Handbook.pdf"), ("b", "Policy.pdf"),
    ]  # fmt: skip


def test_a_batch_with_a_bad_row_names_its_line(full: Pincite, tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"id": 1}\n')
    assert 'q.jsonl:1: there is no "question"' in refused(
        full("search", "--batch", tmp_path / "q.jsonl")
    )
    assert "cannot be read" in refused(full("search", "--batch", tmp_path / "none.jsonl"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["unknown"], ["add"], ["search"], ["search", "x", "--batch", "y"],
        ["search", "x", "-k", "0"], ["search", "x", "-k", "many"], ["show"],
        ["show", "x", "--page", "0"], ["documents", "extra"],
    ],
)  # fmt: skip
def test_wrong_usage_is_status_2(pincite: Pincite, arguments: Sequence[str]) -> None:
    ran = pincite(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert "usage: pincite" in ran.err


# -- libraries and settings


def test_libraries_are_kept_apart(full: Pincite, papers: Path) -> None:
    assert full("add", papers / "Policy.pdf", "--library", "other").status == 0
    assert len(full("documents", "--json").json) == 2
    assert [row["library"] for row in full("documents", "--library", "other", "--json").json] == [
        "other"
    ]


@pytest.mark.parametrize(
    "command",
    [["documents"], ["search", "leave"], ["show", "x"], ["remove", "x"], ["verify"], ["rebuild"]],
)
def test_a_library_that_is_not_there_is_refused_and_not_made(
    full: Pincite, home: Path, command: Sequence[str]
) -> None:
    assert refused(full(*command, "--library", "mian")) == (
        "There is no library 'mian'. Libraries: main. `pincite add PATH --library mian` makes it."
    )
    assert not (home / "libraries" / "mian").exists()


@pytest.mark.parametrize("name", ["../outside", "a b", ""])
def test_a_library_has_a_plain_name(pincite: Pincite, name: str) -> None:
    assert "library" in refused(pincite("documents", "--library", name))


def test_an_unknown_setting_names_the_nearest(
    pincite: Pincite, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_CHAT_MODLE", "x")
    expected = "There is no setting 'chat_modle'. Did you mean 'chat_model'?"
    assert refused(pincite("documents")) == expected
    monkeypatch.delenv("PINCITE_CHAT_MODLE")
    home.mkdir()
    (home / "settings.toml").write_text("context_token = 4096\n")
    expected = "There is no setting 'context_token'. Did you mean 'context_tokens'?"
    assert refused(pincite("documents")) == expected


def test_wrong_values_and_broken_files_of_settings_are_named(
    pincite: Pincite, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_CONTEXT_TOKENS", "few")
    assert "'context_tokens'" in refused(pincite("documents"))
    monkeypatch.delenv("PINCITE_CONTEXT_TOKENS")
    home.mkdir()
    (home / "settings.toml").write_text("not = [toml")
    assert "settings.toml is not valid TOML" in refused(pincite("documents"))


def test_the_home_comes_from_the_environment_unless_it_is_given(
    pincite: Pincite, papers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PINCITE_HOME", str(tmp_path / "elsewhere"))
    assert main.main(["add", str(papers)]) == 0
    assert (tmp_path / "elsewhere" / "libraries" / "main").is_dir()
    assert pincite("documents", "--json").out.splitlines()[-1] == "[]"


def test_without_an_embedding_model_the_command_that_gets_one_is_named(
    pincite: Pincite, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(network_guard, "install_guard", lambda *_: None)
    assert "pincite models pull all-minilm-l6-v2" in pincite("add", papers).err


# -- disks


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Callable[..., "subprocess.CompletedProcess[str]"]]:
    """Runs commands with their home on a small disk of their own; skips where none is allowed."""
    (tmp_path / "disk").mkdir()

    def run(options: str, *commands: str) -> "subprocess.CompletedProcess[str]":
        steps = " && ".join(commands).replace(
            "pincite", f"{sys.executable} -m tests.pincite_with_words"
        )
        mount = f"mount -t tmpfs -o {options} none {tmp_path}/disk"
        return subprocess.run(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f"{mount} && {steps}"],
            cwd=PROJECT, text=True, capture_output=True,
            env={**os.environ, "PYTHONPATH": str(PROJECT), "PINCITE_HOME": f"{tmp_path}/disk"},
        )  # fmt: skip

    if shutil.which("unshare") is None or run("size=1m", "true").returncode:
        pytest.skip("this system allows no mounts of one's own")
    yield run


@pytest.mark.slow
def test_a_full_disk_is_told_in_a_sentence_and_leaves_the_library_as_it_was(
    on_disk: Any, papers: Path, tmp_path: Path
) -> None:
    fill = f"(cat /dev/zero > {tmp_path}/disk/ballast || true) 2> /dev/null"
    add = f"pincite add '{PROJECT}/samples/Security Policy v2 (2026).pdf'"
    done = on_disk(
        "size=8m", f"pincite add {papers}", fill, f"({add} || echo status $?)",
        f"rm {tmp_path}/disk/ballast", "pincite documents", "pincite search password -k 1",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "status 1" in done.stdout
    assert "Traceback" not in done.stderr
    assert "pincite: The disk is full" in done.stderr
    assert "Handbook.pdf  (2 pages" in done.stdout and "Security" not in done.stdout
    assert "1. Policy.pdf, page 1" in done.stdout


@pytest.mark.slow
def test_a_read_only_disk_is_told_in_a_sentence(on_disk: Any, papers: Path) -> None:
    done = on_disk("ro", f"pincite add {papers}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("pincite: This folder cannot be")
    assert "Traceback" not in done.stderr


def test_another_distribution_with_one_of_our_packages_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "assistant.wiring.command_line", None)
    with pytest.raises(ImportError):
        main.main([])
    owners = {"ingest": ["pincite", "ingest-lib"]}
    monkeypatch.setattr("importlib.metadata.packages_distributions", lambda: owners)
    assert main.main([]) == 1
    assert capsys.readouterr().err.startswith("pincite: ingest-lib in ")
