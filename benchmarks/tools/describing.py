"""Does the caption say what the picture shows? The small describing model on scenes it never saw.

200 pictures of held out scenes, drawn anew, are described through the product's own engine. A
caption is right when colour, shape, size and place or number are all right. Shares have their
Wilson interval of 95 %.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

from assistant.evaluation.metrics import wilson
from assistant.images.vision import Describer
from benchmarks import common
from tests.small_models import shapes, trained
from tests.small_models.shapes import Scene

PICTURES = 200
SEED = 77
WANTED = 0.9
Row = tuple[Scene, str]  # what was drawn, and the caption


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=trained.DESCRIBING)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        viewer = trained.viewer(Path(home), options.model)
    started = time.perf_counter()
    rows = described(viewer, PICTURES)
    print_table(rows)
    common.say(f"{(time.perf_counter() - started) / len(rows):.3f} s each")
    for scene, caption in rows:
        if shapes.read(caption) != scene:
            common.say(f"{shapes.plain(scene)}: {caption}")


def described(viewer: Describer, count: int) -> list[Row]:
    """Scenes in turn, so that each of the 150 held out ones is there."""
    chance = random.Random(SEED)
    held = shapes.split()[1]
    chance.shuffle(held)
    scenes = [held[number % len(held)] for number in range(count)]
    return [(scene, viewer.describe(shapes.draw(scene, chance))) for scene in scenes]


def print_table(rows: list[Row]) -> None:
    single = [row for row in rows if row[0].count == 1]
    several = [row for row in rows if row[0].count > 1]
    body = [_row("everything", rows, "", f">= {WANTED}")]
    body += [_row("everything, one shape", single, ""), _row("everything, several", several, "")]
    body += [_row(part, rows, part) for part in ("colour", "shape", "size", "count")]
    body += [_row("place", single, "place")]
    print(common.table(["held out pictures", "right", "share", "95 % interval", "wanted"], body))


def _row(name: str, rows: list[Row], part: str, wanted: str = "") -> list[str]:
    right = sum(_right(scene, shapes.read(caption), part) for scene, caption in rows)
    among = wilson(right, len(rows))
    return [
        name,
        f"{right} of {len(rows)}",
        f"{among.mean:.3f}",
        f"{among.low:.3f} to {among.high:.3f}",
        wanted,
    ]


def _right(scene: Scene, said: Scene | None, part: str) -> bool:
    if said is None:
        return False
    return getattr(said, part) == getattr(scene, part) if part else said == scene


if __name__ == "__main__":
    main()
