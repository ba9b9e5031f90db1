"""The meaning of Word's paragraph styles: headings, lists, captions, hidden text."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ingest.office.ooxml import child, children, value
from ingest.office.word.numbering import whole

_BODY = 9  # the outline level of running text


@dataclass(frozen=True)
class Style:
    """The properties of a style, including those of the style it is based on."""

    name: str = ""
    heading: int = 0
    list: str = ""  # identity of the list its paragraphs belong to
    depth: int | None = None
    hidden: bool = False


class WordStyles:
    """The styles of a document, by identity."""

    def __init__(self, root: Element | None) -> None:
        self._elements = {value(e, of="w:styleId"): e for e in children(root, "w:style")}
        self._known: dict[str, Style] = {}
        self.default = next((name for name, e in self._elements.items() if _is_default(e)), "")

    def __getitem__(self, name: str) -> Style:
        if name not in self._known:
            self._known[name] = Style()  # breaks a cycle of styles that are based on each other
            self._known[name] = self._read(name)
        return self._known[name]

    def lists(self) -> dict[str, str]:
        """The styles whose paragraphs are items of a list."""
        return {name: number for name in self._elements if (number := self[name].list)}

    def _read(self, name: str) -> Style:
        element = self._elements.get(name)
        if element is None:
            return Style(name)
        based = (
            self[value(element, "w:basedOn")]
            if child(element, "w:basedOn") is not None
            else Style()
        )
        shown = value(element, "w:name")
        properties = child(element, "w:pPr")
        level = outline(properties)
        depth = value(properties, "w:numPr", "w:ilvl")
        return Style(
            shown.lower(),
            _named(shown) or (based.heading if level is None else level),
            value(properties, "w:numPr", "w:numId") or based.list,
            whole(depth) if depth else based.depth,
            on(child(element, "w:rPr"), "w:vanish") or based.hidden,
        )


def outline(properties: Element | None) -> int | None:
    """The heading level that paragraph properties state; None when they state none."""
    level = value(properties, "w:outlineLvl")
    return None if not level else 0 if whole(level) >= _BODY else whole(level) + 1


def on(properties: Element | None, name: str) -> bool:
    """A switch such as bold: present, and not turned off."""
    found = child(properties, name)
    return found is not None and found.get("w:val", "true") not in ("0", "false", "off")


def _named(shown: str) -> int:
    kind, _, level = shown.lower().partition(" ")
    if kind == "heading" and level.isdecimal():
        return whole(level)
    return int(kind == "title" and not level)


def _is_default(style: Element) -> bool:
    return style.get("w:type") == "paragraph" and style.get("w:default") in ("1", "true")
