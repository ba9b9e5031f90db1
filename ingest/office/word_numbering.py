"""The labels of Word lists: bullets, and numbers as Word counts them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.office.ooxml import child, children, value

BULLETS = "•◦▪"  # by depth; the file's own are often letters of a symbol font
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"),
          (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
_DEEPEST = 9


@dataclass(frozen=True)
class _Level:
    format: str
    text: str  # such as "%1.%2."
    start: int
    style: str


class Counts(dict[int, int]):
    """Where a list counts, by depth."""

    def next(self, depth: int, start: int) -> int:
        """The number of the next item at a depth, the first of which is `start`."""
        self.close_below(depth)
        self[depth] = self.get(depth, start - 1) + 1
        return self[depth]

    def close_below(self, depth: int) -> None:
        """Restart the numbering of all levels below this depth."""
        for deeper in [place for place in self if place > depth]:
            del self[deeper]


@dataclass
class _List:
    """Levels of one list, and where each counts."""

    levels: dict[int, _Level]
    at: Counts = field(default_factory=Counts)


class Numbering:
    """The lists of a document. Ask for labels in the order of the paragraphs."""

    def __init__(self, root: Element | None, styles: Mapping[str, str]) -> None:
        """`styles` are the paragraph styles that lie in a list: style -> list."""
        self._lists = {
            value(e, of="w:abstractNumId"): _List(
                {whole(level.get("w:ilvl", "0")): _level(level) for level in children(e, "w:lvl")}
            )
            for e in children(root, "w:abstractNum")
        }
        self._numbers = {value(e, of="w:numId"): e for e in children(root, "w:num")}
        self._linked = {
            value(e, of="w:abstractNumId"): styles.get(value(e, "w:numStyleLink"), "")
            for e in children(root, "w:abstractNum")
        }
        self._begun: set[str] = set()

    def label(self, number: str, depth: int | None, style: str = "") -> str:
        """The next label of a list at this depth; "" when it is no list."""
        found = self._list(number)
        if found is None:
            return ""
        if depth is None:
            depth = next((d for d, level in found.levels.items() if level.style == style), 0)
        if number not in self._begun:
            self._begun.add(number)
            self._restart(number, found)
        return _label(found, min(depth, _DEEPEST))

    def _list(self, number: str, again: bool = True) -> _List | None:
        named = value(self._numbers.get(number), "w:abstractNumId")
        linked = self._linked.get(named)
        if linked and linked != number and again:  # the levels are with the style of the list
            return self._list(linked, again=False)
        return self._lists.get(named)

    def _restart(self, number: str, found: _List) -> None:
        for override in children(self._numbers[number], "w:lvlOverride"):
            depth = whole(override.get("w:ilvl", "0"))
            if start := value(override, "w:startOverride"):
                found.at[depth] = whole(start) - 1
            own = child(override, "w:lvl")
            if own is not None:
                found.levels = {**found.levels, depth: _level(own)}


def _level(level: Element) -> _Level:
    return _Level(
        value(level, "w:numFmt") or "decimal",
        value(level, "w:lvlText"),
        whole(value(level, "w:start") or "1"),
        value(level, "w:pStyle"),
    )


def _label(found: _List, depth: int) -> str:
    level = found.levels.get(depth)
    if level is None:
        return ""
    if level.format == "bullet":
        return bullet(depth)
    found.at.next(depth, level.start)
    label = level.text
    for place in range(depth + 1):
        one = found.levels.get(place)
        number = counted(found.at.get(place, one.start), one.format) if one else ""
        label = label.replace(f"%{place + 1}", number)
    return label.strip() if level.format != "none" else ""


def bullet(depth: int) -> str:
    """The sign of a list item without a number, by its depth from 0."""
    return BULLETS[min(depth, len(BULLETS) - 1)]


def counted(number: int, format: str) -> str:
    """A number in a list's format, by Word's name of the format."""
    match format:
        case "lowerLetter":
            return _letters(number)
        case "upperLetter":
            return _letters(number).upper()
        case "lowerRoman":
            return _roman(number)
        case "upperRoman":
            return _roman(number).upper()
        case "decimalZero":
            return f"{number:02d}"
        case "none":
            return ""
    return str(number)


def _letters(number: int) -> str:
    """a to z, then aa to zz."""
    return chr(ord("a") + (number - 1) % 26) * min((number - 1) // 26 + 1, 9) if number > 0 else "0"


def _roman(number: int) -> str:
    if not 0 < number < 4000:
        return str(number)
    text = ""
    for size, letters in _ROMAN:
        text += letters * (number // size)
        number %= size
    return text


def whole(text: str) -> int:
    """A whole number of an attribute; 0 when it is none."""
    try:
        return int(text)
    except ValueError:
        return 0
