"""Pictures on a page with their captions."""

from pathlib import Path

import pytest
from PIL import Image

from tests.ingest.pdf.drawing import Drawing


def picture(drawing: Drawing, x: float, y: float, width: float, height: float) -> None:
    shade = int(x + y) % 200
    drawing.pdf.image(Image.new("RGB", (40, 40), (shade, 90, 120)), x, y, width, height)


def test_a_picture_has_its_box_and_the_caption_below_it(tmp_path: Path) -> None:
    drawing = Drawing()
    picture(drawing, 100, 100, 300, 200)
    drawing.text(100, 318, "Figure 3: The old lock at Ghent")
    drawing.text(60, 360, "The lock was built in 1881.")
    (figure,) = drawing.read(tmp_path).figures
    assert figure.caption == "Figure 3: The old lock at Ghent"
    assert figure.box == pytest.approx((100, 100, 400, 300), abs=0.1)


def test_a_caption_may_stand_above(tmp_path: Path) -> None:
    drawing = Drawing()
    drawing.text(100, 90, "Fig. 2 Rainfall")
    picture(drawing, 100, 100, 300, 200)
    (figure,) = drawing.read(tmp_path).figures
    assert figure.caption == "Fig. 2 Rainfall"


def test_text_below_a_picture_is_no_caption(tmp_path: Path) -> None:
    drawing = Drawing()
    picture(drawing, 100, 100, 300, 200)
    drawing.text(100, 318, "Figures like this one are rare.")
    (figure,) = drawing.read(tmp_path).figures
    assert figure.caption == ""


def test_logos_and_grounds_are_no_figures(tmp_path: Path) -> None:
    drawing = Drawing()
    picture(drawing, 0, 0, 595.28, 841.89)
    picture(drawing, 500, 20, 40, 40)
    drawing.text(60, 100, "A slide")
    page = drawing.read(tmp_path)
    assert page.figures == ()
    assert page.pictures == 2


def test_a_picture_cut_into_strips_is_one(tmp_path: Path) -> None:
    drawing = Drawing()
    for number in range(4):
        picture(drawing, 100, 100 + 50 * number, 300, 50)
    drawing.text(100, 318, "Figure 1")
    (figure,) = drawing.read(tmp_path).figures
    assert figure.box == pytest.approx((100, 100, 400, 300), abs=0.1)
