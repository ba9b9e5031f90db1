"""Paragraphs and tables of Word in their order, with their lists, notes, comments and pictures."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ingest.document.model import Document, Page, count
from ingest.document.source import Engines, Source
from ingest.images.recognition import Pasted
from ingest.office import ooxml
from ingest.office.ooxml import Package, Relation, child, children, damaged, omml, texts, value
from ingest.office.word_numbering import Numbering, whole
from ingest.page_builder import (
    DELETED,
    NOT_READ,
    Covered,
    Entry,
    OfficePage,
    Row,
    address,
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


# -- Reads the text inside a paragraph of Word: runs, fields, links, formulas; not deleted text
# Attached objects (pictures, text boxes, notes, comments) follow after the paragraph.

TEXT = frozenset({"w:t", "w:delText", "m:t", "a:t"})
PROMPT = "prompts of empty form fields"

_PLAIN = {"w:tab": " ", "w:ptab": " ", "w:br": "\n", "w:cr": "\n"}
_SKIPPED = {"w:pPr", "w:rPr", "w:instrText", "w:sdtPr", "w:fldData", "w:rt"}
_FORMULAS = {"m:oMath", "m:oMathPara"}
_DRAWINGS = {"w:drawing", "w:pict", "w:object"}
_REFERENCES = {"w:footnoteReference": "footnotes", "w:endnoteReference": "endnotes"}
_WINGDINGS = {"F0FC": "✓", "F0FB": "✗", "F0FE": "☒", "F0A8": "☐", "F06F": "☐", "F078": "☒",
              "F052": "☑", "F0E0": "→", "F0B7": "•", "F0A7": "▪"}  # fmt: skip
_WHITE = "FFFFFF"
_TINY = 4  # half points


@dataclass
class WordInline:
    """The text of a paragraph by the reason for hiding it ("" is visible), and attached objects."""

    text: dict[str, str] = field(default_factory=lambda: defaultdict(str))
    drawings: list[tuple[Element, str]] = field(default_factory=list)  # and why it is hidden
    notes: list[tuple[str, str, int]] = field(default_factory=list)  # part, identity, number
    comments: list[str] = field(default_factory=list)


class WordRuns:
    """Reads paragraphs one after the other; numbers the notes."""

    def __init__(self, draft: OfficePage, styles: WordStyles) -> None:
        self._draft = draft
        self._styles = styles
        self._noted = 0

    def read(self, paragraph: Element, white: bool) -> WordInline:
        """`white`: white letters are invisible in this paragraph."""
        found = WordInline()
        style = self._styles[value(paragraph, "w:pPr", "w:pStyle") or self._styles.default]
        shaded = child(paragraph, "w:pPr", "w:shd") is not None
        self._white = white and not shaded
        self._children(paragraph, found, "hidden text" if style.hidden else "")
        return found

    def _children(self, element: Element, found: WordInline, hidden: str) -> None:
        for part in element:
            self._part(part, found, hidden)

    def _part(self, part: Element, found: WordInline, hidden: str) -> None:
        tag = part.tag
        if tag == "w:t":
            found.text[hidden] += (part.text or "").replace("\n", " ")  # breaks are elements
        elif tag == "w:r":
            self._children(part, found, hidden or self._hidden(child(part, "w:rPr")))
        elif tag in _PLAIN:
            found.text[hidden] += _PLAIN[tag]
        elif tag in ("w:del", "w:moveFrom"):
            self._draft.drop(DELETED, "".join(texts(part, TEXT)))
        elif tag in _FORMULAS:
            found.text[hidden] += omml(part, self._draft.count_in)
        elif tag in _DRAWINGS:
            found.drawings.append((part, hidden))
        elif tag == "mc:AlternateContent":
            self._children(ooxml.newest(part, self._draft, TEXT), found, hidden)
        elif tag == "w:sdt":
            self._control(part, found, hidden)
        elif tag == "w:hyperlink":
            self._link(part, found, hidden)
        elif tag not in _SKIPPED and not self._mark(part, found, hidden):
            self._children(part, found, hidden)

    def _mark(self, part: Element, found: WordInline, hidden: str) -> bool:
        """Read a mark that stands for text."""
        made = self._draft.count_in
        match part.tag:
            case "w:noBreakHyphen":
                found.text[hidden] += made("-")
            case "w:sym":
                found.text[hidden] += made(_symbol(part.get("w:char", "")))
            case "w:footnoteReference" | "w:endnoteReference":
                self._noted += 1
                found.text[hidden] += made(f"[{self._noted}]")
                found.notes.append((_REFERENCES[part.tag], part.get("w:id", ""), self._noted))
            case "w:commentReference":
                found.comments.append(part.get("w:id", ""))
            case "w:fldChar":
                found.text[hidden] += made(_checkbox(part))
            case _:
                return False
        return True

    def _control(self, part: Element, found: WordInline, hidden: str) -> None:
        if on(child(part, "w:sdtPr"), "w:showingPlcHdr"):
            self._draft.drop(PROMPT, "".join(texts(part, TEXT)))
            return
        self._children(part, found, hidden)

    def _link(self, part: Element, found: WordInline, hidden: str) -> None:
        before = len(found.text[hidden])
        self._children(part, found, hidden)
        shown = found.text[hidden][before:]
        found.text[hidden] += self._draft.count_in(address(shown, part.get("target", "")))

    def _hidden(self, properties: Element | None) -> str:
        if properties is None:
            return ""
        style = self._styles[value(properties, "w:rStyle")]
        if on(properties, "w:vanish") or (style.hidden and child(properties, "w:vanish") is None):
            return "hidden text"
        if self._white and _is_white(properties):
            return "white on white"
        size = value(properties, "w:sz")
        return "letters too small to see" if size and whole(size) <= _TINY else ""


def _is_white(properties: Element) -> bool:
    shaded = child(properties, "w:shd") is not None or child(properties, "w:highlight") is not None
    return value(properties, "w:color").upper() == _WHITE and not shaded


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


def _checkbox(field_begin: Element) -> str:
    """The box of an old form field."""
    box = child(field_begin, "w:ffData", "w:checkBox")
    if box is None:
        return ""
    state = "w:checked" if child(box, "w:checked") is not None else "w:default"
    return "☒ " if on(box, state) else "☐ "


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
        self._white = child(root, "w:background") is None
        self._draft = OfficePage()
        self._runs = WordRuns(self._draft, self._styles)

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
            elif block.tag == "w:sdt":
                self._control(block, draft, paper)
            elif block.tag in _NESTED:
                self.blocks(block, draft, paper)
            elif block.tag in ("w:del", "w:moveFrom"):
                draft.drop(DELETED, "".join(texts(block, TEXT)))
            elif block.tag == "w:altChunk":
                draft.notes[NOT_READ] = None

    def _control(self, block: Element, draft: OfficePage, paper: bool) -> None:
        if on(child(block, "w:sdtPr"), "w:showingPlcHdr"):
            draft.drop(PROMPT, "".join(texts(block, TEXT)))
        else:
            self.blocks(block, draft, paper)

    def _paragraph(self, paragraph: Element, draft: OfficePage, paper: bool) -> None:
        properties = child(paragraph, "w:pPr")
        style = self._styles[value(properties, "w:pStyle") or self._styles.default]
        found = self._runs.read(paragraph, paper and self._white)
        level = outline(properties)
        heading = style.heading if level is None else level
        label = self._label(properties, style, found)
        for hidden, text in found.text.items():
            if text.strip():
                mark = f"{draft.count_in(label)} " if label else ""
                draft.line(mark + text, heading, hidden, caption=style.name == "caption")
                label = ""
        self._hanging(found, draft)

    def _label(self, properties: Element | None, style: Style, found: WordInline) -> str:
        """The label that a list puts before a paragraph."""
        if not any(text.strip() for text in found.text.values()):
            return ""  # Word shows a number before an empty paragraph, and a reader skips it
        own = child(properties, "w:numPr")
        number = value(own, "w:numId") or style.list
        if not number or number == "0":
            return ""
        depth = value(own, "w:ilvl")
        place = whole(depth) if depth else (0 if value(own, "w:numId") else style.depth)
        name = value(properties, "w:pStyle") or self._styles.default
        return self._numbering.label(number, place, name)

    def _hanging(self, found: WordInline, draft: OfficePage) -> None:
        for drawing, hidden in found.drawings:
            self._drawing(drawing, draft, hidden)
        for part, identity, number in found.notes:
            self._remark((part, identity), f"[{number}]", draft)
        for identity in found.comments:
            self._remark(("comments", identity), "", draft)

    def _remark(self, key: tuple[str, str], mark: str, draft: OfficePage) -> None:
        remark = self._remarks.pop(key, None)  # pop: shown once, where it is referred to first
        if remark is None:
            return
        if key[0] == "comments":
            mark = comment_by(remark.get("w:author", ""), remark.get("w:date", ""))
        inner = draft.inner()
        self.blocks(remark, inner)
        draft.remark(mark, inner)

    def _drawing(self, drawing: Element, draft: OfficePage, hidden: str) -> None:
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
            draft.notes[NOT_READ] = None

    def _table(self, table: Element, draft: OfficePage) -> None:
        rows = list(_inside(table, "w:tr"))
        if len(rows) == 1 and len(cells := list(_inside(rows[0], "w:tc"))) == 1:
            self.blocks(cells[0], draft, paper=False)  # a frame around text, not a table
            return
        shown = [row for row in rows if child(row, "w:trPr", "w:del") is None]
        for row in rows:
            if row not in shown:
                draft.drop(DELETED, "".join(texts(row, TEXT)))
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
            entries.append(Covered.ABOVE if _covered(properties) and not text else text)
            width = min(whole(value(properties, "w:gridSpan")), _WIDEST)
            entries += [Covered.LEFT] * (width - 1)
        return entries[: _WIDEST * 2]


def _covered(properties: Element | None) -> bool:
    """Whether the cell continues the one above."""
    merged = child(properties, "w:vMerge")
    return merged is not None and merged.get("w:val", "continue") == "continue"


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
        raise damaged(source)
    with source.nesting():
        page = WordBody(package, main, root, source.engines).read(body)
    return source.document((page,), metadata=package.properties())


def _parts(package: Package, relations: dict[str, Relation]) -> Iterator[tuple[str, Element]]:
    """The parts that hold text, each once."""
    wanted = {"styles", "numbering", *_REMARKS, *_MARGINS}
    for relation in dict.fromkeys(relations.values()):
        if relation.kind in wanted and not relation.outside:
            root = package.xml(relation.target)
            if root is not None:
                _resolve(root, package.relations(relation.target))
                yield relation.kind, root


def _resolve(root: Element, relations: dict[str, Relation]) -> None:
    """Resolve the targets of links and pictures: each part has identities of its own."""
    ooxml.resolve_pictures(root, relations)
    for link in root.iter("w:hyperlink"):
        relation = relations.get(link.get("r:id", ""))
        if relation and relation.outside:
            link.set("target", relation.target)
