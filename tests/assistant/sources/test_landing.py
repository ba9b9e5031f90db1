"""Names of hostile servers, and writing that breaks off."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.sources.source_list import Entry, Landing


def entry(path: str, etag: str = "") -> Entry:
    return Entry(path, tuple(path.split("/")), etag=etag)


def test_hostile_names_stay_below_the_folder_and_apart(tmp_path: Path) -> None:
    hostile = [
        "../../outside.txt", "/etc/passwd", "a/../../b.txt", "..", "con.txt", "x\u202etxt.exe",
        "a\nb.txt", "C:\\windows\\x.txt", "é" * 300 + ".txt", "/".join(["d" * 150] * 20),
        "Case.txt", "case.txt", "file.txt", "file.txt/inner.txt", "cafe\u0301.txt", "caf\u00e9.txt",
        "nul\0byte.txt", ".fetched.jsonl", ".lock", ".part", "\udc80.txt",
    ]  # fmt: skip
    (tmp_path / "source").mkdir()
    landing = Landing(tmp_path / "source")

    for number, name in enumerate(hostile):
        assert landing.write(entry(name), [str(number).encode()])

    again = Landing(tmp_path / "source")
    assert len(again.new()) == len(hostile)
    assert {path.read_bytes() for path in again.new()} == {
        str(number).encode() for number in range(len(hostile))
    }
    assert all(
        path.resolve().is_relative_to(tmp_path / "source") and str(path).isprintable()
        for path in again.new()
    )
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_what_breaks_off_leaves_the_old_file(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landing.write(entry("a.txt", "1"), [b"old"])

    def broken() -> Iterator[bytes]:
        yield b"new"
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        landing.write(entry("a.txt", "2"), broken())

    again = Landing(tmp_path)
    assert (tmp_path / "a.txt").read_bytes() == b"old"
    assert again.rows["a.txt"].etag == "1"


def test_a_file_that_was_not_noted_any_more_comes_over_itself(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landing.write(entry("a.txt"), [b"one"])
    notes = tmp_path / ".fetched.jsonl"
    notes.write_bytes(notes.read_bytes()[:-20])  # a kill while it was written

    again = Landing(tmp_path)
    assert not again.rows
    assert again.write(entry("a.txt"), [b"one"])
    assert [path.name for path in again.new()] == ["a.txt"]


def test_the_same_bytes_are_not_read_again(tmp_path: Path) -> None:
    landing = Landing(tmp_path)
    landing.write(entry("a.txt", "1"), [b"one"])
    landing.handed_over()

    assert not landing.write(entry("a.txt", "2"), [b"one"])
    assert (landing.new(), Landing(tmp_path).rows["a.txt"].etag) == ([], "2")
    assert landing.write(entry("a.txt", "3"), [b"two"])
    assert landing.new() == [tmp_path / "a.txt"]
