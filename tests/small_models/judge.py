"""What a picture shows, measured from its pixels: no model, and nothing of how it was drawn.

Shapes are told apart by how well they fill the smallest triangle, rectangle and circle around them
(Rosin, "Measuring shape: ellipticity, rectangularity, and triangularity", 2003), stars by how much
of their convex hull they leave empty.
"""

import colorsys
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from tests.small_models.shapes import Scene

_SIDE = 256  # pixels that every picture is measured at
_DIFFERENT = 20.0  # CIELAB distance from the background; edges of shapes are at half of a shape's
_LEAST = 0.006  # part of the picture; a smaller speck is no shape
_LARGE = 0.305  # part of the picture's width
_CENTRAL = 0.1  # distance from the centre, part of the picture's width
_FILLED = 0.78  # a shape that fills no outline better than this is "unclear"
_HOLLOW = 0.8  # part of its hull that a star does not reach


@dataclass(frozen=True)
class Seen:
    """One patch that differs from the background; lengths are parts of the picture's width."""

    colour: str
    shape: str
    width: float
    x: float
    y: float


def patches(picture: Image.Image) -> list[Seen]:
    """Everything that is not background, largest first."""
    rgb = np.asarray(picture.convert("RGB").resize((_SIDE, _SIDE), Image.Resampling.BICUBIC))
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    border = np.concatenate([lab[:6].reshape(-1, 3), lab[-6:].reshape(-1, 3)])
    distance = np.linalg.norm(lab - np.median(border, axis=0), axis=2)
    mask = (distance > _DIFFERENT).astype(np.uint8)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outlines = [o for o in outlines if cv2.contourArea(o) > _LEAST * _SIDE**2]
    return [_seen(rgb, outline) for outline in sorted(outlines, key=cv2.contourArea, reverse=True)]


def _seen(rgb: np.ndarray, outline: np.ndarray) -> Seen:
    inside = np.zeros(rgb.shape[:2], np.uint8)
    cv2.drawContours(inside, [outline], -1, 1, cv2.FILLED)
    core = cv2.erode(inside, np.ones((9, 9), np.uint8))
    colour = np.median(rgb[(core if core.any() else inside) > 0], axis=0)
    moments = cv2.moments(outline)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    _, _, width, height = cv2.boundingRect(outline)
    return Seen(
        colour_name(tuple(colour)), shape_name(outline), max(width, height) / _SIDE,
        x / _SIDE, y / _SIDE,
    )  # fmt: skip


def colour_name(rgb: tuple[float, float, float]) -> str:
    """The name of a colour of 0..255, by its hue; "grey" for what has hardly any."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(c / 255 for c in rgb))
    if value < 0.28:
        return "black"
    if saturation < 0.25:
        return "grey"
    degrees = hue * 360
    limits = ((13, "red"), (40, "orange"), (70, "yellow"), (170, "green"), (255, "blue"),
              (298, "purple"), (346, "pink"), (361, "red"))  # fmt: skip
    return next(name for limit, name in limits if degrees < limit)


def shape_name(outline: np.ndarray) -> str:
    """circle, square, triangle, star, or unclear."""
    area = cv2.contourArea(outline)
    if area < _HOLLOW * cv2.contourArea(cv2.convexHull(outline)):
        return "star"
    _, sides, _ = cv2.minAreaRect(outline)
    _, radius = cv2.minEnclosingCircle(outline)
    triangle, _ = cv2.minEnclosingTriangle(cv2.convexHull(outline))
    fills = {
        "square": area / (max(sides) ** 2),
        "circle": area / (np.pi * radius**2),
        "triangle": area / triangle,
    }
    best = max(fills, key=lambda name: fills[name])
    return best if fills[best] > _FILLED else "unclear"


def place_name(seen: Seen) -> str:
    dx, dy = seen.x - 0.5, seen.y - 0.5
    if max(abs(dx), abs(dy)) < _CENTRAL:
        return "centre"
    if abs(dx) > abs(dy):
        return "left" if dx < 0 else "right"
    return "top" if dy < 0 else "bottom"


def size_name(seen: Seen) -> str:
    return "large" if seen.width > _LARGE else "small"


@dataclass(frozen=True)
class Verdict:
    """Which parts of a scene a picture shows; what the scene does not tell is right."""

    colour: bool
    shape: bool
    size: bool
    place: bool
    count: bool

    @property
    def all(self) -> bool:
        return self.colour and self.shape and self.size and self.place and self.count


def judge(picture: Image.Image, scene: Scene) -> Verdict:
    """Compares a picture with the scene that it should show. A wrong number of shapes does not
    hide whether those that are there have the right colour and shape: each of them must."""
    seen = patches(picture)
    return Verdict(
        colour=bool(seen) and all(one.colour == scene.colour for one in seen),
        shape=bool(seen) and all(one.shape == scene.shape for one in seen),
        size=bool(seen) and (not scene.size or all(size_name(o) == scene.size for o in seen)),
        place=bool(seen) and (not scene.place or place_name(seen[0]) == scene.place),
        count=len(seen) == scene.count,
    )
