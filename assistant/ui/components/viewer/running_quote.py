"""Joins the lines of a quote where its page only wrapped a paragraph.

What tells is the page: a line was wrapped if it is so full that the next word had no room in its
column. Formats without laid out pages, such as code and YAML, keep their lines.
"""

import re

from assistant.answering.whole_document.own_lists import ends_block
from ingest.document.model import Line, Page
from ingest.text.reflow import append, vocabulary

_ENDED = re.compile(r"[.!?:\u3002][\"'\u201d\u201c\u2019\u00bb\u00ab)\]]*\s*\Z")
_NUMBER = re.compile(r"\d\s*\Z")
_NARROWEST = 1 / 4  # of a page: what is narrower, such as lines of code or labels, is no column
_FULL = 2 / 3  # of its column: less is left free only before a word that is no word, a long address
_INEXACT = 3  # letters: the space before the word, and letters that are wider than the mean


def running(page: Page, cited: range) -> str:
    """The cited lines, wrapped ones as running text without the hyphen of a divided word.

    Apart stay rows of a table, items of a list, lines that each end with a number, as in a table of
    contents, lines that end with a colon or a sentence, and all lines of a page without a width.
    """
    lines, words = page.lines, vocabulary([page.text])
    said = lines[cited.start].text
    for at in cited[1:]:
        text = lines[at].text
        said = append(said, text, words) if _wrapped(page, at) else f"{said}\n{text}"
    return said


def _wrapped(page: Page, at: int) -> bool:
    """Whether a line goes on with the paragraph of the line before."""
    before, line = page.lines[at - 1], page.lines[at]
    if not page.width or not line.text.strip() or _ENDED.search(before.text):
        return False
    return not (
        ends_block(before, line)
        or (_NUMBER.search(before.text) and _NUMBER.search(line.text))
        or any(table.first <= at <= table.last + 1 for table in page.tables)
        or (before.heading, round(before.size)) != (line.heading, round(line.size))
    ) and _is_full(page, before, line)


def _is_full(page: Page, before: Line, line: Line) -> bool:
    """Whether the first word of `line` had no room behind `before`."""
    start, end = before.box.x0, before.box.x1
    column = (one.box for one in page.lines if one.box.x0 < end and one.box.x1 > start)
    edge = max((box.x1 for box in column), default=end)  # a line may have no place
    letter = (line.box.x1 - line.box.x0) / len(line.text)
    word = len(line.text.split()[0])
    return (
        edge - start > _NARROWEST * page.width
        and end - start > _FULL * (edge - start)
        and edge - end < (word + _INEXACT) * letter
    )
