"""Reading order of text in columns."""

from pathlib import Path

import pytest

from tests.ingest.pdf.drawing import Drawing

LEFT = [
    "The first settlers came on the",
    "railroad in the year that it was",
    "built and kept to its stations,",
    "where the water for the engines",
    "was good. The other villages had",
    "to move or were given up within",
    "ten years of the first train.",
]
RIGHT = [
    "Since then the towns have grown",
    "little. In most of them a school",
    "and a church are still in use,",
    "and the shops of the main street",
    "serve the farms around. A few of",
    "them have been made into homes",
    "by people from the city.",
]


@pytest.mark.parametrize("order", ["column by column", "line by line"])
def test_two_columns_are_read_one_after_the_other(tmp_path: Path, order: str) -> None:
    drawing = Drawing()
    drawing.text(60, 60, "Settlements along the railroad, and what became of all of them later")
    places = [(60.0, 90 + 14.0 * n, text) for n, text in enumerate(LEFT)]
    places += [(320.0, 90 + 14.0 * n, text) for n, text in enumerate(RIGHT)]
    if order == "line by line":
        places.sort(key=lambda place: (place[1], place[0]))
    for x, y, text in places:
        drawing.text(x, y, text)
    drawing.text(60, 220, "Source: the survey of historic buildings that the county keeps itself")
    page = drawing.read(tmp_path)
    assert [line.text for line in page.lines[1:-1]] == LEFT + RIGHT
    assert max(line.box.x1 for line in page.lines[1:8]) < 320


def test_words_that_stand_apart_now_and_then_are_not_columns(tmp_path: Path) -> None:
    drawing = Drawing()
    for number in range(8):
        y = 90 + 14.0 * number
        drawing.text(60, y, "This line goes on without a gap to the right of the page, and on")
        if number % 3 == 0:
            drawing.text(420, y, "but here is one")
    page = drawing.read(tmp_path)
    assert len(page.lines) == 8


def test_labels_and_their_values_stay_together(tmp_path: Path) -> None:
    drawing = Drawing()
    names = ["Iris", "Poppy", "Rose", "Tulip", "Aster", "Lily", "Daisy"]
    for number, name in enumerate(names):
        drawing.text(60, 90 + 14.0 * number, f"Name of flower {number}:")
        drawing.text(320, 90 + 14.0 * number, name)
    page = drawing.read(tmp_path)
    assert page.lines[0].text == "Name of flower 0: Iris"
