"""Visitors take turns, each gets its own picture, and without a model one is offered."""

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from assistant.contract.evidence import GivenPassages
from assistant.contract.intents import Answer, Draw, Edit, Intent, Vary
from assistant.contract.reply import Progress, Reply
from assistant.contract.request import Request
from assistant.images.vision import offer
from assistant.models.catalogue import catalogue
from assistant.storage.files import Made
from assistant.studio.canvas import DrawingJob, Painted, Watch
from assistant.studio.diffusers_painter import DiffusersPainter
from assistant.studio.makers import WAITING, Studio
from ingest.errors import Stopped
from ingest.images.image_file import generated
from tests.fakes import WordEmbedder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


class Colours:
    """A painter that fills a picture with the colour that is asked for, step by step."""

    name = "colours"

    def __init__(self) -> None:
        self.busy = self.most = 0
        self.go_on = threading.Event()
        self.go_on.set()

    def digest(self) -> str:
        return "00" * 32

    def paint(self, job: DrawingJob, watch: Watch) -> Painted:
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            for step in range(3):
                watch.look()
                time.sleep(0.01)
                watch.tell(Progress(step + 1, 3, 0.1))
                while not self.go_on.wait(0.01):
                    watch.look()
        finally:
            self.busy -= 1
        return Painted(job, Image.new("RGB", (8, 8), job.prompt))


def studio(folder: Path, painter: Any) -> Studio:
    return Studio(lambda: folder, Made(folder / "made"), lambda: (), lambda path: painter)


def request(intent: Intent | None) -> Request:
    return Request("draw it", GivenPassages([], WordEmbedder()), intent=intent)


def offered(tool: Studio, intent: Intent) -> Reply:
    reply = tool.offer(request(intent))
    assert reply is not None
    return reply


def colour(reply: Reply) -> str:
    with Image.open(reply.images[0]) as picture:
        return "#{:02x}{:02x}{:02x}".format(*picture.getpixel((0, 0)))  # type: ignore[misc]


def test_it_takes_the_intents_of_pictures(tmp_path: Path) -> None:
    shared = studio(tmp_path, Colours())
    intents: list[Intent | None] = [
        Draw("x"), Edit(tmp_path, "x"), Vary(tmp_path), Answer(), None,
    ]  # fmt: skip
    taken = [shared.offer(request(intent)) for intent in intents]
    assert [reply and reply.tool for reply in taken] == ["draw", "edit", "vary", None, None]


def test_two_visitors_are_queued_and_each_gets_its_own(tmp_path: Path) -> None:
    painter = Colours()
    tool = studio(tmp_path, painter)
    colours = [f"#{n:02x}{255 - n:02x}40" for n in range(0, 250, 50)]
    replies = [offered(tool, Draw(wanted)) for wanted in colours]
    threads = [threading.Thread(target=reply.finish) for reply in replies]
    painter.go_on.clear()
    for thread in threads:
        thread.start()
    waiting = time.monotonic() + 60
    while sum(r.activity.stage.startswith(WAITING) for r in replies) < len(replies) - 1:
        assert time.monotonic() < waiting
        time.sleep(0.01)
    painter.go_on.set()
    for thread in threads:
        thread.join(60)
    assert painter.most == 1
    assert [colour(reply) for reply in replies] == colours


def test_one_who_waits_can_stop(tmp_path: Path) -> None:
    painter = Colours()
    tool = studio(tmp_path, painter)
    first, second = offered(tool, Draw("red")), offered(tool, Draw("blue"))
    painter.go_on.clear()
    threads = [threading.Thread(target=reply.finish) for reply in (first, second)]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    second.stop()
    threads[1].join(60)
    assert second.outcome and second.outcome.stopped and not second.images
    first.stop()
    threads[0].join(60)
    assert first.outcome and first.outcome.stopped and not first.images


def test_a_picture_is_kept_with_how_it_was_made(tmp_path: Path) -> None:
    reply = offered(studio(tmp_path, Colours()), Draw("red", seed=5, negative="blue"))
    done = reply.finish()
    assert (done.grounded, done.refused, done.citations) == (False, False, ())
    assert reply.model == "colours"
    (path,) = reply.images
    assert path.parent == tmp_path / "made"
    made = generated(path)
    assert made and (made.prompt, made.negative, made.seed) == ("red", "blue", 5)
    assert (made.model, made.model_sha256, made.tool) == ("colours", "00" * 32, "draw")


def test_without_a_model_one_is_offered(tmp_path: Path) -> None:
    known = tuple(offer(model) for model in catalogue() if model.role == "drawing")
    nothing = Studio(lambda: None, Made(tmp_path), lambda: known)
    done = offered(nothing, Draw("a lighthouse")).finish()
    assert "models use drawing" in done.text
    (found,) = done.offers
    assert (found.name, found.role, found.licence) == (
        "dreamshaper-8", "drawing", "CreativeML OpenRAIL-M",
    )  # fmt: skip
    assert found.bytes and 2.1e9 < found.bytes < 2.2e9


def test_a_model_that_comes_later_is_used(tmp_path: Path) -> None:
    here: list[Path] = []
    shared = Studio(lambda: here[0] if here else None, Made(tmp_path), tuple, lambda _: Colours())
    assert not offered(shared, Draw("red")).finish().text.startswith("A generated")
    here.append(tmp_path)
    assert offered(shared, Draw("red")).finish().text.startswith("A generated picture")


def test_who_has_waited_gets_the_model_that_is_chosen_by_then(tmp_path: Path) -> None:
    """And the one before is let go of: memory may not hold two."""
    old, new = Colours(), Colours()
    new.name = "new"
    chosen = [tmp_path / "old"]
    models = {"old": old, "new": new}
    shared = Studio(lambda: chosen[0], Made(tmp_path), tuple, lambda path: models[path.name])
    first, second = (offered(shared, Draw("red")) for _ in range(2))
    old.go_on.clear()
    threads = [threading.Thread(target=reply.finish) for reply in (first, second)]
    threads[0].start()
    while not old.busy:
        time.sleep(0.01)
    threads[1].start()
    while second.activity.stage != WAITING:
        time.sleep(0.01)
    chosen[0] = tmp_path / "new"
    old.go_on.set()
    for thread in threads:
        thread.join(60)
    assert (first.model, second.model) == ("colours", "new")


def test_a_picture_is_edited_varied_and_grown(tiny: Path, tmp_path: Path) -> None:
    """With a real pipeline, whose weights are random."""
    shared = studio(tmp_path, DiffusersPainter(tiny))
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    picture, mask = tmp_path / "photo.png", tmp_path / "mask.png"
    Image.fromarray(pixels).save(picture)
    marked = Image.new("L", (64, 64))
    marked.paste(255, (0, 0, 32, 64))
    marked.save(mask)

    def done(tool: Studio, intent: Intent) -> Image.Image:
        reply = offered(tool, intent)
        reply.finish()
        with Image.open(reply.images[0]) as made:
            return made.copy()

    edited = done(shared, Edit(picture, "x", mask, steps=3, seed=1))
    assert (np.asarray(edited)[:, 32:] == pixels[:, 32:]).all()
    grown = done(shared, Edit(picture, "x", grow=(16, 0, 8, 0), steps=3, seed=1))
    assert grown.size == (88, 64)
    assert (np.asarray(grown)[:, 16:80] == pixels).all()
    varied = done(shared, Vary(picture, steps=4, seed=1))
    assert varied.size == (64, 64)


def test_cancelled_while_painting_nothing_is_kept(tiny: Path, tmp_path: Path) -> None:
    reply = offered(studio(tmp_path, DiffusersPainter(tiny)), Draw("x", steps=500))
    thread = threading.Thread(target=reply.finish)
    thread.start()
    while not reply.activity.progress:
        time.sleep(0.01)
    reply.stop()
    thread.join(60)
    assert not thread.is_alive() and reply.activity.progress.done < 500
    assert reply.outcome and reply.outcome.stopped and not reply.images
    assert not list(tmp_path.glob("made/*"))


def test_cancelled_is_no_error() -> None:
    assert not issubclass(Stopped, ValueError | RuntimeError)
