"""What a trained model keeps and makes when a picture is changed: the one that draws shapes."""

import io
import random
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assistant.contract.reply import Progress
from assistant.studio import canvas, diffusers_painter
from assistant.studio.diffusers_painter import DiffusersPainter
from assistant.studio.painter import DrawingJob, Watch, keep_denoising, kept_denoising
from ingest.errors import Stopped
from tests.small_models import shapes, trained
from tests.small_models.judge import patches
from tests.small_models.shapes import SIDE, Scene

pytestmark = pytest.mark.slow

BLUE = Scene("blue", "square", "large", "left")


@pytest.fixture(scope="module")
def painter(tmp_path_factory: pytest.TempPathFactory) -> DiffusersPainter:
    return trained.painter(tmp_path_factory.mktemp("home"))


@pytest.fixture
def picture() -> Image.Image:
    return shapes.draw(BLUE, random.Random(21))


def painted(painter: DiffusersPainter, job: DrawingJob) -> Any:
    return np.asarray(painter.paint(job, Watch()).pictures[0], int)


def test_beyond_its_edges_a_picture_goes_on_and_stays(
    painter: DiffusersPainter, picture: Image.Image
) -> None:
    larger, mask = canvas.grown(picture, (0, 0, 24, 0))
    job = DrawingJob("a large blue square on the left", picture=larger, mask=mask, seed=2)
    result = painted(painter, job)
    assert result.shape == (SIDE, SIDE + 24, 3)
    assert (result[:, :SIDE] == np.asarray(picture)).all()
    # The ground goes on: what is new is about as light as the edge that it begins at.
    new, edge = result[:, SIDE:].mean((0, 1)), np.asarray(picture, int)[:, -4:].mean((0, 1))
    assert np.abs(new - edge).max() < 40


def test_a_variation_is_another_picture_of_the_like(
    painter: DiffusersPainter, picture: Image.Image
) -> None:
    first, second = (
        painted(painter, DrawingJob("", picture=picture, strength=0.5, seed=seed))
        for seed in (1, 2)
    )
    assert (first != second).any()
    for result in (first, second):
        (shape,) = patches(Image.fromarray(result.astype(np.uint8)))
        assert shape.x < 0.45  # it is still on the left


def test_a_stop_ends_with_the_step(painter: DiffusersPainter) -> None:
    cancel, told = threading.Event(), list[Progress]()

    def tell(progress: Progress) -> None:
        told.append(progress)
        if progress.done == 3:
            cancel.set()

    with pytest.raises(Stopped):
        painter.paint(DrawingJob("a small red star", steps=500), Watch(cancel, tell))
    assert told[-1].done <= 4


def test_it_says_how_it_was_made(tmp_path: Path, painter: DiffusersPainter) -> None:
    """Through the command, as a person draws."""
    from assistant.contract.evidence import GivenPassages
    from assistant.contract.intents import Draw
    from assistant.contract.request import Request
    from assistant.storage.files import Made
    from assistant.studio.makers import Studio
    from ingest.images.image_file import generated
    from tests.fakes import WordEmbedder

    tool = Studio(lambda: tmp_path, Made(tmp_path), tuple, lambda _: painter)
    intent = Draw("a small red star", seed=3, steps=5)
    reply = tool.offer(Request("", GivenPassages([], WordEmbedder()), intent=intent))
    assert reply is not None
    reply.finish()
    made = generated(reply.images[0])
    assert made is not None
    assert (made.seed, made.steps, made.width, made.model) == (3, 5, SIDE, "shapes-drawing")
    assert made.model_sha256 == painter.digest() and len(made.model_sha256) == 64


def test_its_steps_are_kept_beside_it(
    tmp_path: Path, painter: DiffusersPainter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diffusers_painter, "_PATIENCE", 0.0)  # else too quick
    monkeypatch.setattr(diffusers_painter, "_SHARE", 1.0)
    done = painter.paint(DrawingJob("a small red star", steps=12, seed=3), Watch())
    assert done.denoising is not None
    file = tmp_path / "star.png"
    keep_denoising(file, done.denoising)

    kept = kept_denoising(file)

    assert kept == done.denoising
    assert [step.number for step in kept.steps] == list(range(1, 13))
    assert "Scheduler" in kept.scheduler and kept.device == "cpu"
    assert all(step.seconds > 0 for step in kept.steps)
    drawn = [step for step in kept.steps if step.picture]
    assert 2 <= len(drawn) <= 8
    first, last = (
        np.asarray(Image.open(io.BytesIO(s.picture)), int) for s in (drawn[0], drawn[-1])
    )
    assert first.shape == last.shape and np.abs(first - last).mean() > 2  # it became a picture
    assert file.with_suffix(".steps").stat().st_size < 64_000

    file.with_suffix(".steps").write_bytes(b"no such file")
    assert kept_denoising(file) is None
