"""The meaning of OpenDocument styles: lists and their labels, titles, hidden text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.office.ooxml import child, value
from ingest.office.word_numbering import Counts, bullet, counted, whole

_FORMATS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman",
            "I": "upperRoman"}  # fmt: skip
_SIZE = re.compile(r"([\d.]+)pt")
_TINY = 2  # points
_WHITE = "#ffffff"


@dataclass
class Counter:
    """The counts of a list, by level."""

    style: str
    at: Counts = field(default_factory=Counts)


class OdfStyles:
    """The styles of all parts of a file, by name."""

    def __init__(self, *roots: Element | None) -> None:
        self._styles: dict[str, Element] = {}
        self._levels: dict[tuple[str, int], Element] = {}
        for element in (e for root in roots if root is not None for e in root.iter()):
            if element.tag == "style:style":
                self._styles[element.get("style:name", "")] = element
            elif element.tag in ("text:list-style", "text:outline-style"):
                name = element.get("style:name", "")
                name = "" if element.tag == "text:outline-style" else name
                self._levels |= {(name, whole(e.get("text:level", "0"))): e for e in element}

    def is_title(self, name: str) -> bool:
        return any(found.get("style:name") == "Title" for found in self._line(name))

    def list(self, name: str) -> str:
        """The list style of a paragraph style."""
        return next((n for e in self._line(name) if (n := e.get("style:list-style-name"))), "")

    def hidden(self, name: str, paper: bool) -> str:
        """Why text of this style is hidden; white text only on white paper."""
        for found in self._line(name):
            properties = child(found, "style:text-properties")
            if properties is None:
                continue
            if properties.get("text:display") == "none":
                return "hidden text"
            if paper and _white(properties, found):
                return "white on white"
            size = _SIZE.fullmatch(properties.get("fo:font-size", ""))
            if size and float(size[1]) <= _TINY:
                return "letters too small to see"
        return ""

    def hidden_slide(self, name: str) -> bool:
        found = self._styles.get(name)
        shown = value(found, "style:drawing-page-properties", of="presentation:visibility")
        return shown == "hidden"

    def label(self, counter: Counter, level: int, start: int | None = None) -> str:
        """The next bullet or number at a level, the top being 1."""
        found = self._levels.get((counter.style, level))
        if found is None:
            return ""
        if not found.tag.endswith(("-number", "outline-level-style")):
            return bullet(level - 1)
        first = whole(found.get("text:start-value", "1"))
        counter.at.next(level, first)
        if start is not None:
            counter.at[level] = start
        return self._number(counter, found, level)

    def _number(self, counter: Counter, found: Element, level: int) -> str:
        if not found.get("style:num-format"):
            return ""
        shown = max(whole(found.get("text:display-levels", "1")), 1)
        numbers = [
            counted(counter.at.get(place, 1), _FORMATS.get(self._format(counter, place), "decimal"))
            for place in range(max(level - shown, 0) + 1, level + 1)
            if self._format(counter, place)
        ]
        prefix, suffix = found.get("style:num-prefix", ""), found.get("style:num-suffix", "")
        return f"{prefix}{'.'.join(numbers)}{suffix}".strip()

    def _format(self, counter: Counter, level: int) -> str:
        found = self._levels.get((counter.style, level))
        return "" if found is None else found.get("style:num-format", "")

    def _line(self, name: str) -> Iterator[Element]:
        """The style and those it is based on."""
        seen: set[str] = set()
        while name and name not in seen and (found := self._styles.get(name)) is not None:
            seen.add(name)
            yield found
            name = found.get("style:parent-style-name", "")


def _white(properties: Element, style: Element) -> bool:
    """Whether letters are white and neither they nor their paragraph have a background."""
    behind = (properties, child(style, "style:paragraph-properties"))
    colours = {e.get("fo:background-color", "transparent") for e in behind if e is not None}
    return properties.get("fo:color", "").lower() == _WHITE and colours <= {"transparent", _WHITE}


# -- The texts of elements, without what describes them

SAID = {"text:p", "text:h"}
# Text that describes: it is not on the page, or the loader writes it in words of its own.
ASIDE = {"dc:creator", "dc:date", "svg:title", "svg:desc", "text:note-citation", "meta:date-string",
         "office:binary-data", "math:math", "meta:creator-initials",
         "loext:sender-initials"}  # fmt: skip
SHAPES = {f"draw:{name}" for name in (
    "frame", "custom-shape", "rect", "ellipse", "circle", "line", "polyline", "polygon", "path",
    "connector", "caption", "measure", "regular-polygon", "g", "a", "control",
)}  # fmt: skip


def texts_of(element: Element, inside: bool = False) -> Iterator[str]:
    """The texts of all paragraphs below an element, without descriptions."""
    inside = inside or element.tag in SAID
    if inside and element.text:
        yield element.text
    for part in element:
        if part.tag not in ASIDE:
            yield from texts_of(part, inside)
        if inside and part.tail:
            yield part.tail


def described(shape: Element) -> str:
    """The title and the description of a picture or shape."""
    texts = (child(shape, name) for name in ("svg:title", "svg:desc"))
    return " ".join(e.text.strip() for e in texts if e is not None and e.text)


def repeats(element: Element, name: str, most: int) -> int:
    """How often a row or cell repeats."""
    return min(max(whole(element.get(name, "1")), 1), most)
