"""Which elements a reader does not see, and why: by attribute, by style, or by the style sheet.

Only what the file itself says counts: style sheets elsewhere are never fetched.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.web.css_selectors import Selecting

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
        selecting = Selecting(root)
        for selector, style in _rules(root):
            for element in selecting.elements(selector):
                self._sheet.setdefault(element, {}).update(style)
        self.complete = selecting.complete  # all rules of the style sheet could be followed

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
    for sheet in root.iter("style"):
        if not _on_screen(sheet.get("media") or ""):
            continue
        for prelude, content in _blocks(_SIGN.sub(_no_comment, sheet.text or "")):
            style = _declarations(content)
            if style.keys() & _TELLING and not prelude.startswith("@"):
                yield prelude, style


def _blocks(text: str) -> Iterator[tuple[str, str]]:
    """What stands before the outermost braces, and in them.

    A parser of all of CSS takes 6 to 30 seconds for a million letters of it.
    """
    depth = start = begin = 0
    prelude = ""
    for sign in _SIGN.finditer(text):
        match sign.group():
            case "{":
                depth += 1
                if depth == 1:
                    prelude, begin = text[start : sign.start()].strip(), sign.end()
            case "}" if depth:
                depth -= 1
                if depth == 0:
                    yield prelude, text[begin : sign.start()]
                    start = sign.end()
            case "<!--" | "-->" if depth == 0:
                start = sign.end()
            case ";" if depth == 0 and _AT.match(text, start):  # @import and its like
                start = sign.end()
    if depth:
        yield prelude, text[begin:]


def _no_comment(sign: re.Match[str]) -> str:
    return " " if sign.group().startswith("/*") else sign.group()


_AT = re.compile(r"\s{0,99}@")
_STRING = r""""(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?"""
_SIGN = re.compile(rf"/\*.*?(?:\*/|\Z)|{_STRING}|\\.|url\([^)\"']*\)?|[{{}};]|<!--|-->", re.DOTALL)
_TELLING = {
    "background", "background-color", "color", "display", "font-size", "left", "opacity",
    "position", "right", "text-indent", "top", "visibility",
}  # fmt: skip


def _on_screen(media: str) -> bool:
    return media.strip().lower() in ("", "all", "screen")
