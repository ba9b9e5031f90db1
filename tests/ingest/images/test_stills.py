"""A video becomes a few pictures: one for each scene."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ingest.images.stills import MOST_SCENES, scenes
from tests.recordings import slide

Pixels = NDArray[np.uint8]
Frame = tuple[float, Pixels, Callable[[], Image.Image]]


def small(picture: Image.Image) -> Pixels:
    return np.asarray(picture.convert("L").resize((64, 36)))


def film(*shots: tuple[Image.Image, float], rate: int = 10) -> Iterator[Frame]:
    """Pictures, each shown for some seconds."""
    number = 0
    for picture, seconds in shots:
        grey, whole = small(picture), picture.copy
        for _ in range(round(seconds * rate)):
            yield number / rate, grey, whole
            number += 1


def moments(frames: Iterator[Frame], seconds: float = 0.0) -> list[float]:
    return [scene.seconds for scene in scenes(frames, seconds)]


ONE, TWO = slide("Revenue grew\nby 12 percent"), slide("Risks: two\nsuppliers left")


def test_a_still_picture_is_one_scene() -> None:
    assert moments(film((ONE, 20))) == [0.0]


def test_each_slide_is_a_scene_from_where_it_appears() -> None:
    assert moments(film((ONE, 5), (TWO, 5), (ONE, 5))) == [0.0, 5.0, 10.0]


def test_a_scene_shows_what_it_settled_on() -> None:
    fading = [(Image.blend(ONE, TWO, share / 5), 0.1) for share in range(1, 5)]
    found = list(scenes(film((ONE, 5), *fading, (TWO, 5)), 0.0))
    assert len(found) == 2
    assert found[1].picture() == TWO


def test_noise_makes_no_scenes() -> None:
    random = np.random.default_rng(0)
    grain = random.integers(-8, 8, (360, 640, 3))
    noisy = [
        Image.fromarray((np.asarray(ONE).astype(int) + np.roll(grain, n)).clip(0, 255).astype("u1"))
        for n in range(30)
    ]
    assert moments(film(*((picture, 0.5) for picture in noisy))) == [0.0]


def test_a_picture_that_flashes_by_is_left_out() -> None:
    assert moments(film((ONE, 5), (TWO, 0.2), (ONE, 5))) == [0.0]


def test_the_last_picture_counts_though_it_is_short() -> None:
    assert moments(film((ONE, 5), (TWO, 0.3))) == [0.0, 5.0]


def test_there_are_at_most_so_many_scenes() -> None:
    shots = [(ONE if n % 2 else TWO, 2.0) for n in range(2 * MOST_SCENES)]
    assert len(moments(film(*shots, rate=2))) == MOST_SCENES


def test_a_long_video_is_looked_at_less_often() -> None:
    looks = list(scenes(film((ONE, 60), (TWO, 60)), seconds=MOST_SCENES * 10.0))
    assert [scene.seconds for scene in looks] == [0.0, 60.0]


def test_nothing_is_no_scene() -> None:
    assert moments(iter([])) == []
