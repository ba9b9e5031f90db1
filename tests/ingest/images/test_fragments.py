""""""

import pytest

from ingest.document.model import Box, union
from ingest.images.ocr_engines import SURE, Fragment, as_lines, confidence, turned


def piece(text: str, high: float = 20, sure: float = 0.99, x0: float = 0) -> Fragment:
    return Fragment(text, Box(x0, 100, x0 + 50, 100 + high), sure)


def test_confidence_is_the_mean_over_letters() -> None:
    assert confidence([piece("abc", sure=1.0), piece("d", sure=0.6)]) == pytest.approx(0.9)
    assert confidence([]) == 0


@pytest.mark.parametrize(
    ("quarters", "box"),
    [
        (0, Box(10, 20, 40, 30)),
        (1, Box(20, 60, 30, 90)),  # what is at the right comes to the top
        (2, Box(60, 170, 90, 180)),
        (3, Box(170, 10, 180, 40)),
    ],
)
def test_a_box_turns_with_its_picture(quarters: int, box: Box) -> None:
    assert turned(Box(10, 20, 40, 30), 100, 200, quarters) == box


def test_four_quarters_are_a_whole_turn() -> None:
    box = Box(10, 20, 40, 30)
    assert turned(turned(box, 100, 200, 1), 200, 100, 3) == box


def test_a_union_holds_all() -> None:
    assert union([Box(0, 5, 10, 9), Box(4, 1, 20, 6)]) == Box(0, 1, 20, 9)


def test_a_row_becomes_a_line_in_points() -> None:
    (line,) = as_lines([[piece("one"), piece("two", x0=100)]], scale=2)
    assert (line.text, line.box) == ("one two", Box(0, 50, 75, 60))
    assert line.size == pytest.approx(7.2)  # letters are lower than their box


def test_recognition_never_claims_certainty() -> None:
    (line,) = as_lines([[piece("one", sure=1.0)]], scale=1)
    assert line.confidence == SURE < 1


def test_the_body_has_one_size_and_a_heading_a_larger_one() -> None:
    rows = [[piece("body", high)] for high in (20, 22, 19, 23, 20)] + [[piece("head", 36)]]
    *body, head = as_lines(rows, scale=1)
    assert len({line.size for line in body}) == 1
    assert head.size > 1.4 * body[0].size


def test_a_signature_is_large_and_no_heading() -> None:
    rows = [[piece("body")], [piece("body")], [piece("scrawl", 40, sure=0.6)]]
    assert len({line.size for line in as_lines(rows, scale=1)}) == 1
