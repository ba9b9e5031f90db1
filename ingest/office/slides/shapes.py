"""The shapes of a slide: text with its lists, tables, charts, diagrams and pictures."""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ingest.images.embedded_images import Pasted
from ingest.office import drawings
from ingest.office.formulas import omml
from ingest.office.ooxml import Package, Relation, child, children, texts, value
from ingest.office.slides.lists import Inherited, ListMarks, is_title, placeholder
from ingest.office.word.numbering import whole
from ingest.page_builder.merged_cells import Covered, Entry
from ingest.page_builder.office_page import COPY, NOT_READ, REPEATED, OfficePage, address

TEXT = frozenset({"a:t", "m:t", "p:text"})
NUMBERS = "slide numbers"

_RUNNING = {"ftr", "hdr", "dt"}
_TINY = 200  # hundredths of a point
_DATA = "a:graphic", "a:graphicData"


@dataclass
class Deck:
    """State shared by the slides of one file."""

    package: Package
    width: int
    height: int
    running: set[str]  # headers and footers that were read already
    pasted: Pasted


class Shapes:
    """Reads the shapes of one slide into a draft."""

    def __init__(
        self, deck: Deck, relations: dict[str, Relation], inherited: Inherited, draft: OfficePage
    ) -> None:
        self._deck = deck
        self._relations = relations
        self._inherited = inherited
        self._draft = draft
        self.title = ""

    def read(self, tree: Element) -> None:
        """Read all shapes in the order of the file, as screen readers do; the title first."""
        for shape in sorted(tree, key=lambda shape: not is_title(shape)):
            self._shape(shape, self._outside(shape))

    def _shape(self, shape: Element, hidden: str) -> None:
        named = next(shape.iter("p:cNvPr"), None)
        if named is not None and named.get("hidden") in ("1", "true"):
            hidden = "hidden shape"
        match shape.tag:
            case "p:sp":
                self._text(shape, hidden)
            case "p:grpSp":
                for part in shape:
                    self._shape(part, hidden)
            case "p:graphicFrame":
                self._frame(shape)
            case "p:pic":
                shown = drawings.written(shape, self._deck.package, self._deck.pasted)
                self._draft.figure(drawings.alternative(shape), shown, hidden)
            case "mc:AlternateContent":
                self._alternative(shape, hidden)

    def _alternative(self, shape: Element, hidden: str) -> None:
        for number, form in enumerate(shape):
            if number == 0:
                for part in form:
                    self._shape(part, hidden)
            else:
                self._draft.drop(COPY, "".join(texts(form, TEXT)))

    def _text(self, shape: Element, hidden: str) -> None:
        place = placeholder(shape)
        kind = "" if place is None else place.get("type", "obj")
        said = "".join(texts(shape, TEXT)).strip()
        if kind == "sldNum":
            self._draft.drop(NUMBERS, said)
        elif kind in _RUNNING and said in self._deck.running:
            self._draft.drop(REPEATED, said)
        elif is_title(shape):
            paragraphs = children(child(shape, "p:txBody"), "a:p")
            self.title = " ".join(" ".join(map(self.text, paragraphs)).split())
            self._draft.line(self.title, heading=1, hidden=hidden)
        else:
            self.paragraphs(shape, hidden)
        if kind in _RUNNING:
            self._deck.running.add(said)
        if not said and place is None and (alt := drawings.alternative(shape)):
            self._draft.figure(alt)

    def paragraphs(self, shape: Element, hidden: str = "", before: str = "") -> None:
        """The paragraphs of a shape, with their bullets; `before` stands before the first."""
        marks = ListMarks(self._inherited.styles(shape))
        for paragraph in children(child(shape, "p:txBody"), "a:p"):
            text = self.text(paragraph)
            if not text.strip():
                continue
            mark = marks.next(child(paragraph, "a:pPr"))
            lead = " ".join(self._draft.count_in(part) for part in (before, mark) if part)
            before = ""
            self._draft.line(f"{lead} {text}", hidden=hidden or _tiny(paragraph))

    def text(self, paragraph: Element) -> str:
        """A paragraph with breaks, links and formulas."""
        return "".join(self._runs(paragraph))

    def _runs(self, paragraph: Element) -> Iterator[str]:
        for part in paragraph:
            if part.tag in ("a:r", "a:fld"):
                shown = "".join(texts(part, TEXT)).replace("\n", " ")  # breaks are elements
                yield shown
                yield self._draft.count_in(self._address(part, shown))
            elif part.tag == "a:br":
                yield "\n"
            elif part.tag == "mc:AlternateContent":
                yield from self._formula_forms(part)
            elif part.tag not in ("a:pPr", "a:endParaRPr"):
                yield omml(part, self._draft.count_in)

    def _formula_forms(self, forms: Element) -> Iterator[str]:
        for number, form in enumerate(forms):
            if number == 0:
                yield omml(form, self._draft.count_in)
            else:
                self._draft.drop(COPY, "".join(texts(form, TEXT)))

    def _address(self, run: Element, shown: str) -> str:
        relation = self._relations.get(value(run, "a:rPr", "a:hlinkClick", of="r:id"))
        return address(shown, relation.target) if relation and relation.outside else ""

    def _frame(self, frame: Element) -> None:
        table = child(frame, *_DATA, "a:tbl")
        if table is not None:
            self._table(table)
            return
        drawings.linked(frame, self._deck.package, self._relations, self._draft)
        if next(frame.iter("p:oleObj"), None) is not None:
            self._draft.notes[NOT_READ] = None
        for number, forms in enumerate(frame.iter("p:pic")):
            if number == 0:
                self._draft.figure(drawings.alternative(forms))

    def _table(self, table: Element) -> None:
        rows = [
            [self._cell(cell) for cell in children(row, "a:tc")] for row in children(table, "a:tr")
        ]
        first = value(table, "a:tblPr", of="firstRow") in ("1", "true")
        self._draft.table(rows, header=int(first and len(rows) > 1))

    def _cell(self, cell: Element) -> Entry:
        paragraphs = children(child(cell, "a:txBody"), "a:p")
        text = " ".join(self.text(p) for p in paragraphs).replace("\n", " ").strip()
        for name, covered in (("hMerge", Covered.LEFT), ("vMerge", Covered.ABOVE)):
            if cell.get(name) in ("1", "true") and not text:
                return covered
        return text

    def _outside(self, shape: Element) -> str:
        """Whether a shape lies outside the slide, where only its editors see it."""
        place = child(shape, "p:spPr", "a:xfrm")
        if place is None:
            return ""
        x, y = (whole(value(place, "a:off", of=name)) for name in "xy")
        wide, high = (whole(value(place, "a:ext", of=name)) for name in ("cx", "cy"))
        beside = x >= self._deck.width or y >= self._deck.height or x + wide < 0 or y + high < 0
        return "outside of the slide" if beside else ""


def _tiny(paragraph: Element) -> str:
    sizes = [whole(value(run, "a:rPr", of="sz")) for run in children(paragraph, "a:r")]
    return "letters too small to see" if sizes and 0 < max(sizes) <= _TINY else ""
