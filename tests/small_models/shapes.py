"""Scenes of coloured shapes: as words, as a picture of 64 x 64 pixels, and split for training.

A scene that is held out is never drawn or worded for training: its colour, shape, size and place
(or number) are each known from other scenes, the combination is new.
"""

import itertools
import math
import random
import re
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

SIDE = 64  # pixels
SEED = 5

COLOURS = {
    "red": (214, 36, 36),
    "orange": (245, 134, 24),
    "yellow": (246, 214, 36),
    "green": (44, 150, 62),
    "blue": (36, 82, 204),
    "purple": (128, 48, 168),
    "pink": (248, 128, 184),
    "black": (24, 24, 28),
}
SHAPES = ("circle", "square", "triangle", "star")
SIZES = ("small", "large")
PLACES = ("left", "right", "top", "bottom", "centre")
NUMBERS = ("no", "one", "two", "three", "four")
BACKGROUNDS = ((255, 255, 255), (250, 244, 230), (232, 232, 236), (224, 236, 246), (230, 242, 228))

# Words that mean the same. The first of each is the one that `plain` writes.
SAME = {
    "small": ("small", "little", "tiny"),
    "large": ("large", "big", "huge"),
    "centre": ("centre", "center", "middle"),
    "circle": ("circle", "disc"),
    "top": ("top", "upper"),
    "bottom": ("bottom", "lower"),
}


@dataclass(frozen=True)
class Scene:
    """What stands in a picture; an empty size or place is one that the words do not tell."""

    colour: str
    shape: str
    size: str = ""
    place: str = ""  # of a single shape; several are spread out
    count: int = 1


def all_scenes() -> list[Scene]:
    """Every scene that tells all it can: 320 of one shape with a place, 192 of two to four."""
    kinds = list(itertools.product(COLOURS, SHAPES, SIZES))
    single = [Scene(*kind, place=place) for kind in kinds for place in PLACES]
    several = [Scene(*kind, count=count) for kind in kinds for count in (2, 3, 4)]
    return single + several


def split() -> tuple[list[Scene], list[Scene]]:
    """(for training, held out): 100 single ones and 50 of several are held out, always the same."""
    chance = random.Random(SEED)
    single = [scene for scene in all_scenes() if scene.count == 1]
    several = [scene for scene in all_scenes() if scene.count > 1]
    held = set(chance.sample(single, 100)) | set(chance.sample(several, 50))
    scenes = all_scenes()
    return [s for s in scenes if s not in held], [s for s in scenes if s in held]


def plain(scene: Scene) -> str:
    """The plain wording: "a large red circle on the left", "three small blue squares"."""
    return _noun(scene) + (f" {_where(scene.place)}" if scene.place else "")


def _noun(scene: Scene) -> str:
    kind = " ".join(word for word in (scene.size, scene.colour, scene.shape) if word)
    if scene.count > 1:
        return f"{NUMBERS[scene.count]} {kind}s"
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _where(place: str) -> str:
    return f"in the {place}" if place in SAME["centre"] else f"at the {place}" if place in (
        *SAME["top"], *SAME["bottom"]) else f"on the {place}"  # fmt: skip


def phrased(scene: Scene, chance: random.Random) -> str:
    """One of many ways to say the scene, with other words for the same thing."""
    said = replace(
        scene,
        size=_other(scene.size, chance),
        shape=_other(scene.shape, chance),
        place=_other(scene.place, chance) if chance.random() < 0.4 else scene.place,
    )
    if said.place in ("upper", "lower"):
        said = replace(said, place=scene.place)
    noun = _noun(said)
    if not scene.place:
        return _asked(noun, chance)
    where = _where(said.place)
    side = "" if scene.place == "centre" else " side"
    options = (
        f"{noun} {where}",
        f"{noun} {where}",
        f"{noun} {where}{side}",
        f"{where}, {noun}",
        f"{where} {noun}",
        f"{noun}, {said.place}",
        f"{noun} {where} of the picture",
        f"{noun} near the {said.place}",
    )
    return _asked(chance.choice(options), chance)


def _other(word: str, chance: random.Random) -> str:
    return chance.choice(SAME.get(word, (word,)))


def _asked(words: str, chance: random.Random) -> str:
    starts = ("", "", "", "", "draw ", "paint ", "a picture of ", "show me ", "please draw ")
    return chance.choice(starts) + words + chance.choice(("", "", "", "."))


def prompts() -> list[tuple[Scene, str]]:
    """Every held out scene with one wording, those of a single shape first; always the same."""
    chance = random.Random(SEED + 1)
    held = sorted(split()[1], key=lambda scene: scene.count > 1)
    return [(scene, phrased(scene, chance)) for scene in held]


def told(scene: Scene, chance: random.Random) -> Scene:
    """The scene with what a person may leave out: now and then its size, its place, or both."""
    size = scene.size if chance.random() < 0.8 else ""
    place = scene.place if chance.random() < 0.85 else ""
    return replace(scene, size=size, place=place)


def read(words: str) -> Scene | None:
    """The scene that words tell, or None when colour or shape is missing."""
    known = {other: word for word, others in SAME.items() for other in others}
    tokens = [known.get(token, token) for token in re.findall("[a-z]+", words.lower())]
    singular = [token.removesuffix("s") for token in tokens]
    singular = [known.get(token, token) for token in singular]
    colour, shape = _first(tokens, tuple(COLOURS)), _first(singular, SHAPES)
    if not colour or not shape:
        return None
    number = _first(tokens, NUMBERS[2:])
    count = NUMBERS.index(number) if number else 1
    return Scene(colour, shape, _first(tokens, SIZES), _first(tokens, PLACES), count)


def _first(tokens: list[str], names: tuple[str, ...]) -> str:
    return next((token for token in tokens if token in names), "")


def draw(scene: Scene, chance: random.Random) -> Image.Image:
    """The scene as an RGB picture: colour, place, size, turn and background vary a little."""
    scale = 4  # drawn larger and shrunk: smooth edges
    picture = _background(chance).resize((SIDE * scale, SIDE * scale))
    pen = ImageDraw.Draw(picture)
    colour = _varied(COLOURS[scene.colour], 10, chance)
    radius = _radius(scene, chance)
    for x, y in _centres(scene, radius, chance):
        outline = [(x + dx, y + dy) for dx, dy in _outline(scene.shape, radius, chance)]
        pen.polygon([(px * scale, py * scale) for px, py in outline], fill=colour)
    return picture.resize((SIDE, SIDE), Image.Resampling.BOX)


def _background(chance: random.Random) -> Image.Image:
    """Two pixels that are blown up to a faint slope, or to one colour."""
    colour = _varied(chance.choice(BACKGROUNDS), 6, chance)
    slope = chance.choice((0, 0, 8))
    image = Image.new("RGB", (SIDE, SIDE), colour)
    for y in range(SIDE if slope else 0):
        line = tuple(max(0, c - slope * y // SIDE) for c in colour)
        image.paste(line, (0, y, SIDE, y + 1))
    return image


def _varied(colour: tuple[int, int, int], by: int, chance: random.Random) -> tuple[int, int, int]:
    r, g, b = (min(255, max(0, c + chance.randint(-by, by))) for c in colour)
    return r, g, b


def _radius(scene: Scene, chance: random.Random) -> float:
    """Pixels. Between small and large is a gap, so that a picture is never in doubt."""
    size = scene.size or chance.choice(SIZES)
    if size == "small":
        return chance.uniform(6.0, 7.5)
    return chance.uniform(13.0, 15.5) if scene.count == 1 else chance.uniform(11.5, 12.5)


def _centres(scene: Scene, radius: float, chance: random.Random) -> list[tuple[float, float]]:
    if scene.count > 1:
        return _spread(scene.count, radius, chance)
    place = scene.place or chance.choice(PLACES)
    near = 20.5 if radius > 9 else chance.uniform(12, 17)
    x, y = SIDE / 2, SIDE / 2
    x = {"left": near, "right": SIDE - near}.get(place, x)
    y = {"top": near, "bottom": SIDE - near}.get(place, y)
    return [(x + chance.uniform(-1.5, 1.5), y + chance.uniform(-1.5, 1.5))]


def _spread(count: int, radius: float, chance: random.Random) -> list[tuple[float, float]]:
    """As many quarters of the picture as there are shapes, each with one that does not touch."""
    room = SIDE / 4 - radius * 1.2 - 0.5
    quarters = chance.sample([(16, 16), (48, 16), (16, 48), (48, 48)], count)
    move = max(0.0, room)
    return [(x + chance.uniform(-move, move), y + chance.uniform(-move, move)) for x, y in quarters]


def _outline(shape: str, radius: float, chance: random.Random) -> list[tuple[float, float]]:
    """Corners around (0, 0) in pixels; the factors make the four shapes look equally large."""
    turn = math.radians(chance.uniform(-8, 8))
    if shape == "circle":
        return _corners([radius] * 64, turn)
    if shape == "square":
        return _corners([radius * 0.95 * math.sqrt(2)] * 4, turn + math.pi / 4)
    if shape == "triangle":
        return _corners([radius * 1.2] * 3, turn)
    return _corners([radius * 1.2, radius * 0.5] * 5, turn)


def _corners(distances: list[float], turn: float) -> list[tuple[float, float]]:
    """Points at these distances, evenly around, the first one straight up when turn is 0."""
    step = 2 * math.pi / len(distances)
    angles = [turn + step * number for number in range(len(distances))]
    return [(d * math.sin(a), -d * math.cos(a)) for d, a in zip(distances, angles, strict=True)]
