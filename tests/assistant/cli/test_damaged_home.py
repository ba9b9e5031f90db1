"""A home whose files are damaged: a sentence with the remedy, and nothing is made worse."""

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import Pincite, Ran, refused

LEAVE = "How many days of leave are there?"


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    """A byte in each hundred, and the first ones."""
    data, random_ = bytearray(path.read_bytes()), random.Random(1)
    for at in [*range(min(16, len(data))), *random_.choices(range(len(data)), k=len(data) // 100)]:
        data[at] ^= 0xFF
    path.write_bytes(data)


def flipped_inside(path: Path) -> None:
    """Beyond what says what kind of file it is."""
    data, random_ = bytearray(path.read_bytes()), random.Random(2)
    for at in random_.choices(range(min(200, len(data) - 1), len(data)), k=40):
        data[at] ^= 0xFF
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def missing(path: Path) -> None:
    path.unlink()


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FILES = (
    "libraries/main/catalog.sqlite",
    "libraries/main/pictures.sqlite",
    "libraries/main/learned.json",
    "libraries/main/chroma/chroma.sqlite3",
    "libraries/main/files/*.pdf",
    "conversations.sqlite",
    "evaluation/runs.sqlite",
    "evaluation/own/main/feedback.sqlite",
    "evaluation/own/main/questions.jsonl",
    "settings.toml",
)


@pytest.fixture
def asked(full: Pincite, home: Path, desk: Path) -> str:
    """The id of an answer in a home that holds all that it may; made once, and copied."""
    made, answer = desk / "asked", desk / "answer"
    if made.exists():
        shutil.rmtree(home)
        shutil.copytree(made, home)
    else:
        answer.write_text(full("ask", LEAVE, "--json").json["id"])
        full("eval", "rate", answer.read_text(), "up")
        full("eval", "runs")
        full("search", "--pictures", "leave")
        (home / "settings.toml").write_text('ocr = "off"\n')
        learned = home / "libraries/main/learned.json"
        if not learned.exists():
            learned.write_text('{"version": 1}')
        shutil.copytree(home, made)
    return answer.read_text()


@pytest.mark.parametrize("damage", [truncated, flipped, flipped_inside, empty, missing, a_folder])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_a_sentence_and_the_rest_works(
    full: Pincite, asked: str, home: Path, papers: Path, name: str, damage: Callable[[Path], None]
) -> None:
    found = sorted(home.glob(name))
    if not found:
        pytest.skip(f"{name} is not made by these commands")
    damage(found[0])
    others = {
        path: path.read_bytes() for path in (home / "libraries/main/files").iterdir()
        if path != found[0]
    }  # fmt: skip
    for command in (
        ["documents"], ["search", "leave"], ["ask", LEAVE], ["eval", "runs"],
        ["eval", "rate", asked, "down"], ["verify"], ["add", papers], ["search", "leave"],
    ):  # fmt: skip
        in_a_sentence(full(*command))  # an error that is no sentence is raised
    for path, data in others.items():
        if damage is not missing or "catalog" not in name:
            assert path.read_bytes() == data
    in_a_sentence(full("remove", "Policy.pdf"))


def in_a_sentence(ran: Ran) -> None:
    assert ran.status in (0, 1, 2, 3)
    if ran.status in (1, 2):
        (line,) = ran.err.splitlines()[-1:]
        assert line.startswith("pincite: ") and len(line) < 700


KEPT = ("conversations.sqlite", "evaluation/runs.sqlite", "evaluation/own/main/feedback.sqlite")


@pytest.mark.parametrize("damage", [truncated, flipped])
def test_a_backup_takes_the_place_of_a_damaged_catalogue(
    full: Pincite, home: Path, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    assert full("backup", tmp_path / "b").status == 0
    catalog = home / "libraries/main/catalog.sqlite"
    damage(catalog)
    bytes_ = catalog.read_bytes()
    assert "`pincite restore FILE` puts a backup in its place" in refused(full("documents"))
    (tmp_path / "none").write_text("no backup")
    assert "none is not a backup" in refused(full("restore", tmp_path / "none"))
    assert catalog.read_bytes() == bytes_

    restored = full("restore", tmp_path / "b")

    aside = home / "libraries/main/damaged-1.sqlite"
    assert restored.err == f"pincite: The catalogue of main was damaged: it was moved to {aside}.\n"
    assert aside.read_bytes() == bytes_
    assert restored.out.startswith("main: 2 documents, 3 passages")
    assert full("search", "leave", "--json").json[0]["document"] == "Handbook.pdf"
    assert full("verify").status == 0


def test_a_question_is_answered_though_its_receipt_cannot_be_kept(
    full: Pincite, home: Path
) -> None:
    full("ask", LEAVE)
    truncated(home / "conversations.sqlite")
    ran = full("ask", LEAVE)
    assert ran.status == 0
    assert "Thirty days of leave" in ran.out
    assert "which keeps the conversations, cannot be used" in ran.err
    assert "Move the file away to begin a new one, or put back a copy of it." in ran.err
    (home / "conversations.sqlite").unlink()
    assert "cannot be used" not in full("ask", LEAVE).err


def test_what_a_newer_version_has_made_is_left_as_it_is(full: Pincite, home: Path) -> None:
    answer = full("ask", LEAVE, "--json").json
    full("eval", "rate", answer["id"], "up")
    full("eval", "runs")
    paths = [home / name for name in (*KEPT, "libraries/main/catalog.sqlite")]
    for path in paths:
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA user_version = 99")
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = [path.read_bytes() for path in paths]
    for command in (["documents"], ["replay", answer["id"]], ["eval", "runs"], ["add", home]):
        assert "was made by another version of Pincite" in refused(full(*command)), command
    assert [path.read_bytes() for path in paths] == before


def test_what_a_version_that_was_never_released_has_made_is_left_as_it_is(
    full: Pincite, home: Path
) -> None:
    answer = full("ask", LEAVE, "--json").json
    made = {"libraries/main/catalog.sqlite": 9, "conversations.sqlite": 0}
    for name, version in made.items():
        with closing(sqlite3.connect(home / name)) as file:
            file.execute(f"PRAGMA user_version = {version}")
            file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = [(home / name).read_bytes() for name in made]
    for command in (["documents"], ["add", home], ["replay", answer["id"]]):
        assert "another version of Pincite" in refused(full(*command))
    assert [(home / name).read_bytes() for name in made] == before


def test_what_a_newer_version_keeps_besides_is_no_hindrance(full: Pincite, home: Path) -> None:
    answer = full("ask", LEAVE, "--json").json
    full("eval", "rate", answer["id"], "up")
    full("eval", "runs")
    for name in KEPT:
        with closing(sqlite3.connect(home / name)) as file:
            grow(file)

    for command in (
        ["ask", LEAVE, "--conversation", "0" * 32], ["eval", "rate", answer["id"], "down"],
        ["eval", "runs"], ["replay", answer["id"]],
    ):  # fmt: skip
        assert full(*command).status == 0, command


def grow(file: sqlite3.Connection) -> None:
    """Give each table another column, as a version does that others shall still read."""
    tables = (
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
        " AND name NOT LIKE 'sqlite_%'"
    )
    for (name,) in file.execute(tables).fetchall():
        file.execute(f"ALTER TABLE {name} ADD COLUMN newer TEXT NOT NULL DEFAULT ''")
    file.commit()
