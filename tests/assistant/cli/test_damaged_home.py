"""A home whose files are damaged: a sentence with the remedy, and nothing is made worse."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Pincite

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


def kept(home: Path) -> None:
    """What a home may hold besides."""
    (home / "settings.toml").write_text('ocr = "off"\n')
    learned = home / "libraries/main/learned.json"
    if not learned.exists():
        learned.write_text('{"version": 1}')


@pytest.mark.parametrize("damage", [truncated, flipped, flipped_inside, empty, missing, a_folder])
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_is_a_sentence_and_the_rest_works(
    full: Pincite, home: Path, papers: Path, name: str, damage: Callable[[Path], None]
) -> None:
    answer = full("ask", LEAVE, "--json").json
    full("eval", "rate", answer["id"], "up")
    full("eval", "runs")
    full("search", "--pictures", "leave")
    kept(home)
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
        ["eval", "rate", answer["id"], "down"], ["verify"], ["add", papers], ["search", "leave"],
    ):  # fmt: skip
        ran = full(*command)  # an error that is no sentence is raised
        assert ran.status in (0, 1, 2, 3), command
        if ran.status in (1, 2):
            (line,) = ran.err.splitlines()[-1:]
            assert line.startswith("pincite: ") and len(line) < 500
    for path, data in others.items():
        if damage is not missing or "catalog" not in name:
            assert path.read_bytes() == data
