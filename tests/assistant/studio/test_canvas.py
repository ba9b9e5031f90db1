"""Sizes and edges, by hand."""

import time

import numpy as np
import pytest
from PIL import Image, ImageFilter

from assistant.studio import canvas
from assistant.studio.canvas import CannotPaint, Likes

SD = Likes((512, 512), 8)


@pytest.mark.parametrize(
    ("size", "scaled", "work"),
    [
        ((512, 512), (512, 512), (512, 512)),
        ((600, 400), (600, 400), (600, 400)),
        ((601, 399), (601, 399), (608, 400)),
        ((4000, 3000), (591, 443), (592, 448)),
        ((64, 64), (512, 512), (512, 512)),
    ],
)
def test_a_given_picture_is_worked_on_near_the_size_of_the_model(
    size: tuple[int, int], scaled: tuple[int, int], work: tuple[int, int]
) -> None:
    fit = canvas.given(size, SD)
    assert (fit.scaled, fit.work) == (scaled, work)


def test_a_picture_comes_to_its_size_and_back() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (51, 70, 3), np.uint8)
    fit = canvas.given((70, 51), Likes((64, 64), 8))
    inside = fit.into(Image.fromarray(pixels))
    assert inside.size == (72, 56)
    assert (np.asarray(inside)[:51, 70] == pixels[:, 69]).all()  # the last pixels, repeated
    assert (np.asarray(fit.back(inside)) == pixels).all()


def test_a_picture_grows_by_its_edges() -> None:
    picture = Image.new("RGB", (10, 6), "red")
    grown, mask = canvas.grown(picture, (1, 2, 3, 4))
    assert grown.size == mask.size == (14, 12)
    assert grown.getcolors() == [(14 * 12, (255, 0, 0))]
    kept = np.asarray(mask) == 0
    assert kept.sum() == 60 and kept[2:8, 1:11].all()


@pytest.mark.parametrize("by", [(0, 0, 0, 0), (-1, 4, 0, 0)])
def test_a_picture_grows_by_numbers_above_zero(by: tuple[int, int, int, int]) -> None:
    with pytest.raises(CannotPaint, match="--grow"):
        canvas.grown(Image.new("RGB", (4, 4)), by)


def test_a_picture_does_not_grow_beyond_memory() -> None:
    with pytest.raises(CannotPaint, match="200004x200004 pixels: at most 50 million"):
        canvas.grown(Image.new("RGB", (4, 4)), (100_000,) * 4)


def test_the_seam_is_soft_inside_of_the_mask_and_hard_outside() -> None:
    mask = Image.new("L", (100, 100))
    mask.paste(255, (30, 30, 70, 70))
    black, white = Image.new("RGB", (100, 100)), Image.new("RGB", (100, 100), "white")
    mixed = np.asarray(canvas.put_back(black, white, mask))[..., 0]
    assert not mixed[np.asarray(mask) == 0].any()
    assert mixed[50, 50] == 255
    assert 0 < mixed[50, 31] < 255


def test_the_seam_of_a_photograph_takes_no_minutes() -> None:
    mask = Image.new("L", (4000, 3000))
    mask.paste(255, (1000, 1000, 3000, 2000))
    black, white = Image.new("RGB", mask.size), Image.new("RGB", mask.size, "white")
    began = time.process_time()
    mixed = np.asarray(canvas.put_back(black, white, mask))[..., 0]
    assert (
        time.process_time() - began < 20
    )  # 0.2 in fact; a MinFilter took 1.4 for a twelfth of the pixels
    assert not mixed[np.asarray(mask) == 0].any() and mixed[1500, 2000] == 255


def test_what_is_near_black_is_not_within_the_seam() -> None:
    mask = Image.new("L", (260, 230), 255)
    mask.putpixel((130, 115), 0)
    for radius in (1, 7, 100):
        expected = mask.filter(ImageFilter.MinFilter(radius * 2 + 1)) if radius < 100 else None
        inner = np.asarray(canvas._shrunk(mask, radius))
        assert (inner == 0).sum() == (2 * radius + 1) ** 2
        assert expected is None or (inner == np.asarray(expected)).all()


def test_a_line_in_a_mask_is_not_lost() -> None:
    mask = Image.new("L", (100, 100))
    mask.paste(255, (10, 50, 90, 51))
    black, white = Image.new("RGB", (100, 100)), Image.new("RGB", (100, 100), "white")
    assert np.asarray(canvas.put_back(black, white, mask)).any()


def test_a_mask_may_be_painted_on_a_clear_sheet() -> None:
    sheet = Image.new("RGBA", (10, 10))
    sheet.paste((0, 0, 0, 255), (2, 2, 5, 5))
    assert np.asarray(canvas.hard(sheet, (10, 10))).sum() == 9 * 255
    solid = Image.new("RGBA", (10, 10), (0, 0, 0, 255))
    solid.paste((255, 255, 255, 255), (2, 2, 4, 4))
    assert np.asarray(canvas.hard(solid, (20, 20))).sum() == 16 * 255


def test_a_mask_of_another_shape_is_refused_and_a_smaller_copy_is_not() -> None:
    with pytest.raises(CannotPaint, match="64x16 pixels and the picture 64x64"):
        canvas.hard(Image.new("L", (64, 16), 255), (64, 64))
    assert canvas.hard(Image.new("L", (133, 100), 255), (4000, 3000)).size == (4000, 3000)


def test_a_mask_without_white_is_told() -> None:
    with pytest.raises(CannotPaint, match="marks nothing"):
        canvas.hard(Image.new("L", (10, 10), 30), (10, 10))
