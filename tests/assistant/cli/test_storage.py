"""The command storage."""

import os
from pathlib import Path

from assistant.settings import Settings
from assistant.storage.files import CLEANABLE, KINDS
from assistant.wiring import composition
from tests.commands import Pincite


def old(*files: Path) -> None:
    """Files of two bytes that no answer under way can have made."""
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("xy")
        os.utime(file, (0, 0))


def test_each_kind_is_listed_with_its_size(full: Pincite, home: Path) -> None:
    old(home / "made" / "chart.png")
    rows = full("storage", "--json").json
    assert [row["kind"] for row in rows] == list(KINDS)
    [made] = [row for row in rows if row["kind"] == "made"]
    assert made == {"kind": "made", "bytes": 2, "files": 1}
    listed = full("storage")
    assert listed.status == 0 and "in 1 file: Pictures and sounds that were made" in listed.out
    assert "  0 kB in 1 file" in listed.out
    assert "--clean KIND" in listed.err


def test_files_that_no_conversation_has_are_cleaned_alone(full: Pincite, home: Path) -> None:
    left, had = (home / "made" / f"{letter * 32}.png" for letter in "ab")
    old(left, had)
    kept = composition.conversations(Settings(home=home))
    kept.add("c", {"question": "?", "answer": "x", "images": [str(had)]})
    cleaned = full("storage", "--clean", "orphans", "--json")
    assert (cleaned.status, cleaned.json) == (0, [{"kind": "orphans", "bytes": 2, "files": 1}])
    assert had.exists() and not left.exists()


def test_a_deleted_library_is_cleaned_and_comes_back_no_more(full: Pincite) -> None:
    assert full("libraries", "delete", "main").status == 0
    cleaned = full("storage", "--clean", "deleted", "--clean", "pictures", "--json")
    assert cleaned.status == 0 and [row["kind"] for row in cleaned.json] == ["deleted", "pictures"]
    assert cleaned.json[0]["files"] > 0
    assert full("libraries", "undo", "main").status == 1


def test_what_is_no_kind_is_wrong_usage_and_names_those_that_are(full: Pincite) -> None:
    wrong = full("storage", "--clean", "libraries")
    assert wrong.status == 2 and all(kind in wrong.err for kind in CLEANABLE)


def test_tables_that_are_away_leave_the_rest_to_be_counted(full: Pincite, home: Path) -> None:
    old(home / "made" / f"{'a' * 32}.png")
    (home / "conversations.sqlite").write_text("no database" * 500)
    listed = full("storage", "--json")
    assert listed.status == 3 and "not told apart" in listed.err
    assert [row["files"] for row in listed.json if row["kind"] == "made"] == [1]
    assert full("storage", "--clean", "orphans").status == 1
