"""OpenDocument texts and presentations (.odt, .odp, and .fodt, .fodp that are one XML file)."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from xml.etree.ElementTree import Element

from ingest.document.model import Cell, Document, Page, count
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.images.recognition import Pasted, Writing, best, decoded
from ingest.office import ooxml
from ingest.office.odf_text import (
    ASIDE,
    SAID,
    SHAPES,
    Counter,
    OdfStyles,
    described,
    repeats,
    texts_of,
)
from ingest.office.ooxml import Package, child, children, damaged, encrypted, formula, parse
from ingest.office.word_numbering import whole
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
    text_of,
)

# -- Tables of OpenDocument: rows and cells that are repeated, merged and typed by the format

_MOST_ROWS = 1000  # that one row may stand for
_MOST_COLUMNS = 64
_CELLS = {"table:table-cell", "table:covered-table-cell"}
_GROUPS = {"table:table-rows", "table:table-row-group"}
_UNITS = {"percentage": "%"}

Read = Callable[[Element, OfficePage], str]


def rows(table: Element, read: Read, draft: OfficePage) -> tuple[list[Row], int]:
    """The rows, and how many of them are headings of the columns."""
    found: list[Row] = []
    header = 0
    for row, heads in _rows(table):
        entries = list(_entries(row, read, draft))
        while entries and entries[-1] in (None, ""):
            entries.pop()  # rows are filled up to the width of a sheet
        said = "".join(map(text_of, entries))
        times = repeats(row, "table:number-rows-repeated", _MOST_ROWS) if said else 1
        draft.count_in(said * (times - 1))
        found += [entries] * times
        header += times if heads else 0
    if table.get("table:use-first-row-styles") == "true" and len(found) > 1:
        header = header or 1
    width = max(map(len, found), default=0)
    return [[*row, *[""] * (width - len(row))] for row in found], header


def _rows(table: Element, heads: bool = False) -> Iterator[tuple[Element, bool]]:
    for part in table:
        if part.tag == "table:table-row":
            yield part, heads
        elif part.tag == "table:table-header-rows":
            yield from _rows(part, heads=True)
        elif part.tag in _GROUPS:
            yield from _rows(part, heads)


def _entries(row: Element, read: Read, draft: OfficePage) -> Iterator[Entry]:
    wide = 0  # places to the right that the last cell reaches over
    for cell in row:
        if cell.tag not in _CELLS:
            continue
        text = read(cell, draft)
        entry: Entry = _typed_value(cell, text) if text else ""
        if cell.tag == "table:covered-table-cell" and not text:
            entry = Covered.LEFT if wide > 0 else Covered.ABOVE
        else:
            wide = whole(cell.get("table:number-columns-spanned", "")) - 1
        times = repeats(cell, "table:number-columns-repeated", _MOST_COLUMNS)
        wide -= times if isinstance(entry, Covered) else 0
        draft.count_in(text * (times - 1))
        yield from [entry] * times


def _typed_value(cell: Element, text: str) -> str | Cell:
    """The typed value that the format states; text stays untyped."""
    kind = cell.get("office:value-type", "")
    if kind in ("float", "percentage", "currency"):
        unit = cell.get("office:currency", "") or _UNITS.get(kind, "")
        with suppress(ValueError):
            number = float(cell.get("office:value", ""))
            # As text reads: 12.5 % is 12.5 with the unit %, and is stored as 0.125.
            number = round(number * 100, 10) if kind == "percentage" else number
            return Cell(text, 0, number, "number", unit)
    if kind == "date" and (day := cell.get("office:date-value")):
        return Cell(text, 0, day, "date")
    if kind == "boolean":
        return Cell(text, 0, cell.get("office:boolean-value") == "true", "truth")
    return text


# -- Reads paragraphs, lists, tables and shapes of OpenDocument in order, with notes and comments

_BOXES = {"draw:text-box", "draw:custom-shape", "draw:rect", "draw:ellipse", "draw:circle",
          "draw:caption", "draw:g", "draw:a", "draw:regular-polygon", "draw:polygon", "draw:path",
          "draw:line", "draw:connector", "draw:polyline", "draw:measure"}  # fmt: skip
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
            draft.table(*rows(block, self.cell, draft))
        elif tag == "text:tracked-changes":
            draft.drop(DELETED, "".join(texts_of(block)))
        elif tag == "office:annotation":
            self._comment(block, draft)
        elif tag == "draw:frame":
            self._frame(block, draft)
        elif tag in _BOXES:
            self._shape(block, draft)
        elif tag not in _SKIPPED:
            self.blocks(block, draft, paper)

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
        style = element.get("text:style-name", "") or self._inherited(element)
        continued = element.get("text:continue-list")
        before = self._lists.get(continued) if continued else None
        if before is None and element.get("text:continue-numbering") == "true":
            before = self._last.get(style)
        counter = before or Counter(style)
        self._lists[element.get("?:id", "")] = self._last[style] = counter
        return counter

    def _inherited(self, element: Element) -> str:
        first = next((e for e in element.iter() if e.tag in ("text:p", "text:h")), None)
        return "" if first is None else self._styles.list(first.get("text:style-name", ""))

    def _shape(self, shape: Element, draft: OfficePage) -> None:
        if not "".join(texts_of(shape)).strip() and (alt := described(shape)):
            draft.figure(alt)
        self.blocks(shape, draft, paper=False)

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
            raise encrypted(source)
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
            raise damaged(source)
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
    for meta in () if root is None else root.iter("office:meta"):
        for entry in meta:
            if entry.tag in _NAMES and (text := (entry.text or "").strip()):
                found.setdefault(_NAMES[entry.tag], text)
    return found
