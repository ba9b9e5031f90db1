"""OpenDocument texts and presentations (.odt, .odp, and .fodt, .fodp that are one XML file)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from xml.etree.ElementTree import Element

from ingest.document.model import Document, Page, count
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.images.recognition import Pasted, Writing, best, decoded
from ingest.office import ooxml
from ingest.office.ooxml import Counts, Package, child, children, formula, parse, value, whole
from ingest.page_builder import (
    DELETED,
    NOT_READ,
    REPEATED,
    Covered,
    Entry,
    Inline,
    OfficePage,
    Row,
    comment_by,
)

# -- The meaning of styles: lists and their labels, titles, hidden text

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
            return ooxml.bullet(level - 1)
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
            ooxml.counted(
                counter.at.get(place, 1), _FORMATS.get(self._format(counter, place), "decimal")
            )
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


# -- Tables of OpenDocument: rows and cells that are repeated and merged

_MOST_ROWS = 1000  # that one row may stand for
_MOST_COLUMNS = 64
_CELLS = {"table:table-cell", "table:covered-table-cell"}


def _rows(table: Element, heads: bool = False) -> Iterator[tuple[Element, bool]]:
    for part in table:
        if part.tag == "table:table-row":
            yield part, heads
        elif part.tag == "table:table-header-rows":
            yield from _rows(part, heads=True)
        elif part.tag in ("table:table-rows", "table:table-row-group"):
            yield from _rows(part, heads)


# -- Reads paragraphs, lists, tables and shapes of OpenDocument in order, with notes and comments

_SKIPPED = {"text:sequence-decls", "text:variable-decls", "text:user-field-decls", "office:forms",
            "svg:title", "svg:desc", "dc:creator", "dc:date", "office:event-listeners"}  # fmt: skip


class OdfBody:
    """Reads the parts of a file: call `blocks` for each."""

    def __init__(self, package: Package | None, styles: OdfStyles, pasted: Pasted) -> None:
        """Without a package there are no embedded objects: a flat file is one XML."""
        self._package = package
        self._pasted = pasted
        self._styles = styles
        self._outline = Counter("")
        self._lists: dict[str, Counter] = {}  # by the identity of a list
        self._last: dict[str, Counter] = {}  # by style: lists that may be continued

    def blocks(self, parent: Element, draft: OfficePage, paper: bool = True) -> None:
        """Everything in a body, section, cell, note or text box. `paper`: it stands on white."""
        for block in parent:
            self.block(block, draft, paper)

    def block(self, block: Element, draft: OfficePage, paper: bool = True) -> None:
        tag = block.tag
        if tag == "text:h":
            self._heading(block, draft)
        elif tag == "text:p":
            self.paragraph(block, draft, paper=paper)
        elif tag == "text:list":
            self._list(block, draft, None, 1, paper)
        elif tag == "table:table":
            self._table(block, draft)
        elif tag == "text:tracked-changes":
            draft.drop(DELETED, "".join(texts_of(block)))
        elif tag == "office:annotation":
            self._comment(block, draft)
        elif tag == "draw:frame":
            self._frame(block, draft)
        elif tag in SHAPES or tag == "draw:text-box":
            if not "".join(texts_of(block)).strip() and (alt := described(block)):
                draft.figure(alt)
            self.blocks(block, draft, paper=False)
        elif tag not in _SKIPPED:
            self.blocks(block, draft, paper)

    def _table(self, table: Element, draft: OfficePage) -> None:
        found: list[Row] = []
        header = 0
        for row, heads in _rows(table):
            entries = list(self._entries(row, draft))
            while entries and entries[-1] in (None, ""):
                entries.pop()  # rows are filled up to the width of a sheet
            said = "".join(entry for entry in entries if isinstance(entry, str))
            times = repeats(row, "table:number-rows-repeated", _MOST_ROWS) if said else 1
            draft.count_in(said * (times - 1))
            found += [entries] * times
            header += times if heads else 0
        if table.get("table:use-first-row-styles") == "true" and len(found) > 1:
            header = header or 1
        width = max(map(len, found), default=0)
        draft.table([[*row, *[""] * (width - len(row))] for row in found], header)

    def _entries(self, row: Element, draft: OfficePage) -> Iterator[Entry]:
        wide = 0  # places to the right that the last cell reaches over
        for cell in row:
            if cell.tag not in _CELLS:
                continue
            text = self.cell(cell, draft)
            entry: Entry = text
            if cell.tag == "table:covered-table-cell" and not text:
                entry = Covered.LEFT if wide > 0 else Covered.ABOVE
            else:
                wide = whole(cell.get("table:number-columns-spanned", "")) - 1
            times = repeats(cell, "table:number-columns-repeated", _MOST_COLUMNS)
            wide -= times if isinstance(entry, Covered) else 0
            draft.count_in(text * (times - 1))
            yield from [entry] * times

    def cell(self, element: Element, draft: OfficePage) -> str:
        """The content of a cell as one text."""
        inner = draft.inner()
        paragraphs = [part for part in element.iter() if part.tag in SAID]
        if len(paragraphs) == 1 and child(element, "text:list") is not None:
            self.paragraph(paragraphs[0], inner, paper=False)  # a list of one: only its text
        else:
            self.blocks(element, inner, paper=False)
        return draft.take(inner)

    def paragraph(
        self, element: Element, draft: OfficePage, label: str = "", heading: int = 0,
        paper: bool = True,
    ) -> None:  # fmt: skip
        """Read a paragraph."""
        name, found = element.get("text:style-name", ""), Inline(draft, paper)
        self._read(element, found, self._styles.hidden(name, paper))
        caption = next(element.iter("text:sequence"), None) is not None  # Writer numbers them so
        draft.paragraph(found, label, heading or int(self._styles.is_title(name)), caption)

    def _read(self, element: Element, found: Inline, hidden: str) -> None:
        # Line ends of an XML file are spaces: real breaks have elements of their own.
        found.text[hidden] += (element.text or "").replace("\n", " ")
        for part in element:
            self._part(part, found, hidden)
            found.text[hidden] += (part.tail or "").replace("\n", " ")

    def _part(self, part: Element, found: Inline, hidden: str) -> None:
        match part.tag:
            case "text:s" | "text:tab":
                found.text[hidden] += " "
            case "text:line-break":
                found.text[hidden] += "\n"
            case "text:note":
                own = child(part, "text:note-citation")
                mark = f"[{'*' if own is None else ''.join(own.itertext()).strip()}]"
                found.make(hidden, mark)
                found.hanging.append(partial(self._note, part, mark))
            case "text:hidden-text" | "text:hidden-paragraph":
                self._read(part, found, "hidden text")
            case "text:a":
                before = len(found.text[hidden])
                self._read(part, found, hidden)
                found.end_link(hidden, before, part.get("xlink:href", ""))
            case "text:span":
                own_style = part.get("text:style-name", "")
                self._read(part, found, hidden or self._styles.hidden(own_style, found.paper))
            case "draw:frame" if text := self._formula(part):
                found.make(hidden, text)
            case tag if tag in SHAPES or tag == "office:annotation":
                found.hanging.append(partial(self.block, part, paper=found.paper))
            case tag if tag not in ASIDE:
                self._read(part, found, hidden)

    def _note(self, note: Element, mark: str, draft: OfficePage) -> None:
        inner = draft.inner()
        for body in children(note, "text:note-body"):
            self.blocks(body, inner)
        draft.line(f"{draft.count_in(mark)} {draft.take(inner)}")

    def _comment(self, annotation: Element, draft: OfficePage) -> None:
        inner = draft.inner()
        self.blocks(annotation, inner)
        told = (child(annotation, name) for name in ("dc:creator", "dc:date"))
        draft.remark(comment_by(*(getattr(one, "text", "") or "" for one in told)), inner)

    def _heading(self, element: Element, draft: OfficePage) -> None:
        level = max(whole(element.get("text:outline-level", "1")), 1)
        silent = (
            element.get("text:is-list-header") == "true" or not "".join(texts_of(element)).strip()
        )
        label = "" if silent else self._styles.label(self._outline, level)
        self.paragraph(element, draft, label, level)

    def _list(
        self, element: Element, draft: OfficePage, counter: Counter | None, level: int, paper: bool
    ) -> None:
        if counter is None:
            counter = self._counter(element)
        else:  # a list in a list may have a style of its own
            counter = Counter(element.get("text:style-name", counter.style), counter.at)
        for item in element:
            fresh = item.tag == "text:list-item"
            start = item.get("text:start-value")
            for block in item:
                if block.tag == "text:list":
                    self._list(block, draft, counter, level + 1, paper)
                elif block.tag in ("text:p", "text:h"):
                    fresh = self._item(block, draft, counter, level, fresh, start, paper)
                else:
                    self.block(block, draft, paper)

    def _item(
        self, block: Element, draft: OfficePage, counter: Counter, level: int, fresh: bool,
        start: str | None, paper: bool,
    ) -> bool:  # fmt: skip
        """A paragraph of a list; only the first of an item has a label."""
        if not "".join(texts_of(block)).strip():
            self.paragraph(block, draft, paper=paper)
            return fresh
        first = whole(start) if start else None
        label = self._styles.label(counter, level, first) if fresh else ""
        heading = whole(block.get("text:outline-level", "1")) if block.tag == "text:h" else 0
        self.paragraph(block, draft, label, heading, paper)
        return False

    def _counter(self, element: Element) -> Counter:
        """The counter where a list continues or begins."""
        first = next((e for e in element.iter() if e.tag in SAID), None)
        inherited = "" if first is None else self._styles.list(first.get("text:style-name", ""))
        style = element.get("text:style-name", "") or inherited
        continued = element.get("text:continue-list")
        before = self._lists.get(continued) if continued else None
        if before is None and element.get("text:continue-numbering") == "true":
            before = self._last.get(style)
        counter = before or Counter(style)
        self._lists[element.get("?:id", "")] = self._last[style] = counter
        return counter

    def _frame(self, frame: Element, draft: OfficePage) -> None:
        """Read the first of several forms; a picture that stands for an object is skipped."""
        forms = [part for part in frame if part.tag not in _SKIPPED]
        for form in forms[:1]:
            if form.tag == "draw:image":
                images = (self._written(image) for image in forms if image.tag == form.tag)
                draft.figure(described(frame), [best(images)])
            elif form.tag in ("draw:object", "draw:object-ole", "draw:plugin"):
                self._object(form, draft)
            else:
                self.block(form, draft, paper=False)
        for other in forms[1:]:
            if other.tag in ("table:table", "draw:text-box") or other.tag in SHAPES:
                self.block(other, draft, paper=False)

    def _written(self, image: Element) -> Writing:
        """A part of the package; in a flat file the picture itself."""
        inside = child(image, "office:binary-data")
        if inside is not None:
            return self._pasted.read(decoded(inside.text or ""))
        part = image.get("xlink:href", "").removeprefix("./")
        return (
            ooxml.text_in_picture(part, self._package, self._pasted) if self._package else Writing()
        )

    def _formula(self, frame: Element) -> str:
        """The text of a formula that stands in a line; nothing for other frames."""
        first = next((part for part in frame if part.tag not in _SKIPPED), None)
        root = self._root(first) if first is not None and first.tag == "draw:object" else None
        return _typed_formula(root) if root is not None and root.tag == "math:math" else ""

    def _root(self, element: Element) -> Element | None:
        """What is embedded, a part of the package or, in a flat file, inside of the element."""
        part = element.get("xlink:href", "").removeprefix("./").rstrip("/")
        root = self._package.xml(f"{part}/content.xml") if self._package and part else None
        return child(element, "math:math") if root is None else root

    def _object(self, element: Element, draft: OfficePage) -> None:
        """A formula or a chart; other objects are not opened."""
        root = self._root(element)
        if root is None:
            draft.note(NOT_READ)
        elif root.tag == "math:math":
            draft.line(draft.count_in(_typed_formula(root)))
        else:
            for table in root.iter("table:table"):
                draft.count_in("".join(texts_of(table)))
                self.block(table, draft)


def _typed_formula(root: Element) -> str:
    """A formula; as it was typed, where the file holds nothing else of it."""
    note = next(root.iter("math:annotation"), None)
    return formula(root) or ("" if note is None else note.text or "")


_NAMES = {"dc:title": "title", "meta:initial-creator": "author", "dc:creator": "author",
          "meta:creation-date": "created"}  # fmt: skip
_MARGINS = ("style:header", "style:footer")
_HIDDEN = "hidden slide"


def load_odf(source: Source) -> Document:
    """Load a file. A text is one page; each slide of a presentation is one.

    Raises EncryptedFile or UnreadableFile.
    """
    package: Package | None = None
    roots: list[Element | None]
    if source.path.suffix.lower().startswith(".f"):
        roots = [parse(source.path.read_bytes(), source)] * 3
    else:
        package = Package(source)
        manifest = package.xml("META-INF/manifest.xml")
        locked = () if manifest is None else manifest.iter("manifest:encryption-data")
        if next(iter(locked), None) is not None:
            raise ooxml.encrypted(source)
        roots = [package.xml(f"{name}.xml") for name in ("content", "styles", "meta")]
    content, styles, meta = roots
    body = child(content, "office:body")
    text, slides = child(body, "office:text"), child(body, "office:presentation")
    known = OdfStyles(styles, content)
    reader = OdfBody(package, known, Pasted(source.engines))
    with source.nesting():
        if text is not None:
            pages = [_text(styles, text, reader)]
        elif slides is not None:
            shown = enumerate(children(slides, "draw:page"), start=1)
            pages = [_slide(slide, number, reader, known) for number, slide in shown]
        else:
            raise ooxml.damaged(source)
    if not pages:
        raise UnreadableFile(f"{source.name} is a presentation without slides.")
    return source.document(tuple(pages), metadata=_metadata(meta))


def _text(styles: Element | None, text: Element, reader: OdfBody) -> Page:
    draft = OfficePage()
    reader.blocks(text, draft)
    given = _characters(text)
    masters = child(styles, "office:master-styles")
    for kind in _MARGINS:
        for part in () if masters is None else masters.iter():
            if part.tag.startswith(kind):  # also -left and -first
                given += _characters(part)
                inner = draft.inner()
                reader.blocks(part, inner)
                draft.margin(inner)
    return draft.page(1, given)


def _slide(slide: Element, number: int, reader: OdfBody, styles: OdfStyles) -> Page:
    draft = OfficePage()
    title = ""
    shapes = sorted(slide, key=lambda shape: not _is_title(shape))
    for shape in shapes:
        if shape.tag == "presentation:notes":
            _notes(shape, reader, draft)
        elif _is_title(shape) and not title:
            title = " ".join(reader.cell(shape, draft).split())
            draft.line(title, heading=1)
        else:
            reader.block(shape, draft, paper=False)
    if styles.hidden_slide(slide.get("draw:style-name", "")):
        draft.note(_HIDDEN)
    return draft.page(number, _characters(slide), title)


def _notes(notes: Element, reader: OdfBody, draft: OfficePage) -> None:
    inner = draft.inner()
    for shape in notes:
        if shape.get("presentation:class") in ("page-number", "header", "footer", "date-time"):
            draft.drop(REPEATED, "".join(texts_of(shape)))
        else:
            reader.block(shape, inner)
    draft.remark("Notes:", inner, "\n")


def _is_title(shape: Element) -> bool:
    return shape.get("presentation:class") == "title"


def _characters(element: Element) -> int:
    return sum(map(count, texts_of(element)))


def _metadata(root: Element | None) -> dict[str, str]:
    found: dict[str, str] = {}
    meta = child(root, "office:meta")
    for entry in () if meta is None else meta:
        if entry.tag in _NAMES and (text := (entry.text or "").strip()):
            found.setdefault(_NAMES[entry.tag], text)
    return found
