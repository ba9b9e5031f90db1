"""The shapes of a slide: text with its lists, tables, charts, diagrams and pictures."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ingest.document.model import Document, Page, count
from ingest.document.source import Engines, Source
from ingest.errors import UnreadableFile
from ingest.images.recognition import Pasted
from ingest.office import ooxml
from ingest.office.ooxml import Package, Relation, child, children, texts, value, whole
from ingest.page_builder import NOT_READ, REPEATED, Covered, Entry, OfficePage, address, comment_by

# -- Bullets and numbers of the paragraphs of a shape

_FORMATS = {"alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman",
            "romanUc": "upperRoman"}  # fmt: skip
_KIND = re.compile(r"(\w+?)(Period|ParenR|ParenBoth|Plain)?$")
_ENDS = {"Period": ("", "."), "ParenR": ("", ")"), "ParenBoth": ("(", ")")}
_TITLES = {"title", "ctrTitle"}


def _kind(shape: Element) -> str:
    """Of the placeholder that a shape fills; "" when it fills none."""
    place = child(shape, "p:nvSpPr", "p:nvPr", "p:ph")
    return "" if place is None else place.get("type", "obj")


class ListMarks:
    """Marks of the paragraphs of one shape, in their order."""

    def __init__(self, style: Element | None, listed: bool) -> None:
        """`style` is the list style of the shape; `listed`: its text is a list where none says."""
        self._style, self._listed = style, listed
        self._at = ooxml.Counts()

    def next(self, properties: Element | None) -> str:
        """The label of the next paragraph: a bullet, a number, or nothing."""
        depth = whole("0" if properties is None else properties.get("lvl", "0"))
        self._at.close_below(depth)
        mark = self._mark(properties, depth)
        if mark is None or mark.tag != "a:buAutoNum":
            if self._listed if mark is None else mark.tag != "a:buNone":
                return ooxml.bullet(depth)
            self._at.pop(depth, None)
            return ""
        number = self._at.next(depth, whole(mark.get("startAt", "1")))
        match = _KIND.match(mark.get("type", ""))
        name, end = (match[1], match[2] or "") if match else ("", "")
        before, after = _ENDS.get(end, ("", ""))
        return f"{before}{ooxml.counted(number, _FORMATS.get(name, 'decimal'))}{after}"

    def _mark(self, properties: Element | None, depth: int) -> Element | None:
        for level in (properties, child(self._style, f"a:lvl{depth + 1}pPr")):
            for found in () if level is None else level:
                if found.tag in ("a:buNone", "a:buChar", "a:buAutoNum", "a:buBlip"):
                    return found
        return None


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

    def __init__(self, deck: Deck, relations: dict[str, Relation], draft: OfficePage) -> None:
        self._deck = deck
        self._relations = relations
        self._draft = draft
        self.title = ""

    def read(self, tree: Element) -> None:
        """Read all shapes in the order of the file, as screen readers do; the title first."""
        for shape in sorted(tree, key=lambda shape: _kind(shape) not in _TITLES):
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
                shown = ooxml.texts_in_drawing(shape, self._deck.package, self._deck.pasted)
                self._draft.figure(ooxml.alternative_text(shape), shown, hidden)
            case "mc:AlternateContent":
                for part in ooxml.newest(shape, self._draft, TEXT):
                    self._shape(part, hidden)

    def _text(self, shape: Element, hidden: str) -> None:
        kind = _kind(shape)
        said = "".join(texts(shape, TEXT)).strip()
        if kind == "sldNum":
            self._draft.drop(NUMBERS, said)
        elif kind in _RUNNING and said in self._deck.running:
            self._draft.drop(REPEATED, said)
        elif kind in _TITLES:
            paragraphs = children(child(shape, "p:txBody"), "a:p")
            self.title = " ".join(" ".join(map(self.text, paragraphs)).split())
            self._draft.line(self.title, heading=1, hidden=hidden)
        else:
            self.paragraphs(shape, hidden)
        if kind in _RUNNING:
            self._deck.running.add(said)
        if not said and not kind and (alt := ooxml.alternative_text(shape)):
            self._draft.figure(alt)

    def paragraphs(self, shape: Element, hidden: str = "", before: str = "") -> None:
        """The paragraphs of a shape, with their bullets; `before` stands before the first."""
        # Layouts and masters, which are not read, give a bullet to what fills the body of a slide.
        listed = _kind(shape) in ("body", "obj") and not before
        marks = ListMarks(child(shape, "p:txBody", "a:lstStyle"), listed)
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
                yield self._formula(ooxml.newest(part, self._draft, TEXT))
            elif part.tag not in ("a:pPr", "a:endParaRPr"):
                yield self._formula(part)

    def _formula(self, element: Element) -> str:
        return self._draft.count_made(ooxml.formula(element), texts(element, TEXT))

    def _address(self, run: Element, shown: str) -> str:
        relation = self._relations.get(value(run, "a:rPr", "a:hlinkClick", of="r:id"))
        return address(shown, relation.target) if relation and relation.outside else ""

    def _frame(self, frame: Element) -> None:
        table = child(frame, *_DATA, "a:tbl")
        if table is not None:
            rows = [
                [self._cell(c) for c in children(row, "a:tc")] for row in children(table, "a:tr")
            ]
            first = value(table, "a:tblPr", of="firstRow") in ("1", "true")
            self._draft.table(rows, header=int(first and len(rows) > 1))
            return
        ooxml.read_linked_graphic(frame, self._deck.package, self._relations, self._draft)
        if next(frame.iter("p:oleObj"), None) is not None:
            self._draft.note(NOT_READ)
        for number, forms in enumerate(frame.iter("p:pic")):
            if number == 0:
                self._draft.figure(ooxml.alternative_text(forms))

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


# -- Presentations (.pptx): a slide is a page, with its speaker notes and comments

_HIDDEN = "hidden slide"


def load_pptx(source: Source) -> Document:
    """Read every slide; one without text is an empty page.

    Raises EncryptedFile or UnreadableFile.
    """
    package = Package(source)
    main = package.main("ppt/presentation.xml")
    root = package.xml(main)
    if root is None or root.tag != "p:presentation":
        raise ooxml.damaged(source)
    with source.nesting():
        pages = tuple(_pages(package, main, root, source.engines))
    if not pages:
        raise UnreadableFile(f"{source.name} is a presentation without slides.")
    return source.document(pages, metadata=package.properties())


def _pages(package: Package, main: str, root: Element, engines: Engines) -> Iterator[Page]:
    relations = package.relations(main)
    size = child(root, "p:sldSz")
    wide, high = (whole(value(size, of=name)) for name in ("cx", "cy"))
    deck = Deck(package, wide, high, set(), Pasted(engines))
    authors = {
        author.get("id", ""): author.get("name", "")
        for _, listed in package.related(relations, "commentAuthors", "authors")
        for author in listed
    }
    slides = children(child(root, "p:sldIdLst"), "p:sldId")
    for number, slide in enumerate(slides, start=1):
        relation = relations.get(slide.get("r:id", ""))
        part = relation.target if relation and not relation.outside else ""
        yield _page(deck, part, number, authors)


def _page(deck: Deck, part: str, number: int, authors: dict[str, str]) -> Page:
    draft, root = OfficePage(), deck.package.xml(part)
    tree = child(root, "p:cSld", "p:spTree")
    if root is None or tree is None:
        draft.note("unreadable slide")
        return draft.page(number, 0)
    relations = deck.package.relations(part)
    ooxml.resolve_pictures(tree, relations)
    shapes = Shapes(deck, relations, draft)
    shapes.read(tree)
    given = [root, *_notes(deck, relations, draft), *_comments(deck, relations, authors, draft)]
    if root.get("show") in ("0", "false"):
        draft.note(_HIDDEN)
    counted = sum(count(text) for part_read in given for text in texts(part_read, TEXT))
    return draft.page(number, counted, shapes.title)


def _notes(deck: Deck, relations: dict[str, Relation], draft: OfficePage) -> Iterator[Element]:
    """The speaker notes."""
    for relation, root in deck.package.related(relations, "notesSlide"):
        shapes = Shapes(deck, deck.package.relations(relation.target), draft)
        for shape in root.iter("p:sp"):
            kind = _kind(shape)
            if kind == "sldNum":
                draft.drop(NUMBERS, "".join(texts(shape, TEXT)))
            elif kind in _RUNNING:
                draft.drop(REPEATED, "".join(texts(shape, TEXT)))
            else:
                shapes.paragraphs(shape, before="Notes:")
        yield root


def _comments(
    deck: Deck, relations: dict[str, Relation], authors: dict[str, str], draft: OfficePage
) -> Iterator[Element]:
    for _, root in deck.package.related(relations, "comments"):
        for comment in root.iter():
            if comment.tag in ("p:cm", "p188:cm", "p188:reply"):
                author = authors.get(comment.get("authorId", ""), "")
                when = comment.get("dt", comment.get("created", ""))
                lead = draft.count_in(comment_by(author, when))
                # Its own text, without that of its replies.
                own = (part for part in comment if part.tag in ("p:text", "p188:txBody"))
                draft.line(f"{lead} {' '.join(text for part in own for text in texts(part, TEXT))}")
        yield root
