""""""

from dataclasses import replace

import pytest

from assistant.ui.viewer.page_view import running, whole
from ingest.document.model import Box, Line, Page, Table

LETTER = 5.0  # points: every letter is as wide
FULL = "This line of the page is about as long as its column of text allows"


def page(*texts: str, width: float = 595.0, table: bool = False) -> Page:
    """Lines below one another, after a paragraph that shows how wide the column is."""
    lines = tuple(
        Line(text, Box(50, 12.0 * at, 50 + LETTER * len(text), 12.0 * at + 10))
        for at, text in enumerate((f"{FULL}.", *texts))
    )
    tables = (Table(1, len(texts), ()),) if table else ()
    return Page(1, width, 842.0, lines, tables=tables)


def shown(*texts: str, width: float = 595.0, table: bool = False) -> str:
    return running(page(*texts, width=width, table=table), range(1, 1 + len(texts)))


GROWS = "The entitlement grows from year to year, and in the fifth the extra"
GERMAN = "Der Anspruch auf Urlaub wächst von Jahr zu Jahr, so bestimmt es die"


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ((GROWS, "days count."), f"{GROWS} days count."),
        ((f"{GROWS} 28.7", "million euros."), f"{GROWS} 28.7 million euros."),
        ((GERMAN, "Vereinbarung."), f"{GERMAN} Vereinbarung."),
        ((f"{GROWS[:-5]}agree-", "ment holds."), f"{GROWS[:-5]}agreement holds."),
        ((f"{GROWS[:-5]}m² of", "the floor."), f"{GROWS[:-5]}m² of the floor."),
    ],
)
def test_a_sentence_runs_on_where_the_column_of_its_page_ends(
    texts: tuple[str, ...], said: str
) -> None:
    assert shown(*texts) == said


@pytest.mark.parametrize(
    "texts",
    [
        ("import os", "import sys"),
        ("name: pincite", "version: new"),
        ("apples 3", "pears 4"),
        (f"{GROWS} . . . 3", "Apples and pears . . . 4"),
        (f"{GROWS}:", "apples and pears"),
        (GROWS, "• apples and pears"),
        (GROWS, "2. apples and pears"),
        (f"{GROWS[:-1]}.", "Another sentence."),
    ],
)
def test_lines_that_end_by_themselves_stay_apart(texts: tuple[str, ...]) -> None:
    assert shown(*texts) == "\n".join(texts)


def test_rows_of_a_table_and_lines_of_a_text_file_stay_apart() -> None:
    assert shown(GROWS, "days count.", table=True) == f"{GROWS}\ndays count."
    assert shown(GROWS, "days count.", width=0.0) == f"{GROWS}\ndays count."


def test_short_lines_alone_on_a_page_are_no_paragraph() -> None:
    lines = [Line(text, Box(50, y, 50 + LETTER * len(text), y + 10))
             for y, text in ((0, "import os"), (12, "import sys"))]  # fmt: skip
    assert running(Page(1, 595.0, 842.0, tuple(lines)), range(2)) == "import os\nimport sys"


def test_lines_without_a_place_on_their_page_stay_apart() -> None:
    placeless = Page(1, 595.0, 842.0, (Line(GROWS), Line("days count.")))
    assert running(placeless, range(2)) == f"{GROWS}\ndays count."


def test_a_line_with_bold_words_is_still_part_of_its_paragraph() -> None:
    plain = page(GROWS, "days count.")
    *before, last = plain.lines
    lines = (*before, replace(last, bold=True))
    assert running(replace(plain, lines=lines), range(1, 3)) == f"{GROWS} days count."


def test_a_quote_has_its_first_and_its_last_sentence_as_a_whole() -> None:
    longest = "days count. It is paid out only when a contract of the employee comes to"
    there = page(GROWS, longest, "an end. A third one.")
    assert whole(there, range(1, 2)) == f"{GROWS} days count."
    assert whole(there, range(3, 4)) == (
        "It is paid out only when a contract of the employee comes to an end. A third one."
    )
    assert whole(page("import os", "import sys"), range(1, 2)) == "import os"
