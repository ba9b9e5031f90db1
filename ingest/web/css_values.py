"""Values of CSS become numbers: lengths, colours, and what `var()` stands for."""

import re
from collections.abc import Callable
from typing import Any

from tinycss2.color4 import parse_color

_PIXELS = {"px": 1.0, "pt": 4 / 3, "rem": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "vw": 12.8}
_AMOUNT = re.compile(r"(?<![\w#.])[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_LENGTH = re.compile(rf"({_AMOUNT.pattern})([a-z%]*)")
_INSIDE = r"[^()]*(?:\([^()]*\)[^()]*)*"  # of brackets
_VARIABLE = re.compile(rf"(?i)\bvar\(\s*(--[^\s,()]+)\s*(?:,({_INSIDE}))?\)")
_MOST, _LONGEST = 50, 1_000  # variables in a value, and letters that it comes to

Colour = tuple[float, float, float, float]  # red, green, blue and opacity, each up to 1


def amounts(text: str) -> list[float]:
    """The numbers of a value, whatever their units."""
    return [float(one) for one in _AMOUNT.findall(text)]


def pixels(text: str, em: float) -> float | None:
    """A length, where `em` is what 1em and 100% come to; None for all that is no plain length."""
    if not (found := _LENGTH.fullmatch(text)):
        return None
    number, unit = float(found[1]), found[2]
    if unit in ("em", "%"):
        return number * em / (100 if unit == "%" else 1)
    return 0.0 if number == 0 else number * _PIXELS[unit] if unit in _PIXELS else None


def colour(value: Any) -> Colour | None:
    """A colour that is written as text, or a token of tinycss2; None for all others."""
    if not value:
        return None
    try:
        red, green, blue, alpha = parse_color(value).to("srgb")
    except (AttributeError, NotImplementedError, ValueError, TypeError):
        return None
    return (red, green, blue, alpha)


def with_variables(text: str, value_of: Callable[[str], str | None]) -> str:
    """The value with what its `var()` stand for; "" where nobody says what that is.

    Raises RecursionError for variables that stand for too much, or for one another.
    """
    for _ in range(_MOST):
        if not (found := _VARIABLE.search(text)):
            return text.strip()
        if (value := value_of(found[1])) is None and (value := found[2]) is None:
            return ""
        text = text[: found.start()] + value + text[found.end() :]
        if len(text) > _LONGEST:
            break
    raise RecursionError
