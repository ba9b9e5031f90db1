"""Many rectangles at once become the same boxes as one by one."""

import numpy as np
import pytest

from ingest.pdf.text_lines import Screen

UPRIGHT = Screen(612.0, 792.0, 1.0, 0.0, 0.0, -1.0, 0.0, 792.0)
TURNED = Screen(792.0, 612.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0)
SCALED = Screen(300.0, 400.0, 0.3333, 0.0, 0.0, -0.3333, -7.125, 404.56)


@pytest.mark.parametrize("view", [UPRIGHT, TURNED, SCALED])
def test_boxes_of_many_are_the_boxes_of_each(view: Screen) -> None:
    sides = np.random.default_rng(7).uniform(-200, 900, (4, 500))
    sides[:, 0] = 0.0, 792.001, 0.0, 792.004  # just above the page: no negative zero
    many = view.boxes(*sides)
    each = [view.box(*corner) for corner in sides.T.tolist()]
    assert many == each
    assert [str(box) for box in many] == [str(box) for box in each]
