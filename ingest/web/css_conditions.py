"""Whether a condition of @media, @container or @supports holds on the wide screen of a computer."""

import operator
import re
from collections.abc import Callable
from typing import Any

import tinycss2

from ingest.web.css_values import pixels

_SCREEN: dict[str, float | str] = {
    "width": 1280.0, "device-width": 1280.0, "inline-size": 1280.0, "height": 800.0, "color": 8.0,
    "orientation": "landscape", "hover": "hover", "pointer": "fine", "scripting": "enabled",
    "prefers-color-scheme": "light", "prefers-reduced-motion": "no-preference",
}  # fmt: skip
_SIGN = re.compile(r"(?:(?<!\s)\s++)?+([<>]=?|=)\s*+")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip
_JOINING = ("and", "not", "only", "or")


def matches_screen(tokens: list[Any]) -> bool:
    """A list of media queries; an empty one holds."""
    return any(_holds(part, _feature) for part in split_at_commas(tokens))


def matches_container(tokens: list[Any]) -> bool:
    """The condition of @container, which the name of the container may precede."""
    words = [token for token in tokens if token.type not in ("whitespace", "comment")]
    named = words and words[0].type == "ident" and _name(words[0]) not in _JOINING
    return matches_screen(words[1:] if named else words)


def is_supported(tokens: list[Any]) -> bool:
    """A condition of @supports: the browser supports whatever is asked for."""
    return _holds(tokens, bool)


def split_at_commas(tokens: list[Any]) -> list[list[Any]]:
    """The parts between the outermost commas."""
    parts: list[list[Any]] = [[]]
    for token in tokens:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _holds(tokens: list[Any], test: Callable[[list[Any]], bool]) -> bool:
    words = [token for token in tokens if token.type not in ("whitespace", "comment")]
    names = {_name(token) for token in words}
    found = [_one(token, test) for token in words if _name(token) not in _JOINING]
    holds = any(found) if "or" in names else all(found)
    return not holds if words and _name(words[0]) == "not" else holds


def _one(token: Any, test: Callable[[list[Any]], bool]) -> bool:
    if token.type == "ident":
        return _name(token) in ("all", "screen")
    inner = getattr(token, "content", [token])
    nested = any(one.type == "() block" or _name(one) == "not" for one in inner)
    return _holds(inner, test) if nested else test(inner)


def _name(token: Any) -> str:
    return str(token.lower_value) if token.type == "ident" else ""


def _feature(tokens: list[Any]) -> bool:
    text = re.sub(r"(?:(?<!\s)\s++)?+:\s*+", "=", tinycss2.serialize(tokens).strip().lower())
    text = re.sub(r"^(?:min-([a-z-]+)|max-([a-z-]+))=", _compared, text)
    first, *rest = _SIGN.split(text)
    if not rest:
        return first in _SCREEN
    values = [_value(one) for one in (first, *rest[1::2])]
    pairs = zip(values, rest[::2], values[1:], strict=False)
    return all(type(a) is type(b) and _SIGNS[sign](a, b) for a, sign, b in pairs)


def _compared(match: re.Match[str]) -> str:
    return f"{match[1]}>=" if match[1] else f"{match[2]}<="


def _value(text: str) -> float | str:
    length = pixels(text, 16.0)
    return _SCREEN.get(text, text) if length is None else length
