"""Which elements of an HTML document a person does not see, and why.

Only what the file itself says counts: attributes, `style`, and the style sheets in it. Sheets
elsewhere are never fetched. The time that all selectors of a document may take together is bounded:
what they say beyond it is left out. Only home of cssselect2 and tinycss2.
"""

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from time import process_time
from typing import Any

import tinycss2
from cssselect2 import ElementWrapper, Matcher, compile_selector_list
from lxml.etree import _Element as Element
from tinycss2 import parse_component_value_list
from tinycss2.color4 import parse_color

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
    """The value with what its `var()` stand for; "" where one is undefined.

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
_SIGN = re.compile(r" ?([<>]=?|[=:]) ?")
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">=": operator.ge, ">": operator.gt, "=": operator.eq,
    ":": operator.eq,
}  # fmt: skip
_LIMIT = re.compile(r"(min|max)-([a-z-]+) ?:")
_JOINING = {"and", "not", "only", "or"}
_HOLDING = {"all", "screen", "true"}
# Comments and strings; one without an end takes all that follows, in one step.
_SILENT = re.compile(r'/\*(?:[^*]|\*(?!/))*+(?:\*/)?|"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_INNERMOST = re.compile(r"(?<![\w-])([\w-]*+)\(([^()]*+)\)")


def _applies(keyword: str, tokens: list[Any]) -> bool:
    """Whether the condition of an at-rule holds; an empty one does.

    The browser supports whatever is asked for. A container's name may precede its condition.
    """

    def told(found: re.Match[str]) -> str:
        words = found[2].split()
        if found[1] or not words or not {*words} <= {*_JOINING, "true", "false"}:
            holds = keyword == "supports" or (not found[1] and _feature(" ".join(words)))
        else:
            holds = _holds(words)
        return f" {holds} ".lower()

    text, inside = _SILENT.sub(" ", tinycss2.serialize(tokens)).lower(), 1
    for _ in range(_DEEPEST):
        text, inside = _INNERMOST.subn(told, text)
        if not inside:
            break
    if inside:
        raise RecursionError
    first, *others = (part.split() for part in text.split(","))
    if keyword == "container" and first and first[0] not in {*_JOINING, "true", "false"}:
        first = first[1:]
    return any(map(_holds, (first, *others)))


def _holds(words: list[str]) -> bool:
    found = [word in _HOLDING for word in words if word not in _JOINING]
    holds = any(found) if "or" in words else all(found)
    return not holds if words[:1] == ["not"] else holds


def _feature(text: str) -> bool:
    if limit := _LIMIT.match(text):
        text = limit[2] + {"min": ">=", "max": "<="}[limit[1]] + text[limit.end() :]
    first, *rest = _SIGN.split(text)
    if not rest:
        return first in _SCREEN
    values = [_value(one) for one in (first, *rest[1::2])]
    pairs = zip(values, rest[::2], values[1:], strict=False)
    return all(type(a) is type(b) and _SIGNS[sign](a, b) for a, sign, b in pairs)


def _value(text: str) -> float | str:
    length = pixels(text, 16.0)
    return _SCREEN.get(text, text) if length is None else length


# -- What a rule says: its selectors, and its declarations that can hide something

_LONGEST_SELECTOR = 4_000  # letters, with those of the rules around it: time grows by the square
_MOST_NESTED = 1_000_000  # letters of the rules around it that a rule repeats
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

Selectors = tuple[str, ...]
Declaration = tuple[str, str, bool]  # a property, its value as CSS, and whether it is important


def _bounded(text: str) -> str:
    return _DIGITS.sub("9" * 99, text)


def _split_at_commas(tokens: list[Any]) -> list[list[Any]]:
    """The parts between the outermost commas."""
    parts: list[list[Any]] = [[]]
    for token in tokens:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _nested(prelude: list[Any], outer: Selectors) -> Selectors:
    """Selectors within a rule; `&` stands for the selectors of that rule."""
    selectors = [tinycss2.serialize(part) for part in _split_at_commas(prelude)]
    parent = f":is({','.join(outer)})"
    times = sum(one.count("&") + 1 for one in selectors)
    if len(parent) > _LONGEST_SELECTOR or len(parent) * times > _MOST_NESTED:
        raise RecursionError
    return tuple(
        one.replace("&", parent) if "&" in one else f"{parent} {one}" if outer else one
        for one in selectors
    )


def _declarations(items: Iterable[Any]) -> Iterator[Declaration]:
    for item in items:
        if item.type != "declaration":
            continue
        variable = item.name.startswith("--")  # and then capital letters count
        for name, tokens in _longhands(item.name if variable else item.lower_name, item.value):
            if variable or name in _TELLING:
                text = tinycss2.serialize(tokens).strip()
                yield name, text if len(text) <= _LONGEST_VALUE else "", item.important


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


# -- What wins for an element: of its own `style` and of all rules whose selectors match it
# Knows @media, @supports, @container, @layer and rules within rules.

_SECONDS = 3.0  # of the processor, for the style sheets of one document
_EACH = 80e-6  # seconds more for each element
_MOST_SECONDS = 20.0
_LONGEST_STYLES = 2_000_000  # letters of its style sheets; tinycss2 takes up to 2 s for a million
_LONGEST_ATTRIBUTE = 100_000  # letters of one `style` attribute
_DEEPEST = 30  # rules within rules, and layers within layers
_UNLAYERED = float("inf")  # wins over all layers

Style = dict[str, str]  # of each property the value, as CSS
Layer = tuple[float, ...]  # the larger one wins, or loses where its declaration is important


class Cascade:
    """The styles of one document's elements."""

    def __init__(self, root: Element, seconds: float = _SECONDS) -> None:
        self.complete = True  # nothing was left out because it takes too long
        self._root = root
        seconds += _EACH * sum(1 for _ in root.iter())
        self._end = process_time() + min(seconds, _MOST_SECONDS)
        self._steps = 0
        self._inline: dict[str, list[Declaration]] = {}  # pages repeat their `style`
        self._layers: dict[tuple[Layer, str], int] = {}  # in the order in which they are named
        self._matcher = Matcher()
        room = _LONGEST_STYLES
        for sheet in root.iter("style"):
            text = sheet.text or ""
            media = (sheet.get("media") or "")[:_LONGEST_SELECTOR]
            if self.guarded(lambda m=media: _applies("media", parse_component_value_list(m))):
                self.guarded(self._add, text[:room])
                self.complete = self.complete and len(text) <= room
                room = max(room - len(text), 0)

    def spend(self, steps: int = 1) -> None:
        """Count steps; 64 take time enough to look at the clock. Raises TimeoutError when late."""
        self._steps += steps
        if self._steps >= 64:
            if process_time() > self._end:
                raise TimeoutError
            self._steps = 0

    def guarded(self, work: Callable[..., Any], *given: Any) -> Any:
        """The result of `work(*given)`; None where it fails, and then `complete` becomes False."""
        try:
            return work(*given)
        except MemoryError:
            raise
        except Exception:  # whatever one style does to the libraries costs that style alone
            self.complete = False
            return None

    def nodes(self) -> "Iterator[Node]":
        """All elements of the document, in document order."""
        stack = [Node.from_html_root(self._root)]
        stack[0].spend = self.spend
        while stack:
            yield (node := stack.pop())
            stack += reversed([*node.children()])

    def style(self, node: "Node") -> Style:
        """The values that win for an element, also those of its `style`, in lower case."""
        style = {name: value for *_, name, value in sorted(self._declared(node))}
        node.variables = {n: v for n, v in style.items() if n[:2] == "--"} if style else style
        for name, value in style.items():
            if "var(" in value.lower() and name not in node.variables:
                style[name] = self.guarded(with_variables, value, node.variable) or ""
        return {name: value.lower() for name, value in style.items()}

    def _declared(self, node: "Node") -> Iterator[tuple[Any, ...]]:
        """Name and value of what holds for an element, after what decides between them."""
        matched = self.guarded(self._matcher.match, node) if self._matcher.order else None
        for specificity, order, _, (layer, found) in matched or []:
            opposite = tuple(-one for one in layer)
            for n, (name, value, important) in enumerate(found):
                rank = opposite if important else layer
                yield important, False, rank, specificity, order, n, name, value
        own = self._own(node.etree_element.get("style") or "")
        for n, (name, value, important) in enumerate(own):
            yield important, True, n, name, value

    def _own(self, text: str) -> list[Declaration]:
        if text not in self._inline:
            self._inline[text] = self.guarded(self._read, text) or []
        return self._inline[text]

    def _read(self, text: str) -> list[Declaration]:
        self.spend(64)
        if len(text) > _LONGEST_ATTRIBUTE:
            raise ValueError
        items = tinycss2.parse_blocks_contents(_bounded(text), skip_comments=True)
        return list(_declarations(items))

    def _add(self, text: str) -> None:
        sheet = tinycss2.parse_stylesheet(_bounded(text), skip_comments=True)
        self._rules(sheet, (), ())

    def _rules(self, items: list[Any], around: Selectors, layer: Layer, depth: int = 1) -> None:
        """Add the rules among some items. `around`: the selectors of the rule that they are in."""
        if depth > _DEEPEST:
            raise RecursionError
        for item in items:
            keyword = item.lower_at_keyword if item.type == "at-rule" else ""
            if item.type == "qualified-rule":
                self._block(item, _nested(item.prelude, around), layer, depth)
            elif keyword == "layer":
                for name in tinycss2.serialize(item.prelude).split(","):
                    inner = self._layer(name.strip(), layer)
                self._block(item, around, inner, depth)
            elif keyword in ("media", "container", "supports") and _applies(keyword, item.prelude):
                self._block(item, around, layer, depth)

    def _layer(self, name: str, layer: Layer) -> Layer:
        parts = (name or f"#{len(self._layers)}").split(".")
        if len(layer) + len(parts) > _DEEPEST:
            raise RecursionError
        for part in parts:
            layer = (*layer, self._layers.setdefault((layer, part), len(self._layers)))
        return layer

    def _block(self, rule: Any, selectors: Selectors, layer: Layer, depth: int) -> None:
        items = tinycss2.parse_blocks_contents(rule.content or [], skip_comments=True)
        if found := list(_declarations(items)):
            for selector in selectors:
                self.guarded(self._compile, selector, ((*layer, _UNLAYERED), found))
        self._rules(items, selectors, layer, depth + 1)

    def _compile(self, selector: str, payload: tuple[Layer, list[Declaration]]) -> None:
        self.spend(64)
        if len(selector) > _LONGEST_SELECTOR:
            raise ValueError
        try:
            compiled = compile_selector_list(selector)
        except (ValueError, TypeError, NotImplementedError):  # one that cssselect2 does not know
            return
        for one in compiled:
            if one.pseudo_element is None:
                one.test = _counted(one.test)
                self._matcher.add_selector(one, payload)


def _counted(test: Callable[["Node"], bool]) -> Callable[["Node"], bool]:
    def counted(node: "Node") -> bool:
        node.spend()
        return test(node)

    return counted


class Node(ElementWrapper):  # type: ignore[misc]
    """An element as cssselect2 asks for it. What a selector visits from there takes time.

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
        """The elements directly inside it, in their order."""
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


# -- What of that a person does not see

_NEVER_SHOWN = {"noscript": "shown only where scripts are off", "template": "part of a script"}
_CELLS = {"table", "tbody", "td", "tfoot", "th", "thead", "tr"}  # grow with what is in them
_WHITE = (1.0, 1.0, 1.0, 1.0)
_SAME = 2.5 / 255  # between two colours that nobody tells apart
_SMALLEST = 2.0  # pixels of letters
_FAINTEST = 0.05  # opacity of what can be read
_AWAY = {"absolute": -100, "fixed": -100, "relative": -1000, "sticky": -1000}  # left of or above it
_FAR = 1000.0  # by which nobody moves what is to be seen
_LONGEST_COLOUR = 100  # letters of a `color` attribute
_CALL = re.compile(r"(?<![a-z-])([a-z-]++)\(([^()]*+)\)")


@dataclass(frozen=True)
class _State:
    """What holds for the text in an element."""

    gone: str = ""  # why it is not seen, whatever the elements in it say
    visible: bool = True
    size: float = 16.0  # pixels of its letters
    colour: Colour | None = None
    behind: Colour | None = None  # of its background, as far as it is known

    def reason(self, plain: bool) -> str:
        """Why it is not seen, or "". `plain`: nothing on the page has a background."""
        if self.gone or not self.visible:
            return self.gone or "visibility: hidden"
        if self.size < _SMALLEST:
            return "letters of no size"
        if self.colour and self.colour[3] < _FAINTEST:
            return "transparent"
        if self.colour and self.behind and _alike(self.colour, self.behind):
            return "in the colour of its background"
        white = plain and self.colour and not self.behind and _alike(self.colour, _WHITE)
        return "white on white" if white else ""


class Visibility:
    """What cannot be seen of one document."""

    def __init__(self, root: Element) -> None:
        self._reasons: dict[Element, str] = {}
        plain, cascade = not _has_background(root), Cascade(root)
        for node in cascade.nodes():
            element, outer = node.etree_element, node.parent.state if node.parent else _State()
            given = {"color": element.get("color"), "background-color": element.get("bgcolor")}
            hints = {name: one.strip()[:_LONGEST_COLOUR] for name, one in given.items() if one}
            style = {**hints, **cascade.style(node)}
            node.state = cascade.guarded(_state, element, style, outer) or _state(
                element, {}, outer
            )
            if reason := node.state.reason(plain):
                self._reasons[element] = reason
        self.complete = cascade.complete  # False: its style sheets would take too long to follow

    def hidden_reason(self, element: Element) -> str:
        """Why the text of this element cannot be seen, or ""."""
        return self._reasons.get(element, "")


def _has_background(root: Element) -> bool:
    """The page may have a background that is not white: then white letters prove nothing."""
    if any("stylesheet" in (link.get("rel") or "") for link in root.iter("link")):
        return True
    texts = [style.text or "" for style in root.iter("style")]
    texts += [element.get("style") or "" for element in root.iter() if element.get("style")]
    coloured = any(element.get("bgcolor") for element in root.iter("body", "table", "tr", "td"))
    return coloured or any("background" in text for text in texts)


def _state(element: Element, style: Style, outer: _State) -> _State:
    marked = "marked as hidden" if element.get("hidden") is not None else ""
    gone = outer.gone or _NEVER_SHOWN.get(str(element.tag), marked)
    if not style:
        return replace(outer, gone=gone) if gone != outer.gone else outer
    visibility = style.get("visibility", "")
    inherited = visibility in ("", "inherit", "unset")
    size = _size(style.get("font-size", ""), outer.size)
    return _State(
        gone=gone or _by_style(style, size, str(element.tag)),
        visible=outer.visible if inherited else visibility not in ("hidden", "collapse"),
        size=size,
        colour=_text_colour(style, outer.colour),
        behind=_background(style, outer.behind),
    )


def _by_style(style: Style, em: float, tag: str) -> str:
    if style.get("display") == "none" or style.get("content-visibility") == "hidden":
        return "display: none"
    opacity = style.get("opacity", "")
    faintest = 100 * _FAINTEST if opacity.endswith("%") else _FAINTEST
    if any(0 <= one < faintest for one in amounts(opacity)):
        return "transparent"
    if _is_outside(style):
        return "outside of the page"
    if _is_clipped(style) or (tag not in _CELLS and _is_flat(style, em)):
        return "in a box of no size"
    return ""


def _is_outside(style: Style) -> bool:
    away = _AWAY.get(style.get("position", ""), -math.inf)
    if min(_numbers(style, "left", "top", "right", "inset")) <= away:
        return True
    moved = _numbers(style, "margin", "margin-left", "margin-top", "translate")
    scaled = amounts(style.get("scale", ""))[:1]
    for name, given in _CALL.findall(style.get("transform", "")):
        moved += amounts(given) if name.startswith("translate") else []
        scaled += amounts(given)[:1] if name.startswith("scale") else []
    return min(_numbers(style, "text-indent")) <= -100 or min(moved) <= -_FAR or 0 in scaled


def _is_clipped(style: Style) -> bool:
    clip, sides = style.get("clip", ""), amounts(style.get("clip", ""))
    placed = style.get("position") in ("absolute", "fixed")
    if placed and clip.startswith("rect") and len(sides) == 4:
        return sides[2] - sides[0] <= 1 or sides[1] - sides[3] <= 1
    for name, given in _CALL.findall(style.get("clip-path", "")):
        given = given.partition("round")[0]
        found = amounts(given)
        if name in ("circle", "ellipse") and found[:1] == [0.0]:
            return True
        if name == "polygon" and len(set(found)) == 1:
            return True
        if name == "inset" and found and "%" in given:
            top, right, bottom, left = (found * 4)[:4] if len(found) != 3 else (*found, found[1])
            return top + bottom >= 100 or left + right >= 100
    return False


def _is_flat(style: Style, em: float) -> bool:
    """A box without height or width that does not let its text out."""
    cut = any(style.get(f"overflow{end}", "visible") != "visible" for end in ("", "-x", "-y"))
    padded = any(_numbers(style, "padding", "padding-top", "padding-bottom"))
    sides = (style.get(name, "") for name in ("height", "max-height", "width", "max-width"))
    lengths = (pixels(side, em) for side in sides if not side.endswith("%"))
    return cut and not padded and any(one is not None and one <= 1 for one in lengths)


def _numbers(style: Style, *names: str) -> list[float]:
    """Those of some properties, whatever their units; and 0."""
    return [0.0, *(one for name in names for one in amounts(style.get(name, "")))]


def _size(value: str, outer: float) -> float:
    found = pixels(value, outer)
    if found is None:
        return outer if value in ("", "inherit", "unset", "larger", "smaller") else 16.0
    return found


def _text_colour(style: Style, outer: Colour | None) -> Colour | None:
    if "text" in (style.get("background-clip"), style.get("-webkit-background-clip")):
        return None  # the letters show the picture behind them
    value = style.get("-webkit-text-fill-color") or style.get("color", "")
    return outer if value in ("", "inherit", "unset", "currentcolor") else colour(value)


def _background(style: Style, outer: Colour | None) -> Colour | None:
    if style.get("background-image", "none") not in ("", "none"):
        return None
    placed = style.get("position") in ("absolute", "fixed", "sticky")  # perhaps above a picture
    below = None if placed else outer
    own = colour(style.get("background-color", ""))
    if own is None or own[3] == 0:
        return below
    return own if own[3] == 1 else None


def _alike(one: Colour, other: Colour) -> bool:
    return all(abs(a - b) <= _SAME for a, b in zip(one, other, strict=True))
