"""A document in parts that follow its headings."""

from assistant.answering.whole.statements import parts
from tests.assistant.answering.whole.shelf import SmallShelf

LONG = [
    f"Sentence {n} tells of the weather in town number {n} at length and in detail."
    for n in range(60)
]


def shelf() -> SmallShelf:
    return SmallShelf(
        {"A.pdf": [["Leave", *LONG[:20]], ["Travel", *LONG[20:40]], ["Pay", *LONG[40:]]]}
    )


def test_every_line_is_in_one_part() -> None:
    found = parts("A.pdf", shelf())
    lines = [
        (window.page.number, line)
        for part in found
        for window in part.windows
        for line in range(window.first, window.last + 1)
    ]
    assert sorted(lines) == [(page, line) for page in (1, 2, 3) for line in range(21)]


def test_there_are_no_more_than_a_dozen_parts() -> None:
    pages = [[f"Heading {n}", *LONG[:10]] for n in range(30)]
    found = parts("A.pdf", SmallShelf({"A.pdf": pages}))
    assert len(found) == 12
    assert sum(part.tokens for part in found) > 1000


def test_a_document_without_text_has_no_parts() -> None:
    assert parts("A.pdf", SmallShelf({"A.pdf": []})) == []
