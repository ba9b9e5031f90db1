"""What holds of every page, tried on pages that chance makes."""

import random

import pytest

from ingest.chunking import chunk, ledger
from ingest.document.model import Document, Line, Page, count
from ingest.text import reflow
from ingest.text.reflow import about_tokens

_SIGNS = "aaaeeinrst  ..…_-,;:|0123456789éüß日本語\u00a0\t"


def some_text(random_: random.Random, most: int) -> str:
    length = random_.choice([0, 1, 7, 60, most])
    return "".join(random_.choices(_SIGNS, k=random_.randint(0, length)))


def some_page(random_: random.Random, number: int) -> Page:
    lines = tuple(
        Line(
            some_text(random_, 400), heading=random_.choice([0, 0, 0, 1, 2]),
            begins=random_.random() < 0.3, hidden=random_.choice(["", "", "", "white on white"]),
        )
        for _ in range(random_.randint(0, 60))
    )  # fmt: skip
    return Page(number, 0, 0, lines)


@pytest.mark.parametrize("seed", range(60))
def test_each_line_with_text_is_in_exactly_one_passage_and_the_ledger_adds_up(seed: int) -> None:
    random_ = random.Random(seed)
    pages = tuple(some_page(random_, number) for number in range(1, random_.randint(2, 5)))
    document = Document("0" * 64, "a.md", "a", pages)
    chunks = chunk(document)
    for page in pages:
        times = [0] * len(page.lines)
        for passage in chunks:
            for at in range(passage.first, passage.last + 1) if passage.page == page.number else ():
                times[at] += 1
        assert all(t == 1 for t, line in zip(times, page.lines, strict=True) if count(line.text))
        assert max(times, default=0) <= 1
    for row, page in zip(ledger(document, chunks), pages, strict=True):
        assert row.source == row.indexed + sum(dropped.characters for dropped in row.dropped)
        assert row.source == sum(count(line.text) for line in page.lines)


@pytest.mark.parametrize("seed", range(60))
def test_folding_loses_white_space_alone_and_makes_lines_short(seed: int) -> None:
    random_ = random.Random(seed)
    text = "".join(some_text(random_, 3000) for _ in range(random_.randint(1, 8)))
    parts = reflow.fold(Line(text))
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())
    if len(parts) > 1:
        assert all(about_tokens(part.text) <= reflow.LONG + 1 for part in parts)


@pytest.mark.parametrize("seed", range(200))
def test_the_beginning_decides_about_a_long_text_as_all_of_it_would(seed: int) -> None:
    random_ = random.Random(seed)
    dots = random_.choice(["", ".", " . ", "…", "_" * 50])
    words = [some_text(random_, 30) + dots * random_.randint(0, 40) for _ in range(400)]
    text = "".join(words)[: random_.choice([3990, 4001, 4010, 9000])]
    assert reflow._exceeds(text) == (about_tokens(text) > reflow.LONG)
