"""Bullets and numbers of paragraphs on slides: their own, or those of layout and master."""

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from ingest.office.ooxml import child, value
from ingest.office.word.numbering import bullet, counted, whole

_FORMATS = {"alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman",
            "romanUc": "upperRoman"}  # fmt: skip
_KIND = re.compile(r"(\w+?)(Period|ParenR|ParenBoth|Plain)?$")
_ENDS = {"Period": ("", "."), "ParenR": ("", ")"), "ParenBoth": ("(", ")")}
_TITLES = {"title", "ctrTitle"}


def placeholder(shape: Element) -> Element | None:
    """The placeholder that a shape fills; None when it fills none."""
    return next(shape.iter("p:ph"), None)


class Inherited:
    """The inherited list styles of a slide's shapes."""

    def __init__(self, layout: Element | None, master: Element | None) -> None:
        self._layout = list(() if layout is None else layout.iter("p:sp"))
        self._master = list(() if master is None else master.iter("p:sp"))
        self._body = child(master, "p:txStyles", "p:bodyStyle")

    def styles(self, shape: Element) -> list[Element]:
        """The list styles that hold for a shape, the nearest first."""
        return [found for found in self._styles(shape) if found is not None]

    def _styles(self, shape: Element) -> Iterator[Element | None]:
        yield child(shape, "p:txBody", "a:lstStyle")
        place = placeholder(shape)
        if place is None:
            return
        kind, index = place.get("type", "obj"), place.get("idx", "0")
        for other in self._layout:
            found = placeholder(other)
            if found is not None and found.get("idx", "0") == index:
                yield child(other, "p:txBody", "a:lstStyle")
        for other in self._master:
            found = placeholder(other)
            if found is not None and found.get("type") == ("body" if kind == "obj" else kind):
                yield child(other, "p:txBody", "a:lstStyle")
        if kind not in _TITLES:
            yield self._body


class ListMarks:
    """Marks of the paragraphs of one shape, in their order."""

    def __init__(self, styles: Sequence[Element]) -> None:
        self._styles = styles
        self._at: dict[int, int] = {}

    def next(self, properties: Element | None) -> str:
        """The label of the next paragraph: a bullet, a number, or nothing."""
        depth = whole("0" if properties is None else properties.get("lvl", "0"))
        for deeper in [d for d in self._at if d > depth]:
            del self._at[deeper]
        mark = self._mark(properties, depth)
        if mark is None or mark.tag == "a:buNone":
            self._at.pop(depth, None)
            return ""
        if mark.tag != "a:buAutoNum":
            return bullet(depth)
        start = whole(mark.get("startAt", "1"))
        self._at[depth] = self._at.get(depth, start - 1) + 1
        return _number(self._at[depth], mark.get("type", ""))

    def _mark(self, properties: Element | None, depth: int) -> Element | None:
        levels = (child(style, f"a:lvl{depth + 1}pPr") for style in self._styles)
        for level in (properties, *levels):
            for found in () if level is None else level:
                if found.tag in ("a:buNone", "a:buChar", "a:buAutoNum", "a:buBlip"):
                    return found
        return None


def _number(number: int, kind: str) -> str:
    match = _KIND.match(kind)
    name, end = (match[1], match[2] or "") if match else ("", "")
    before, after = _ENDS.get(end, ("", ""))
    return f"{before}{counted(number, _FORMATS.get(name, 'decimal'))}{after}"


def is_title(shape: Element) -> bool:
    """Whether the shape is the placeholder of a title."""
    return value(shape, "p:nvSpPr", "p:nvPr", "p:ph", of="type") in _TITLES
