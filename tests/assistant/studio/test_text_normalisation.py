"""What is read aloud of a text."""

import pytest

from assistant.studio.voices import pieces


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Leave is 30 days [1].", "Leave is 30 days."),
        ("Leave is 30 days [1][2, 3] a year.", "Leave is 30 days a year."),
        ("**Bold**, *slanted* and `code`.", "Bold, slanted and code."),
        ("Ask [the desk](https://desk.example/a_(b)).", "Ask the desk."),
        ("See https://user:secret@www.example.com/x?y=1 now.", "See example.com now."),
        ("![A chart](chart.png) It rose.", "A chart It rose."),
        ("Sounds [[h@loU]] are not taken for such.", "Sounds h@loU are not taken for such."),
        ("Say <b>this</b>: 3 < 4.", "Say this: 3 4."),
    ],
)  # fmt: skip
def test_a_sentence_is_read_as_people_say_it(written: str, read: str) -> None:
    assert list(pieces(written)) == [read]


def test_headings_lists_and_tables_are_read_line_by_line() -> None:
    written = "# Prices\n\n- Pens\n2. Ink\n\n| Item | Price |\n|---|---:|\n| Pen | 2 |\n"
    assert list(pieces(written)) == ["Prices.", "Pens.", "Ink.", "Item, Price.", "Pen, 2."]


@pytest.mark.parametrize("end", ["\n```\nDone.", ""])
def test_code_is_not_read(end: str) -> None:
    read = list(pieces(f"Run this:\n\n```sh\nrm -rf build\n{end}"))
    assert read[:2] == ["Run this:", "A block of code is left out here."]
    assert not any("build" in piece for piece in read)


@pytest.mark.parametrize("empty", ["", "…", "[1]", "---", "| | |", "\n\n"])
def test_of_signs_alone_nothing_is_read(empty: str) -> None:
    assert list(pieces(empty)) == []


def test_a_long_sentence_is_cut_and_nothing_is_lost() -> None:
    long = "The list names " + ", ".join(f"item number {n}" for n in range(60)) + "."
    parts = list(pieces(long))
    assert len(parts) > 2
    assert max(map(len, parts)) <= 300
    assert " ".join(parts) == long
    assert all(part.endswith((",", ".")) for part in parts)
