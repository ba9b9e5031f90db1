"""Paragraphs and tables of Word in their order, with their lists, notes, comments and pictures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from xml.etree.ElementTree import Element

from ingest.document.model import Document, Page, count
from ingest.document.source import Engines, Source
from ingest.images.recognition import Pasted
from ingest.office import ooxml
from ingest.office.ooxml import Package, Relation, child, children, texts, value, whole
from ingest.page_builder import (
    DELETED,
    NOT_READ,
    Covered,
    Entry,
    Inline,
    OfficePage,
    Row,
    comment_by,
)

# -- The meaning of Word's paragraph styles: headings, lists, captions, hidden text

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
        defaults = (
            name for name, e in self._elements.items()
            if e.get("w:type") == "paragraph" and e.get("w:default") in ("1", "true")
        )  # fmt: skip
        self.default = next(defaults, "")

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
        based = self[value(element, "w:basedOn")]
        shown = value(element, "w:name")
        properties = child(element, "w:pPr")
        level = outline(properties)
        kind, _, number = shown.lower().partition(" ")
        named = whole(number) if kind == "heading" else int(shown.lower() == "title")
        depth = value(properties, "w:numPr", "w:ilvl")
        return Style(
            shown.lower(),
            named or (based.heading if level is None else level),
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


# -- The labels of lists: bullets, and numbers as Word counts them

_DEEPEST = 9


@dataclass(frozen=True)
class _Level:
    format: str
    text: str  # such as "%1.%2."
    start: int
    style: str


@dataclass
class _List:
    """Levels of one list, and where each counts."""

    levels: dict[int, _Level]
    at: ooxml.Counts = field(default_factory=ooxml.Counts)


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
        return ooxml.bullet(depth)
    found.at.next(depth, level.start)
    label = level.text
    for place in range(depth + 1):
        one = found.levels.get(place)
        number = ooxml.counted(found.at.get(place, one.start), one.format) if one else ""
        label = label.replace(f"%{place + 1}", number)
    return label.strip() if level.format != "none" else ""


# -- Reads a document: text with its runs, fields, links and formulas, not what was deleted; after
# each paragraph what is attached to it: pictures, text boxes, notes, comments

TEXT = frozenset({"w:t", "w:delText", "m:t", "a:t"})
PROMPT = "prompts of empty form fields"

_PLAIN = {"w:tab": " ", "w:ptab": " ", "w:br": "\n", "w:cr": "\n"}
_SKIPPED = {"w:pPr", "w:rPr", "w:instrText", "w:sdtPr", "w:fldData", "w:rt", "w:fldChar", "w:sym"}
_FORMULAS = {"m:oMath", "m:oMathPara"}
_DRAWINGS = {"w:drawing", "w:pict", "w:object"}
_REFERENCES = {"w:footnoteReference": "footnotes", "w:endnoteReference": "endnotes"}
_WINGDINGS = {"F0FC": "✓", "F0FB": "✗", "F0FE": "☒", "F0A8": "☐", "F06F": "☐", "F078": "☒",
              "F052": "☑", "F0E0": "→", "F0B7": "•", "F0A7": "▪"}  # fmt: skip
_WHITE = "FFFFFF"
_TINY = 4  # half points
_NESTED = {"w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "w:smartTag"}
_WIDEST = 63  # columns, what Word allows


class WordBody:
    """Reads the story of a document into a draft: its text, then what hangs on it."""

    def __init__(self, package: Package, main: str, root: Element, engines: Engines) -> None:
        """`main` is the part of the package where the document begins, `root` its element."""
        self._package, self._pasted = package, Pasted(engines)
        self._relations = package.relations(main)
        self._parts = [("document", root), *_parts(package, self._relations)]
        _resolve(root, self._relations)
        known = dict(reversed(self._parts))  # of several of a kind the first
        self._styles = WordStyles(known.get("styles"))
        self._numbering = Numbering(known.get("numbering"), self._styles.lists())
        self._remarks = {  # notes and comments, by part ("footnotes") and identity
            (kind, element.get("w:id", "")): element
            for kind, part in self._parts
            if kind in _REMARKS
            for element in children(part, _REMARKS[kind])
        }
        self._noted = 0  # notes that were referred to
        self._paper = child(root, "w:background") is None
        self._draft = OfficePage()

    def read(self, body: Element) -> Page:
        """The document as one page: its body, then unreferenced notes, headers and footers."""
        self.blocks(body, self._draft)
        for key in list(self._remarks):  # those without a reference in the text
            self._remark(key, "", self._draft)
        for margin in _MARGINS:
            for kind, part in self._parts:
                if kind == margin:
                    inner = self._draft.inner()
                    self.blocks(part, inner)
                    self._draft.margin(inner)
        told = [part for kind, part in self._parts if kind not in ("styles", "numbering")]
        return self._draft.page(1, sum(count(text) for part in told for text in texts(part, TEXT)))

    def blocks(self, parent: Element, draft: OfficePage, paper: bool = True) -> None:
        """Read everything in a body, cell, note or text box. `paper`: the background is white."""
        for block in parent:
            if block.tag == "w:p":
                self._paragraph(block, draft, paper)
            elif block.tag == "w:tbl":
                self._table(block, draft)
            elif block.tag in ("w:del", "w:moveFrom") or _is_prompt(block):
                self._left_out(block)
            elif block.tag == "w:sdt" or block.tag in _NESTED:
                self.blocks(block, draft, paper)
            elif block.tag == "w:altChunk":
                draft.note(NOT_READ)

    def _left_out(self, element: Element) -> None:
        self._draft.drop(
            PROMPT if element.tag == "w:sdt" else DELETED, "".join(texts(element, TEXT))
        )

    def _paragraph(self, paragraph: Element, draft: OfficePage, paper: bool) -> None:
        properties = child(paragraph, "w:pPr")
        style = self._styles[value(properties, "w:pStyle") or self._styles.default]
        found = Inline(draft, paper and self._paper and child(properties, "w:shd") is None)
        self._runs(paragraph, found, "hidden text" if style.hidden else "")
        level = outline(properties)
        heading = style.heading if level is None else level
        # Word shows a number before an empty paragraph, and a reader skips it.
        label = "" if found.empty else self._label(properties, style)
        draft.paragraph(found, label, heading, caption=style.name == "caption")

    def _label(self, properties: Element | None, style: Style) -> str:
        """The label that a list puts before a paragraph."""
        own = child(properties, "w:numPr")
        number = value(own, "w:numId") or style.list
        if not number or number == "0":
            return ""
        depth = value(own, "w:ilvl")
        place = whole(depth) if depth else (0 if value(own, "w:numId") else style.depth)
        name = value(properties, "w:pStyle") or self._styles.default
        return self._numbering.label(number, place, name)

    def _runs(self, element: Element, found: Inline, hidden: str) -> None:
        for part in element:
            self._run(part, found, hidden)

    def _run(self, part: Element, found: Inline, hidden: str) -> None:
        tag = part.tag
        if tag == "w:t":
            found.text[hidden] += (part.text or "").replace("\n", " ")  # breaks are elements
        elif tag == "w:r":
            self._runs(part, found, hidden or self._hidden(child(part, "w:rPr"), found))
        elif tag in _PLAIN:
            found.text[hidden] += _PLAIN[tag]
        elif tag in ("w:del", "w:moveFrom") or _is_prompt(part):
            self._left_out(part)
        elif tag in _FORMULAS:
            found.text[hidden] += self._draft.count_made(ooxml.formula(part), texts(part, TEXT))
        elif tag in _DRAWINGS:
            found.hanging.append(partial(self._drawing, part, hidden))
        elif tag == "mc:AlternateContent":
            self._runs(ooxml.newest(part, self._draft, TEXT), found, hidden)
        elif tag == "w:hyperlink":
            before = len(found.text[hidden])
            self._runs(part, found, hidden)
            found.end_link(hidden, before, part.get("target", ""))
        elif tag == "w:commentReference":
            found.hanging.append(partial(self._remark, ("comments", part.get("w:id", "")), ""))
        elif mark := self._mark(part, found):
            found.make(hidden, mark)
        elif tag not in _SKIPPED:
            self._runs(part, found, hidden)

    def _mark(self, part: Element, found: Inline) -> str:
        """The text that a mark stands for; empty for anything else."""
        match part.tag:
            case "w:noBreakHyphen":
                return "-"
            case "w:sym":
                return _symbol(part.get("w:char", ""))
            case "w:footnoteReference" | "w:endnoteReference":
                self._noted += 1
                key, mark = (_REFERENCES[part.tag], part.get("w:id", "")), f"[{self._noted}]"
                found.hanging.append(partial(self._remark, key, mark))
                return mark
            case "w:fldChar":  # the box of an old form field
                if (box := child(part, "w:ffData", "w:checkBox")) is not None:
                    own = child(box, "w:checked") is not None
                    return "☒ " if on(box, "w:checked" if own else "w:default") else "☐ "
        return ""

    def _hidden(self, properties: Element | None, found: Inline) -> str:
        if properties is None:
            return ""
        style = self._styles[value(properties, "w:rStyle")]
        if on(properties, "w:vanish") or (style.hidden and child(properties, "w:vanish") is None):
            return "hidden text"
        ground = (child(properties, name) for name in ("w:shd", "w:highlight"))
        white = value(properties, "w:color").upper() == _WHITE
        if found.paper and white and not any(one is not None for one in ground):
            return "white on white"
        size = value(properties, "w:sz")
        return "letters too small to see" if size and whole(size) <= _TINY else ""

    def _remark(self, key: tuple[str, str], mark: str, draft: OfficePage) -> None:
        remark = self._remarks.pop(key, None)  # pop: shown once, where it is referred to first
        if remark is None:
            return
        if key[0] == "comments":
            mark = comment_by(remark.get("w:author", ""), remark.get("w:date", ""))
        inner = draft.inner()
        self.blocks(remark, inner)
        draft.remark(mark, inner)

    def _drawing(self, drawing: Element, hidden: str, draft: OfficePage) -> None:
        boxes = list(_boxes(drawing, draft))
        for box in boxes:
            self.blocks(box, draft, paper=False)
        ooxml.read_linked_graphic(drawing, self._package, self._relations, draft)
        alt = ooxml.alternative_text(drawing)
        pictured = any(e.tag in ("pic:pic", "v:imagedata") for e in drawing.iter())
        embedded = any(e.tag == "o:OLEObject" for e in drawing.iter())
        if pictured or (alt and not boxes):
            # The picture of an embedded document repeats that document's own text.
            shown = () if embedded else ooxml.texts_in_drawing(drawing, self._package, self._pasted)
            draft.figure(alt, shown, hidden)
        if embedded:
            draft.note(NOT_READ)

    def _table(self, table: Element, draft: OfficePage) -> None:
        rows = list(_inside(table, "w:tr"))
        if len(rows) == 1 and len(cells := list(_inside(rows[0], "w:tc"))) == 1:
            self.blocks(cells[0], draft, paper=False)  # a frame around text, not a table
            return
        shown = [row for row in rows if child(row, "w:trPr", "w:del") is None]
        for row in rows:
            if row not in shown:
                self._left_out(row)
        heads = 0
        while heads < len(shown) and on(child(shown[heads], "w:trPr"), "w:tblHeader"):
            heads += 1
        draft.table([self._row(row, draft) for row in shown], heads if heads < len(shown) else 0)

    def _row(self, row: Element, draft: OfficePage) -> Row:
        entries: list[Entry] = [None] * whole(value(row, "w:trPr", "w:gridBefore"))
        for cell in _inside(row, "w:tc"):
            properties = child(cell, "w:tcPr")
            inner = draft.inner()
            self.blocks(cell, inner, paper=False)
            text = draft.take(inner)
            merged = child(properties, "w:vMerge")
            covered = merged is not None and merged.get("w:val", "continue") == "continue"
            entries.append(Covered.ABOVE if covered and not text else text)
            width = min(whole(value(properties, "w:gridSpan")), _WIDEST)
            entries += [Covered.LEFT] * (width - 1)
        return entries[: _WIDEST * 2]


def _is_prompt(element: Element) -> bool:
    """Whether it is a form field that nobody has filled."""
    return element.tag == "w:sdt" and on(child(element, "w:sdtPr"), "w:showingPlcHdr")


def _symbol(code: str) -> str:
    if code.upper() in _WINGDINGS:
        return _WINGDINGS[code.upper()]
    try:
        number = int(code, 16)
    except ValueError:
        return ""
    # Private letters mean something in their font only; symbol fonts lie at F000 to F0FF.
    number -= 0xF000 if 0xF020 <= number <= 0xF07E else 0
    return chr(number) if 0x20 <= number < 0xD800 else ""


def _inside(parent: Element, name: str) -> Iterator[Element]:
    """Rows or cells, also within content controls."""
    for found in parent:
        if found.tag == name:
            yield found
        elif found.tag == "w:sdt" or found.tag in _NESTED:
            yield from _inside(found, name)


def _boxes(drawing: Element, draft: OfficePage) -> Iterator[Element]:
    """The text boxes of a drawing, the outermost only; a second form of the same is dropped."""
    for part in drawing:
        if part.tag == "w:txbxContent":
            yield part
        elif part.tag == "mc:AlternateContent":
            yield from _boxes(ooxml.newest(part, draft, TEXT), draft)
        else:
            yield from _boxes(part, draft)


# -- Word documents (.docx): one page, because running text has no pages until it is printed

_REMARKS = {"footnotes": "w:footnote", "endnotes": "w:endnote", "comments": "w:comment"}
_MARGINS = ("header", "footer")


def load_docx(source: Source) -> Document:
    """Read the text as it stands when all changes are accepted.

    Raises EncryptedFile or UnreadableFile.
    """
    package = Package(source)
    main = package.main("word/document.xml")
    root = package.xml(main)
    body = child(root, "w:body")
    if root is None or body is None:
        raise ooxml.damaged(source)
    with source.nesting():
        page = WordBody(package, main, root, source.engines).read(body)
    return source.document((page,), metadata=package.properties())


def _parts(package: Package, relations: dict[str, Relation]) -> Iterator[tuple[str, Element]]:
    """The parts that hold text, each once."""
    kinds = ("styles", "numbering", *_REMARKS, *_MARGINS)
    for relation, root in package.related(relations, *kinds):
        _resolve(root, package.relations(relation.target))
        yield relation.kind, root


def _resolve(root: Element, relations: dict[str, Relation]) -> None:
    """Resolve the targets of links and pictures: each part has identities of its own."""
    ooxml.resolve_pictures(root, relations)
    for link in root.iter("w:hyperlink"):
        relation = relations.get(link.get("r:id", ""))
        if relation and relation.outside:
            link.set("target", relation.target)
