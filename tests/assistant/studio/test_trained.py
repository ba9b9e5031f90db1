"""What a trained model keeps and makes when a picture is changed: the one that draws shapes."""

import random
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assistant.contract.reply import Progress
from assistant.studio import canvas
from assistant.studio.canvas import DrawingJob, Watch
from assistant.studio.diffusers_painter import DiffusersPainter
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
    job = replace(job, steps=12, guidance=3.0)
    return np.asarray(painter.paint(job, Watch()).picture, int)


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
