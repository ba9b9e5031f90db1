"""Which declarations of a document's own style sheets win for each of its elements.

Only home of cssselect2. Sheets elsewhere are never fetched. The time that all selectors of a
document may take together is bounded: what they say beyond it is left out.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import tinycss2
from cssselect2 import ElementWrapper, Matcher, compile_selector_list
from tinycss2 import parse_component_value_list
from tinycss2.color4 import parse_color

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


# -- Values of CSS become numbers: lengths, colours, and what `var()` stands for

_PIXELS = {"px": 1.0, "pt": 4 / 3, "rem": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "vw": 12.8}
_AMOUNT = re.compile(r"(?<![\w#.])[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
_LENGTH = re.compile(rf"({_AMOUNT.pattern})([a-z%]*)")
_INSIDE = r"[^()]*(?:\([^()]*\)[^()]*)*"  # of brackets
_VARIABLE = re.compile(rf"(?i)\bvar\(\s*(--[^\s,()]+)\s*(?:,({_INSIDE}))?\)")
_MOST, _LONGEST_EXPANSION = 50, 1_000  # variables in a value, and letters that it comes to

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
        if len(text) > _LONGEST_EXPANSION:
            break
    raise RecursionError


# -- Whether a condition of @media, @container or @supports holds on the wide screen of a computer

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


# -- The text of a style sheet becomes its rules: a selector, its layer, what is declared for it
# Knows @media, @supports, @container, @layer and rules within rules.

LONGEST_SELECTOR = 4_000  # letters, with those of the rules around it: time grows by the square
_DEEPEST = 30  # rules within rules
_LONGEST_VALUE = 1_000  # letters of a value that can hide something
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
                yield Declaration(name, text if len(text) <= _LONGEST_VALUE else "", item.important)


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


SECONDS = 3.0  # of the processor, for the style sheets of one document
_EACH = 80e-6  # seconds more for each element
_MOST_SECONDS = 20.0
_LONGEST_STYLES = 2_000_000  # letters of its style sheets; tinycss2 takes up to 2 s for a million
_LONGEST_ATTRIBUTE = 100_000  # letters of one `style` attribute

Style = dict[str, str]  # of each property the value, as CSS


class TooMuch(Exception):
    """There is no time left."""


class Cascade:
    """The styles of one document's elements."""

    def __init__(self, root: "Element", seconds: float = SECONDS) -> None:
        self.complete = True  # nothing was left out because it takes too long
        self._root = root
        self._end = process_time() + seconds
        self._latest = process_time() + _MOST_SECONDS
        self._steps = 0
        self._inline: dict[str, list[Declaration]] = {}
        self._matcher = _Matcher()
        parser, room = RuleParser(), _LONGEST_STYLES
        for sheet in root.iter("style"):
            text = sheet.text or ""
            media = (sheet.get("media") or "")[:LONGEST_SELECTOR]
            if self.guarded(lambda m=media: matches_screen(parse_component_value_list(m))):
                self.guarded(self._add, parser, text[:room])
                self.complete = self.complete and len(text) <= room
                room = max(room - len(text), 0)

    def spend(self, steps: int = 1) -> None:
        """Count steps; 64 take time enough to look at the clock. Raises TooMuch when it is late."""
        self._steps += steps
        if self._steps >= 64:
            if process_time() > self._end:
                raise TooMuch
            self._steps = 0

    def guarded(self, work: Callable[..., Any], *given: Any) -> Any:
        """What the work comes to; None, and `complete` no more, where it fails."""
        try:
            return work(*given)
        except MemoryError:
            raise
        except Exception:  # whatever one style does to the libraries costs that style alone
            self.complete = False
            return None

    def nodes(self) -> "Iterator[Node]":
        """The elements in document order."""
        stack = [Node.from_html_root(self._root)]
        stack[0].spend = self.spend
        while stack:
            self._end = min(self._end + _EACH, self._latest)
            yield (node := stack.pop())
            stack += reversed([*node.children()])

    def style(self, node: "Node") -> Style:
        """The values that win for an element, also those of its `style`, in lower case."""
        style = self._declared(node)
        node.variables = {n: v for n, v in style.items() if n[:2] == "--"} if style else style
        for name, value in style.items():
            if "var(" in value.lower() and name not in node.variables:
                style[name] = self.guarded(with_variables, value, node.variable) or ""
        return {name: value.lower() for name, value in style.items()}

    def _declared(self, node: "Node") -> Style:
        ranked: list[tuple[Any, ...]] = []
        matched = self.guarded(self._matcher.match, node) if self._matcher.order else None
        for specificity, order, _, rule in matched or []:
            for n, (name, value, important) in enumerate(rule.declarations):
                layer = tuple(-one for one in rule.layer) if important else rule.layer
                ranked.append((important, False, layer, specificity, order, n, name, value))
        own = self._own(node.etree_element.get("style") or "")
        ranked += [(one.important, True, n, *one[:2]) for n, one in enumerate(own)]
        return {name: value for *_, name, value in sorted(ranked)}

    def _own(self, text: str) -> list[Declaration]:
        if text and text not in self._inline:
            self._inline[text] = self.guarded(self._read, text) or []
        return self._inline.get(text, [])

    def _read(self, text: str) -> list[Declaration]:
        self.spend(64)
        if len(text) > _LONGEST_ATTRIBUTE:
            raise TooMuch
        return inline_declarations(text)

    def _add(self, parser: RuleParser, text: str) -> None:
        for rule in parser.rules(text):
            self.guarded(self._compile, rule)

    def _compile(self, rule: Rule) -> None:
        self.spend(64)
        if len(rule.selector) > LONGEST_SELECTOR:
            raise TooMuch
        try:
            compiled = compile_selector_list(rule.selector)
        except (ValueError, TypeError, NotImplementedError):  # one that cssselect2 does not know
            return
        for one in compiled:
            if one.pseudo_element is None:
                self._matcher.add_selector(one, rule)


class _Matcher(Matcher):  # type: ignore[misc]
    """Counts each test of a selector."""

    def match(self, element: "Node") -> Any:
        element.spend()
        return super().match(element)

    def add_relevant_selectors(self, element: "Node", selectors: Any, relevant: Any) -> None:
        for one in selectors:
            element.spend()
            super().add_relevant_selectors(element, (one,), relevant)


class Node(ElementWrapper):  # type: ignore[misc]
    """An element as cssselect2 asks for it. What a selector visits from there is counted.

    The library's own chains of elements call themselves, and are kept for each element.
    """

    spend: Callable[[], None]
    variables: Style

    def variable(self, name: str) -> str | None:
        """The value of a `--name` here, or at the nearest element around."""
        node: Node | None = self
        while node is not None and name not in node.variables:
            self.spend()
            node = node.parent
        return node.variables[name] if node is not None else None

    def children(self) -> "Iterator[Node]":
        """The elements in it."""
        for child in super().iter_children():
            child.spend = self.spend
            yield child

    def iter_children(self) -> "Iterator[Node]":
        for child in self.children():
            self.spend()
            yield child

    @property
    def ancestors(self) -> "Iterator[Node]":
        return self._chain("parent")

    @property
    def previous_siblings(self) -> "Iterator[Node]":
        return self._chain("previous")

    def _chain(self, link: str) -> "Iterator[Node]":
        node = self
        while (node := getattr(node, link)) is not None:
            self.spend()
            yield node
