"""A real pipeline with random weights: what holds for any model."""

import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assistant.contract.reply import Progress
from assistant.errors import ModelUnusable
from assistant.studio import drawing_model
from assistant.studio.canvas import CannotPaint, DrawingJob, Watch
from assistant.studio.diffusers_painter import DiffusersPainter
from ingest.errors import Stopped
from tests.assistant.studio.conftest import SIDE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

JOB = DrawingJob("a red circle", seed=7, steps=4)


@pytest.fixture(scope="module")
def painter(tiny: Path) -> DiffusersPainter:
    return DiffusersPainter(tiny)


@pytest.fixture
def photo() -> Image.Image:
    pixels = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    return Image.fromarray(pixels)


def square(size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, box)
    return mask


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


def test_the_same_seed_gives_the_same_picture(painter: DiffusersPainter, tiny: Path) -> None:
    first = painter.paint(JOB, Watch())
    again = DiffusersPainter(tiny).paint(JOB, Watch())
    other = painter.paint(replace(JOB, seed=8), Watch())
    assert same(first.picture, again.picture)
    assert not same(first.picture, other.picture)


def test_what_was_left_open_is_told(painter: DiffusersPainter) -> None:
    done = painter.paint(DrawingJob("a red circle"), Watch())
    assert done.job.size == done.picture.size == (SIDE, SIDE)
    assert (done.job.steps, done.job.guidance) == (20, 7.0)
    again = painter.paint(done.job, Watch())
    assert same(done.picture, again.picture)


def test_any_size_comes_out_as_it_was_requested(painter: DiffusersPainter) -> None:
    done = painter.paint(replace(JOB, size=(70, 53)), Watch())
    assert done.picture.size == (70, 53)


@pytest.mark.parametrize("size", [(2, 64), (640, 640)])
def test_a_size_that_makes_no_sense_is_told(
    painter: DiffusersPainter, size: tuple[int, int]
) -> None:
    with pytest.raises(CannotPaint, match=f"{size[0]}x{size[1]}.*trained on 64x64"):
        painter.paint(replace(JOB, size=size), Watch())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"steps": -1}, "-1 steps"),
        ({"steps": 0}, "0 steps"),
        ({"seed": -5}, "seed -5"),
        ({"seed": 2**32}, "seed 4294967296"),
        ({"guidance": float("nan")}, "guidance nan"),
        ({"guidance": -2.0}, "guidance -2"),
    ],
)
def test_a_number_that_makes_no_sense_is_told(
    painter: DiffusersPainter, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(CannotPaint, match=message):
        painter.paint(replace(JOB, **change), Watch())


def test_progress_counts_to_the_end(painter: DiffusersPainter) -> None:
    told: list[Progress] = []
    painter.paint(JOB, Watch(tell=told.append))
    assert [(p.done, p.of) for p in told] == [(n, 4) for n in (1, 2, 3, 4)]
    assert told[0].seconds_left and told[-1].seconds_left == 0


def test_a_cancelled_picture_ends_within_the_step(painter: DiffusersPainter) -> None:
    told: list[Progress] = []
    cancel = threading.Event()

    def tell(progress: Progress) -> None:
        told.append(progress)
        cancel.set()

    with pytest.raises(Stopped):
        painter.paint(JOB, Watch(cancel, tell))
    assert len(told) == 1
    painter.paint(JOB, Watch())  # and the model is as it was


def test_also_while_a_network_computes(
    painter: DiffusersPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step of a large model takes a minute: each block of its network looks, too."""
    painter.paint(JOB, Watch())
    looks: list[float] = []

    def look(watch: Watch) -> None:
        looks.append(time.perf_counter())
        if len(looks) > 5:
            raise Stopped

    monkeypatch.setattr(Watch, "look", look)
    told: list[Progress] = []
    with pytest.raises(Stopped):
        painter.paint(JOB, Watch(tell=told.append))
    assert not told  # not one step was done


def test_outside_of_the_mask_every_pixel_stays(
    painter: DiffusersPainter, photo: Image.Image
) -> None:
    mask = square(photo.size, (16, 16, 40, 48))
    done = painter.paint(replace(JOB, picture=photo, mask=mask), Watch())
    changed = (np.asarray(done.picture) != np.asarray(photo)).any(-1)
    inside = np.asarray(mask) > 0
    assert not changed[~inside].any()
    assert changed[inside].mean() > 0.9


def test_also_of_a_picture_that_the_model_cannot_work_on_as_it_is(
    painter: DiffusersPainter,
) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (150, 201, 3), np.uint8)
    mask = square((201, 150), (50, 50, 120, 100))
    done = painter.paint(replace(JOB, picture=Image.fromarray(pixels), mask=mask), Watch())
    changed = (np.asarray(done.picture) != pixels).any(-1)
    assert not changed[np.asarray(mask) == 0].any()
    assert changed.any()


def test_a_picture_that_is_changed_a_little_stays_near(
    painter: DiffusersPainter, photo: Image.Image
) -> None:
    """Random weights cannot paint; but less strength must keep more of what was there."""
    smooth = photo.resize((4, 4)).resize(photo.size, Image.Resampling.BICUBIC)

    def painted(strength: float) -> Any:
        job = replace(JOB, steps=20, picture=smooth, strength=strength)
        return np.asarray(painter.paint(job, Watch()).picture, float)

    kept, little, much = map(painted, (0.05, 0.2, 0.9))
    assert 0 < np.abs(little - kept).mean() < np.abs(much - kept).mean()


def test_without_words_nothing_leads_away(painter: DiffusersPainter, photo: Image.Image) -> None:
    done = painter.paint(DrawingJob("", picture=photo, strength=0.5, seed=1, steps=4), Watch())
    assert done.job.guidance == 1.0


@pytest.mark.parametrize("strength", [0.0, 0.001, 1.5])
def test_a_strength_that_makes_no_sense_is_told(
    painter: DiffusersPainter, photo: Image.Image, strength: float
) -> None:
    with pytest.raises(CannotPaint, match=f"strength {strength}"):
        painter.paint(replace(JOB, picture=photo, strength=strength), Watch())


def test_a_description_that_is_too_long_is_told(painter: DiffusersPainter) -> None:
    done = painter.paint(replace(JOB, prompt="a red circle " * 40), Watch())
    assert any("77 tokens" in note for note in done.notes)


def test_memory_is_looked_at_before_loading(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing_model, "free_memory", lambda: 100_000_000)
    with pytest.raises(CannotPaint, match=r"tiny takes about 0\.5 GB .* 0\.1 GB are free"):
        DiffusersPainter(tiny).paint(JOB, Watch())


def test_a_damaged_model_is_named(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(tiny, folder)
    weights = next((folder / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelUnusable, match="diffusion_pytorch_model"):
        DiffusersPainter(folder).paint(JOB, Watch())


def test_a_model_with_a_missing_part_is_named(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(tiny, folder)
    shutil.rmtree(folder / "vae")
    with pytest.raises(ModelUnusable, match="broken"):
        DiffusersPainter(folder).paint(JOB, Watch())


def test_the_digest_is_of_the_weights(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny, folder)
    first = DiffusersPainter(folder).digest()
    assert first == DiffusersPainter(tiny).digest()
    weights = next((folder / "unet").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-1] + b"\0")
    assert DiffusersPainter(folder).digest() != first
