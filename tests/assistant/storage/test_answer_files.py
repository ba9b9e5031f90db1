"""Files of answers stay as long as something mentions them."""

import json
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import AssistantError
from assistant.storage.files import AnswerFiles, mentioned, mentioned_in

ONE, TWO, THREE = ("1" * 32, "2" * 32, "3" * 32)


def files_in(home: Path, in_use: Callable[[], set[str]] = set, empty: bool = False) -> AnswerFiles:
    return AnswerFiles(home, in_use, lambda: empty)


def write(*paths: Path, days: float = 2) -> None:
    at = time.time() - days * 24 * 3600
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (at, at))


def test_an_answer_mentions_the_files_of_its_home_wherever_that_is() -> None:
    answer = {
        "attached": [f"/home/one/attached/{ONE}/photo.png", f"/home/ann/{THREE}.png"],
        "images": [rf"C:\Pincite\made\{TWO}.png"],
        "wish": {"mask": f"/srv/made/{'4' * 32}.mask.png"},
    }
    assert mentioned([json.dumps(answer)]) == {ONE, TWO, "4" * 32}


def test_what_belongs_together_goes_together_and_what_is_mentioned_stays(tmp_path: Path) -> None:
    photo = tmp_path / "attached" / ONE / "photo.png"
    picture, steps = (tmp_path / "made" / f"{TWO}{suffix}" for suffix in (".png", ".steps"))
    shared = tmp_path / "made" / f"{THREE}.wav"
    write(photo, picture, steps, shared)
    files_in(tmp_path, lambda: {THREE}).discard([ONE, TWO, THREE, "4" * 32])
    assert [path.exists() for path in (photo.parent, picture, steps, shared)] == [False] * 3 + [
        True
    ]


def test_one_that_cannot_be_deleted_keeps_no_other_one(tmp_path: Path) -> None:
    stuck, beside = (tmp_path / "made" / f"{ONE}{suffix}" for suffix in (".png", ".steps"))
    photo = tmp_path / "attached" / TWO / "photo.png"
    stuck.mkdir(parents=True)  # no file
    write(beside, photo)
    with pytest.raises(AssistantError, match=rf"deleted: {stuck} \(.*\)\. Nothing") as said:
        files_in(tmp_path).discard([ONE, TWO])
    assert "`pincite storage --clean orphans`" in str(said.value)
    assert stuck.exists() and not beside.exists() and not photo.parent.exists()


@pytest.mark.parametrize(
    "path",
    [f"/home/ann/made/{ONE}.png", f"made/{ONE}.png", rf"C:\made\{ONE}.png", rf"made\{ONE}.png",
     f"C:/Pincite/attached/{ONE}/a.png", rf"C:\Pincite\attached\{ONE}\a.png"],
)  # fmt: skip
def test_only_the_rows_that_mention_a_file_are_read(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        "assistant.storage.files.mentioned",
        lambda texts: mentioned([read.append(text) or text for text in texts]),  # type: ignore[func-returns-value]
    )
    answers = [{"answer": "made, attached", "attached": []}, {"wish": {"mask": path}}]
    with sqlite3.connect(":memory:") as connection:
        connection.execute("CREATE TABLE turn (number INTEGER PRIMARY KEY, answer TEXT)")
        rows = [(json.dumps(answer),) for answer in answers]
        connection.executemany("INSERT INTO turn (answer) VALUES (?)", rows)
        assert mentioned_in(connection, "turn", "answer") == {ONE}
    connection.close()
    assert [json.loads(text) for text in read] == answers[1:]


def test_empty_tables_do_not_say_that_a_file_is_left(tmp_path: Path) -> None:
    write(tmp_path / "made" / f"{ONE}.png")
    assert files_in(tmp_path).orphans()
    assert not files_in(tmp_path, empty=True).orphans()


def test_what_nothing_mentions_is_left_after_a_day(tmp_path: Path) -> None:
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    photo, sound = home / "attached" / ONE / "photo.png", home / "made" / f"{TWO}.wav"
    write(photo, sound, home / "made" / "my own.png", home / "attached" / "holiday" / "photo.png")
    write(home / "made" / f"{THREE}.png", days=0.5)
    write(elsewhere / f"{THREE}.png")
    files = files_in(home, lambda: {TWO})
    assert files.orphans() == {photo}
    (home / "made").rename(tmp_path / "away")
    (home / "made").symlink_to(elsewhere)
    assert files.orphans() == {photo}


def test_the_tables_are_read_only_where_there_is_a_file_to_ask_for(tmp_path: Path) -> None:
    def unasked() -> set[str]:
        pytest.fail("a whole table is read for nothing")

    write(tmp_path / "made" / f"{ONE}.png", days=0)
    files = files_in(tmp_path, unasked)
    files.discard([])
    assert files.orphans() == set()
