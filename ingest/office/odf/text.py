"""The text inside a paragraph of OpenDocument. Attached objects follow after it."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from xml.etree.ElementTree import Element

from ingest.office.odf.styles import OdfStyles
from ingest.office.ooxml import child
from ingest.office.word.numbering import whole
from ingest.page_builder.office_page import OfficePage, address

Look = Callable[[str], str]  # the name of a style -> why its text is hidden
InLine = Callable[[Element], str]  # a frame -> its text within the line

SAID = {"text:p", "text:h"}
# Text that describes: it is not on the page, or the loader writes it in words of its own.
ASIDE = {"dc:creator", "dc:date", "svg:title", "svg:desc", "text:note-citation", "meta:date-string",
         "office:binary-data", "math:math", "meta:creator-initials",
         "loext:sender-initials"}  # fmt: skip
SHAPES = {f"draw:{name}" for name in (
    "frame", "custom-shape", "rect", "ellipse", "circle", "line", "polyline", "polygon", "path",
    "connector", "caption", "measure", "regular-polygon", "g", "a", "control",
)}  # fmt: skip


@dataclass
class OdfInline:
    """The text of a paragraph by the reason for hiding it ("" is visible), and attached objects."""

    in_line: InLine
    text: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    hanging: list[tuple[Element, str]] = field(default_factory=list)  # with the mark of a note


def paragraph(
    element: Element, styles: OdfStyles, draft: OfficePage, paper: bool, in_line: InLine
) -> OdfInline:
    """Read one paragraph or heading. `paper`: white letters could not be seen there."""
    found = OdfInline(in_line)
    look = partial(styles.hidden, paper=paper)
    _read(element, found, look(element.get("text:style-name", "")), look, draft)
    return found


def _read(element: Element, found: OdfInline, hidden: str, look: Look, draft: OfficePage) -> None:
    found.text[hidden] += flat(element.text)
    for part in element:
        _part(part, found, hidden, look, draft)
        found.text[hidden] += flat(part.tail)


def _part(part: Element, found: OdfInline, hidden: str, look: Look, draft: OfficePage) -> None:
    match part.tag:
        case "text:s" | "text:tab":
            found.text[hidden] += " "
        case "text:line-break":
            found.text[hidden] += "\n"
        case "text:note":
            mark = f"[{''.join(_citation(part))}]"
            found.text[hidden] += draft.count_in(mark)
            found.hanging.append((part, mark))
        case "office:annotation":
            found.hanging.append((part, ""))
        case "text:hidden-text" | "text:hidden-paragraph":
            _read(part, found, "hidden text", look, draft)
        case "text:a":
            before = len(found.text[hidden])
            _read(part, found, hidden, look, draft)
            shown = found.text[hidden][before:]
            found.text[hidden] += draft.count_in(address(shown, part.get("xlink:href", "")))
        case "text:span":
            own = look(part.get("text:style-name", ""))
            _read(part, found, hidden or own, look, draft)
        case "draw:frame" if text := found.in_line(part):
            found.text[hidden] += draft.count_in(text)
        case tag if tag in SHAPES:
            found.hanging.append((part, ""))
        case tag if tag not in ASIDE:
            _read(part, found, hidden, look, draft)


def flat(text: str | None) -> str:
    """Line ends of an XML file are spaces: real breaks have elements of their own."""
    return (text or "").replace("\n", " ")


def _citation(note: Element) -> Iterator[str]:
    found = child(note, "text:note-citation")
    yield "*" if found is None else "".join(found.itertext()).strip()


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


def creator(annotation: Element) -> tuple[str, str]:
    """Who wrote a comment, and when."""
    names = ("dc:creator", "dc:date")
    author, when = (getattr(child(annotation, name), "text", "") or "" for name in names)
    return author, when
