"""Paragraphs and tables of Word in their order, with their lists, notes, comments and pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ingest.images.embedded_images import Pasted
from ingest.office import drawings
from ingest.office.ooxml import Package, Relation, child, texts, value
from ingest.office.word.numbering import Numbering, whole
from ingest.office.word.styles import Style, WordStyles, on, outline
from ingest.office.word.text import PROMPT, TEXT, WordInline, WordRuns
from ingest.page_builder.merged_cells import Covered, Entry, Row
from ingest.page_builder.office_page import COPY, DELETED, NOT_READ, OfficePage, comment_by

_NESTED = {"w:sdtContent", "w:customXml", "w:ins", "w:moveTo", "w:smartTag"}
_WIDEST = 63  # columns, what Word allows


@dataclass(frozen=True)
class Remark:
    """A footnote, endnote or comment."""

    element: Element
    author: str = ""
    when: str = ""


class WordBody:
    """Reads the story of a document: call `blocks` for each part of it."""

    def __init__(
        self,
        package: Package,
        relations: dict[str, Relation],
        styles: WordStyles,
        numbering: Numbering,
        remarks: dict[tuple[str, str], Remark],
        draft: OfficePage,
        pasted: Pasted,
        background: bool = False,
    ) -> None:
        """`remarks` by part ("footnotes", "comments") and identity."""
        self._pasted = pasted
        self._package = package
        self._relations = relations
        self._styles = styles
        self._numbering = numbering
        self._remarks = remarks
        self._runs = WordRuns(draft, styles)
        self._white = not background

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

    def leftover(self, draft: OfficePage) -> None:
        """Read notes and comments without a reference in the text."""
        for key in list(self._remarks):
            self._remark(key, "", draft)

    def _remark(self, key: tuple[str, str], mark: str, draft: OfficePage) -> None:
        remark = self._remarks.pop(key, None)  # pop: shown once, where it is referred to first
        if remark is None:
            return
        if key[0] == "comments":
            mark = comment_by(remark.author, remark.when)
        inner = draft.inner()
        self.blocks(remark.element, inner)
        draft.remark(mark, inner)

    def _drawing(self, drawing: Element, draft: OfficePage, hidden: str) -> None:
        boxes = list(_boxes(drawing, draft))
        for box in boxes:
            self.blocks(box, draft, paper=False)
        drawings.linked(drawing, self._package, self._relations, draft)
        alt = drawings.alternative(drawing)
        pictured = any(e.tag in ("pic:pic", "v:imagedata") for e in drawing.iter())
        embedded = any(e.tag == "o:OLEObject" for e in drawing.iter())
        if pictured or (alt and not boxes):
            # The picture of an embedded document repeats that document's own text.
            shown = () if embedded else drawings.written(drawing, self._package, self._pasted)
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
            for number, form in enumerate(part):
                if number == 0:
                    yield from _boxes(form, draft)
                else:
                    draft.drop(COPY, "".join(texts(form, TEXT)))
        else:
            yield from _boxes(part, draft)
