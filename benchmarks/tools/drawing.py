"""Does the picture show what the words say? The small drawing model on words that it never saw.

A model trained by tests/small_models draws 100 held out scenes of one shape and 50 of several,
through the product's own engine. Code that measures pixels says what each picture shows. Then what
a change of a picture keeps: outside of a mask, with a low strength, with the same seed. Shares have
their Wilson interval of 95 %. `--sheet FILE.png` writes the pictures for a person to look at.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from assistant.evaluation.metrics import wilson
from assistant.studio.canvas import DrawingJob, Watch
from assistant.studio.diffusers_painter import DiffusersPainter
from benchmarks import common
from tests.small_models import shapes, trained
from tests.small_models.judge import Verdict, judge
from tests.small_models.shapes import Scene

WANTED = {"colour": 0.9, "shape": 0.9, "place": 0.8}
CHANGES = 10  # pictures that are changed


@dataclass(frozen=True)
class Drawn:
    """A picture, the words it was drawn from, and what was found in it."""

    scene: Scene
    words: str
    picture: Image.Image
    verdict: Verdict


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as home:
        painter = trained.painter(Path(home), options.model)
    prompts = shapes.prompts()[: options.only]
    base = DrawingJob("", steps=options.steps, guidance=options.guidance)
    drawn = list(draw(painter, prompts, base, options.seed))
    if options.sheet:
        sheet([one.picture for one in drawn]).save(options.sheet)
    print_shares(drawn)
    print_changes(
        painter, [one for one in drawn if one.scene.count == 1][:CHANGES], base, options.seed
    )
    for one in drawn:
        if not one.verdict.all:
            missed = [part for part in vars(one.verdict) if not getattr(one.verdict, part)]
            common.say(json.dumps([one.words, missed]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=trained.DRAWING)
    parser.add_argument("--steps", type=int, help="default: as the product does")
    parser.add_argument("--guidance", type=float, help="default: as the product does")
    parser.add_argument("--seed", type=int, default=0, help="of the first picture")
    parser.add_argument("--only", type=int, help="the first so many prompts")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png")
    return parser.parse_args()


def draw(
    painter: DiffusersPainter,
    prompts: list[tuple[Scene, str]],
    base: DrawingJob,
    first: int,
) -> Iterable[Drawn]:
    """One after another, as people ask for them, each with a seed of its own."""
    started = time.perf_counter()
    for number, (scene, words) in enumerate(prompts):
        picture = paint(painter, replace(base, prompt=words, seed=first + number))
        yield Drawn(scene, words, picture, judge(picture, scene))
        if number % 10 == 9:
            each = (time.perf_counter() - started) / (number + 1)
            common.say(f"{number + 1}/{len(prompts)}, {each:.2f} s each")


def paint(painter: DiffusersPainter, job: DrawingJob) -> Image.Image:
    return painter.paint(job, Watch()).picture.convert("RGB")


def print_shares(drawn: list[Drawn]) -> None:
    single = [one for one in drawn if one.scene.count == 1]
    several = [one for one in drawn if one.scene.count > 1]
    parts = ("colour", "shape", "place", "size", "count", "all")
    rows = [_row(f"one shape: {part}", single, _right(part), WANTED.get(part)) for part in parts]
    rows += [_row(f"several: {p}", several, _right(p)) for p in parts if p != "place"]
    print(common.table(["held out prompts", "right", "share", "95 % interval", "wanted"], rows))


def _right(part: str) -> Callable[[Drawn], bool]:
    return lambda one: bool(getattr(one.verdict, part))


def _row(
    name: str, among: list[Drawn], right: Callable[[Drawn], bool], wanted: float | None = None
) -> list[str]:
    count = sum(right(one) for one in among)
    share = wilson(count, len(among))
    goal = f">= {wanted}" if wanted else ""
    ends = f"{share.low:.3f} to {share.high:.3f}"
    return [name, f"{count} of {len(among)}", f"{share.mean:.3f}", ends, goal]


def print_changes(
    painter: DiffusersPainter, drawn: list[Drawn], base: DrawingJob, first: int
) -> None:
    """Mean difference of a channel in levels of 255, and whether a new shape appears."""
    rows = [
        ["same seed, same picture", _same(painter, drawn, base, first), "0"],
        ["outside of the mask", f"{_outside(painter, drawn, base):.2f}", "0"],
        ["strength 0.2", f"{_changed(painter, drawn, base, 0.2):.2f}", ""],
        ["strength 0.9", f"{_changed(painter, drawn, base, 0.9):.2f}", "more than with 0.2"],
    ]
    print(common.table(["what differs, in levels of 255", "measured", "wanted"], rows))


def difference(one: Image.Image, other: Image.Image) -> np.ndarray:
    return np.abs(np.asarray(one, np.float32) - np.asarray(other, np.float32))


def _same(painter: DiffusersPainter, drawn: list[Drawn], base: DrawingJob, first: int) -> str:
    worst = 0.0
    for number, one in enumerate(drawn):
        again = paint(painter, replace(base, prompt=one.words, seed=first + number))
        worst = max(worst, float(difference(one.picture, again).max()))
    return f"{worst:.0f}"


def _outside(painter: DiffusersPainter, drawn: list[Drawn], base: DrawingJob) -> float:
    """The right half of each picture is painted anew."""
    mask = Image.new("L", (shapes.SIDE, shapes.SIDE), 0)
    mask.paste(255, (shapes.SIDE // 2, 0, shapes.SIDE, shapes.SIDE))
    found = []
    for one in drawn:
        job = replace(
            base, prompt="a small blue circle on the right", picture=one.picture, mask=mask
        )
        painted = paint(painter, replace(job, seed=1))
        found.append(difference(one.picture, painted)[:, : shapes.SIDE // 2].mean())
    return float(np.mean(found))


def _changed(
    painter: DiffusersPainter, drawn: list[Drawn], base: DrawingJob, strength: float
) -> float:
    found = []
    for one in drawn:
        job = replace(base, prompt=one.words, picture=one.picture, strength=strength, seed=1)
        found.append(difference(one.picture, paint(painter, job)).mean())
    return float(np.mean(found))


def sheet(pictures: list[Image.Image], columns: int = 15) -> Image.Image:
    side = shapes.SIDE + 2
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * side, rows * side))
    for number, picture in enumerate(pictures):
        at = number % columns * side, number // columns * side
        whole.paste(picture, at)
        ImageDraw.Draw(whole).rectangle((*at, at[0] + side, at[1] + side), outline="grey")
    return whole


if __name__ == "__main__":
    main()
