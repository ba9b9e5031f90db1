""""""

import random
from itertools import pairwise

import pytest

from ingest.document.model import Box
from ingest.images.ocr_engines import Fragment, in_reading_order

PROSE = "a line of running text, long enough"


def at(text: str, x0: float, y0: float, x1: float, high: float = 20, slope: float = 0) -> Fragment:
    return Fragment(text, Box(x0, y0, x1, y0 + high), 0.99, slope)


def column(name: str, x0: float, x1: float, top: float = 100, lines: int = 6) -> list[Fragment]:
    return [at(f"{name}{n} {PROSE}", x0, top + 30 * n, x1) for n in range(lines)]


def read(fragments: list[Fragment]) -> list[list[str]]:
    """The first word of each piece, row by row; the order they come in must not matter."""
    random.Random(3).shuffle(fragments)
    return [[one.text.split()[0] for one in row] for row in in_reading_order(fragments)]


def test_nothing_is_read_from_nothing() -> None:
    assert in_reading_order([]) == []


def test_lines_are_read_from_top_to_bottom() -> None:
    assert read(column("a", 50, 400, lines=3)) == [["a0"], ["a1"], ["a2"]]


def test_pieces_side_by_side_are_one_row_from_left_to_right() -> None:
    fragments = [at("total", 50, 100, 120), at("19.40", 400, 104, 460), at("next", 50, 140, 120)]
    assert read(fragments) == [["total", "19.40"], ["next"]]


def test_columns_of_text_are_read_one_after_the_other() -> None:
    rows = read(column("a", 50, 400) + column("b", 450, 800))
    assert rows == [[f"a{n}"] for n in range(6)] + [[f"b{n}"] for n in range(6)]


def test_a_title_and_a_footer_stay_around_the_columns() -> None:
    page = [at("title of the page", 50, 20, 800, 30), at("footer", 400, 900, 450)]
    rows = read(page + column("a", 50, 400, lines=12) + column("b", 450, 800, lines=12))
    assert (rows[0], rows[1], rows[13], rows[-1]) == (["title"], ["a0"], ["b0"], ["footer"])


def test_a_heading_across_parts_the_columns_above_from_those_below() -> None:
    upper = column("a", 50, 400) + column("b", 450, 800)
    lower = column("c", 50, 400, 400) + column("d", 450, 800, 400)
    words = [row[0] for row in read([*upper, at("across both", 50, 330, 800), *lower])]
    first = [words.index(name) for name in ("a0", "b0", "across", "c0", "d0")]
    assert first == sorted(first)


def test_short_pieces_in_columns_are_a_table_and_read_by_rows() -> None:
    cells = [
        at(f"{c}{n}", x, 100 + 30 * n, x + 60) for n in range(6) for c, x in (("a", 50), ("b", 450))
    ]
    assert read(cells) == [[f"a{n}", f"b{n}"] for n in range(6)]


@pytest.mark.parametrize("slope", [0.03, -0.03])
def test_rows_of_a_page_that_leans_stay_together(slope: float) -> None:
    """Over 700 pixels a row falls by 21: as much as one line is high."""
    boxes = [(x, 100 + 25 * n) for n in range(8) for x in (50, 300, 550)]
    page = [
        at(f"r{n}c{x}", x, y + slope * (x + 100) - 3, x + 200, 20 + 6, slope)
        for (x, y), n in zip(boxes, [n for n in range(8) for _ in range(3)], strict=True)
    ]
    rows = read(page)
    assert [row[0][:2] for row in rows] == [f"r{n}" for n in range(8)]
    assert all(len(row) == 3 and len({word[:2] for word in row}) == 1 for row in rows)


def test_every_piece_is_read_once() -> None:
    rng = random.Random(7)
    for _ in range(20):
        page = [
            at(
                f"w{n} {PROSE * rng.randint(0, 1)}",
                x := rng.uniform(0, 600),
                rng.uniform(0, 900),
                x + rng.uniform(10, 300),
            )
            for n in range(60)
        ]
        words = [word for row in read(page) for word in row]
        assert sorted(words) == sorted(f"w{n}" for n in range(60))


def test_rows_run_from_left_to_right() -> None:
    row = in_reading_order([at("b", 300, 100, 400), at("a", 50, 102, 200), at("c", 450, 99, 500)])[
        0
    ]
    assert all(left.box.x0 < right.box.x0 for left, right in pairwise(row))
