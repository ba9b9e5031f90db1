"""Which elements a reader does not see, and why: by attribute, by style, or by the style sheet.

Only what the file itself says counts: style sheets elsewhere are never fetched.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_ZERO = re.compile(r"[01](?:\.\d+)?(?:px|pt)?|0?\.0*\d?(?:em|rem)|0%?(?:em|rem)?")
_FAR = re.compile(r"-\d{3,}(?:\.\d+)?(?:px|pt|em|rem|%)?")
_WHITE = {"#fff", "#ffffff", "white", "rgb(255,255,255)", "rgba(255,255,255,1)"}
_CLEAR = {"transparent", "rgba(0,0,0,0)"}
_NEVER_SHOWN = {"noscript": "shown only where scripts are off", "template": "part of a script"}
_SEEN = ""

Style = dict[str, str]


class Hiding:
    """Knows the style sheet of one document."""

    def __init__(self, root: "Element") -> None:
        self._sheet: dict[Element, Style] = {}
        self._plain = not _coloured(root)
        for selector, style in _rules(root):
            for element in _selected(root, selector):
                self._sheet.setdefault(element, {}).update(style)

    def reason(self, element: "Element", tag: str) -> str:
        """Why this element and what is in it cannot be seen, or ""."""
        if tag in _NEVER_SHOWN:
            return _NEVER_SHOWN[tag]
        if element.get("hidden") is not None:
            return "marked as hidden"
        own = element.get("style")
        style = self._sheet.get(element)
        if not own and not style and tag != "font":
            return _SEEN
        return self._by_style(element, {**(style or {}), **_declarations(own or "")})

    def _by_style(self, element: "Element", style: Style) -> str:
        if style.get("display") == "none":
            return "display: none"
        if style.get("visibility") in ("hidden", "collapse"):
            return "visibility: hidden"
        if style.get("opacity") in ("0", "0.0", "0%"):
            return "transparent"
        if _ZERO.fullmatch(style.get("font-size", "x")):
            return "letters of no size"
        if _off(style):
            return "outside of the page"
        return self._by_colour(element, style)

    def _by_colour(self, element: "Element", style: Style) -> str:
        colour = style.get("color") or (element.get("color") or "").lower()
        if colour in _CLEAR:
            return "transparent"
        behind = _background(style) or (element.get("bgcolor") or "").lower()
        if behind and behind == colour:
            return "in the colour of its background"
        if not behind and colour in _WHITE and self._plain:
            return "white on white"
        return _SEEN


def _off(style: Style) -> bool:
    placed = style.get("position") in ("absolute", "fixed")
    moved = any(_FAR.fullmatch(style.get(side, "")) for side in ("left", "top", "right"))
    return (placed and moved) or _FAR.fullmatch(style.get("text-indent", "")) is not None


def _background(style: Style) -> str:
    return style.get("background-color") or style.get("background", "").split(" ")[0]


def _coloured(root: "Element") -> bool:
    """The page may have a background that is not white: then white letters prove nothing."""
    if any("stylesheet" in (link.get("rel") or "") for link in root.iter("link")):
        return True
    texts = [style.text or "" for style in root.iter("style")]
    texts += [element.get("style") or "" for element in root.iter() if element.get("style")]
    coloured = any(element.get("bgcolor") for element in root.iter("body", "table", "tr", "td"))
    return coloured or any("background" in text for text in texts)


def _declarations(text: str) -> Style:
    parts = (part.partition(":") for part in text.split(";"))
    return {name.strip().lower(): _value(value) for name, _, value in parts if value.strip()}


def _value(text: str) -> str:
    return text.lower().replace("!important", "").replace(", ", ",").strip()


def _rules(root: "Element") -> Iterator[tuple[str, Style]]:
    """Selectors and declarations of the document's own style sheets that hold on a screen."""
    from tinycss2 import parse_stylesheet, serialize

    for sheet in root.iter("style"):
        if not _on_screen(sheet.get("media") or ""):
            continue
        for rule in parse_stylesheet(sheet.text or "", skip_comments=True, skip_whitespace=True):
            if rule.type == "qualified-rule":
                style = _declarations(serialize(rule.content))
                if style.keys() & _TELLING:
                    yield serialize(rule.prelude).strip(), style


_TELLING = {
    "background", "background-color", "color", "display", "font-size", "left", "opacity",
    "position", "right", "text-indent", "top", "visibility",
}  # fmt: skip


def _on_screen(media: str) -> bool:
    return media.strip().lower() in ("", "all", "screen")


def _selected(root: "Element", selector: str) -> "list[Element]":
    from cssselect import SelectorError
    from lxml import etree
    from lxml.cssselect import CSSSelector

    try:
        found = CSSSelector(selector, translator="html")(root)
    except (SelectorError, ValueError, NotImplementedError):  # ::before, :hover and their like
        return []
    elements = found if isinstance(found, list) else []
    return [element for element in elements if isinstance(element, etree._Element)]
