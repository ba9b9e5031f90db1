"""Values of CSS become numbers: lengths, colours, and what `var()` stands for."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import tinycss2
from tinycss2.ast import FunctionBlock
from tinycss2.color4 import parse_color

_PIXELS = {"px": 1.0, "pt": 4 / 3, "rem": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "vw": 12.8}
_AMOUNT = re.compile(r"(?<![\w#.])[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_LENGTH = re.compile(rf"({_AMOUNT.pattern})([a-z%]*)")
_DEEPEST = 12  # variables that stand for one another
_MOST = 200  # tokens that a value comes to

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
    """The value with what its `var()` stand for. ValueError where nobody says what that is.

    RecursionError for variables that stand for too much, or for one another.
    """
    tokens = tinycss2.parse_component_value_list(text)
    return str(tinycss2.serialize(list(_resolved(tokens, value_of, [_MOST]))).strip())


def _resolved(
    tokens: list[Any], value_of: Callable[[str], str | None], left: list[int], depth: int = 0
) -> Iterator[Any]:
    if depth > _DEEPEST:
        raise RecursionError
    for token in tokens:
        left[0] -= 1
        if left[0] < 0:
            raise RecursionError
        if token.type != "function":
            yield token
        elif token.lower_name == "var":
            inside = _stands_for(token.arguments, value_of)
            yield from _resolved(inside, value_of, left, depth + 1)
        else:
            inside = list(_resolved(token.arguments, value_of, left, depth + 1))
            yield FunctionBlock(0, 0, token.name, inside)


def _stands_for(inside: list[Any], value_of: Callable[[str], str | None]) -> list[Any]:
    names = [one.value for one in inside if one.type == "ident"]
    if names and (value := value_of(names[0])) is not None:
        return list(tinycss2.parse_component_value_list(value))
    return inside[inside.index(",") + 1 :]
