"""The text of a style sheet becomes its rules: a selector, its layer, what is declared for it.

Knows @media, @supports, @container, @layer and rules within rules.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import tinycss2

from ingest.web.css_conditions import (
    is_supported,
    matches_container,
    matches_screen,
    split_at_commas,
)
from ingest.web.css_values import colour

LONGEST_SELECTOR = 4_000  # letters, with those of the rules around it: time grows by the square
_DEEPEST = 30  # rules within rules
_LONG = 1_000  # letters of a value that can hide something
_DIGITS = re.compile(r"\d{99,}")  # int() refuses to read 4,300 of them
_TELLING = {
    "-webkit-background-clip", "-webkit-text-fill-color", "background-clip", "background-color",
    "background-image", "clip", "clip-path", "color", "content-visibility", "display", "font-size",
    "height", "inset", "left", "margin", "margin-left", "margin-top", "max-height", "max-width",
    "opacity", "overflow", "overflow-x", "overflow-y", "padding", "padding-bottom", "padding-top",
    "position", "right", "scale", "text-indent", "top", "transform", "translate", "visibility",
    "width",
}  # fmt: skip
_UNLAYERED = float("inf")  # wins over all layers


class Declaration(NamedTuple):
    """One property and its value, as CSS."""

    name: str
    value: str
    important: bool


@dataclass(frozen=True)
class Rule:
    """What holds for the elements that one selector matches."""

    selector: str
    layer: tuple[float, ...]  # the larger one wins, or loses where its declaration is important
    declarations: list[Declaration]


@dataclass(frozen=True)
class _Around:
    """What stands around a rule."""

    selectors: tuple[str, ...] = ()
    layer: tuple[str, ...] = ()
    depth: int = 0


class RuleParser:
    """Remembers the layers of one document, which take their order from where they are named."""

    def __init__(self) -> None:
        self._layers: dict[tuple[str, ...], int] = {}

    def rules(self, text: str) -> Iterator[Rule]:
        """The rules for a screen that can hide something, in order.

        Raises ValueError or RecursionError where the sheet cannot be read to its end.
        """
        parsed = tinycss2.parse_stylesheet(_bounded(text), skip_comments=True)
        return self._rules(parsed, _Around())

    def _rules(self, items: Iterable[Any], around: _Around) -> Iterator[Rule]:
        inner = replace(around, depth=around.depth + 1)
        if inner.depth > _DEEPEST:
            raise RecursionError
        for item in items:
            if item.type == "qualified-rule":
                parts = map(tinycss2.serialize, split_at_commas(item.prelude))
                selectors = _nested([*parts], around.selectors)
                yield from self._block(item.content, replace(inner, selectors=selectors))
            elif item.type == "at-rule":
                yield from self._at_rule(item, inner)

    def _at_rule(self, rule: Any, around: _Around) -> Iterator[Rule]:
        match rule.lower_at_keyword:
            case "media" if matches_screen(rule.prelude):
                yield from self._block(rule.content, around)
            case "container" if matches_container(rule.prelude):
                yield from self._block(rule.content, around)
            case "supports" if is_supported(rule.prelude):
                yield from self._block(rule.content, around)
            case "layer":
                for name in tinycss2.serialize(rule.prelude).split(","):
                    layer = self._layer(name.strip(), around.layer)
                yield from self._block(rule.content, replace(around, layer=layer))

    def _layer(self, name: str, outer: tuple[str, ...]) -> tuple[str, ...]:
        layer = (*outer, *(name or f"#{len(self._layers)}").split("."))
        for end in range(len(outer) + 1, len(layer) + 1):
            self._layers.setdefault(layer[:end], len(self._layers))
        return layer

    def _block(self, content: list[Any] | None, around: _Around) -> Iterator[Rule]:
        parse = tinycss2.parse_blocks_contents if around.selectors else tinycss2.parse_rule_list
        items = parse(content or [], skip_comments=True, skip_whitespace=True)
        if found := list(_declarations(items)):
            names = (around.layer[:end] for end in range(1, len(around.layer) + 1))
            layer = (*(self._layers[name] for name in names), _UNLAYERED)
            yield from (Rule(selector, layer, found) for selector in around.selectors)
        yield from self._rules(items, around)


def inline_declarations(text: str) -> list[Declaration]:
    """What a `style` attribute declares. Raises ValueError or RecursionError."""
    return list(_declarations(tinycss2.parse_blocks_contents(_bounded(text), skip_comments=True)))


def _bounded(text: str) -> str:
    return _DIGITS.sub("9" * 99, text)


def _nested(selectors: list[str], outer: tuple[str, ...]) -> tuple[str, ...]:
    """Selectors within a rule; `&` stands for the selectors of that rule."""
    parent = f":is({','.join(outer)})"
    if len(parent) > LONGEST_SELECTOR:
        raise RecursionError
    return tuple(
        one.replace("&", parent) if "&" in one else f"{parent} {one}" if outer else one
        for one in selectors
    )


def _declarations(items: Iterable[Any]) -> Iterator[Declaration]:
    for item in items:
        if item.type != "declaration":
            continue
        for name, tokens in _longhands(item.lower_name, item.value):
            if name in _TELLING or name.startswith("--"):
                name = item.name if name.startswith("--") else name
                text = tinycss2.serialize(tokens).strip()
                yield Declaration(name, text if len(text) <= _LONG else "", item.important)


def _longhands(name: str, value: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    if name == "background":
        calls = [one for one in value if one.type in ("function", "url")]
        colours = [one for one in value if colour(one)]
        variables = [one for one in calls if getattr(one, "lower_name", "") == "var"]
        yield "background-color", colours or variables
        yield "background-image", [one for one in calls if one not in colours + variables]
    elif name == "font":
        sizes = ("dimension", "percentage", "function")
        found = [one for one in value if one.type in sizes or getattr(one, "value", 1) == 0]
        yield "font-size", found[:1]
    else:
        yield name, value
