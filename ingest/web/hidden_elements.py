"""Which elements of an HTML document a person does not see, and why.

Only what the file itself says counts: attributes, `style`, and the style sheets in it.
"""

import math
import re
from dataclasses import dataclass, replace

from lxml.etree import _Element as Element

from ingest.web.css import Cascade, Colour, Style, amounts, colour, pixels

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
