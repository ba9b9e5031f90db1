""""""

import pytest
from PIL import Image

from ingest.images.ocr_engines import LONGEST, MOST_PIXELS, bounded, fitting


def test_a_small_picture_stays_as_it_is() -> None:
    picture = Image.new("RGB", (300, 200))
    assert bounded(picture) == (picture, 1)


@pytest.mark.parametrize("size", [(5_000, 4_000), (100, 30_000), (30_000, 20)])
def test_a_large_picture_is_scaled_into_the_bounds(size: tuple[int, int]) -> None:
    smaller, factor = bounded(Image.new("L", size))
    assert smaller.width * smaller.height <= MOST_PIXELS * 1.01
    assert max(smaller.size) <= LONGEST
    assert smaller.width == pytest.approx(size[0] * factor, abs=1)
    assert smaller.mode == "RGB"


def test_no_size_grows() -> None:
    assert fitting(10, 10) == 1
    assert fitting(0, 0) == 1
