"""Presentations (.pptx): a slide is a page, with its speaker notes and comments."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ingest.document.model import Document, Page, count
from ingest.document.source import Engines, Source
from ingest.errors import UnreadableFile
from ingest.images.embedded_images import Pasted
from ingest.office import drawings
from ingest.office.ooxml import Package, Relation, child, children, texts, value
from ingest.office.slides.lists import Inherited, placeholder
from ingest.office.slides.shapes import NUMBERS, TEXT, Deck, Shapes
from ingest.office.word.numbering import whole
from ingest.office.zip_guard import damaged
from ingest.page_builder.office_page import REPEATED, OfficePage, comment_by

_HIDDEN = "hidden slide"


def load_pptx(source: Source) -> Document:
    """Read every slide; one without text is an empty page.

    Raises EncryptedFile or UnreadableFile.
    """
    package = Package(source)
    main = package.main("ppt/presentation.xml")
    root = package.xml(main)
    if root is None or root.tag != "p:presentation":
        raise damaged(source)
    with source.nesting():
        pages = tuple(_pages(package, main, root, source.engines))
    if not pages:
        raise UnreadableFile(f"{source.name} is a presentation without slides.")
    metadata = package.properties()
    return source.document(pages, metadata.get("title", ""), metadata)


def _pages(package: Package, main: str, root: Element, engines: Engines) -> Iterator[Page]:
    relations = package.relations(main)
    size = child(root, "p:sldSz")
    wide, high = (whole(value(size, of=name)) for name in ("cx", "cy"))
    deck = Deck(package, wide, high, set(), Pasted(engines))
    authors = _authors(package, relations)
    slides = children(child(root, "p:sldIdLst"), "p:sldId")
    for number, slide in enumerate(slides, start=1):
        relation = relations.get(slide.get("r:id", ""))
        part = relation.target if relation and not relation.outside else ""
        yield _page(deck, part, number, authors)


def _page(deck: Deck, part: str, number: int, authors: dict[str, str]) -> Page:
    draft, root = OfficePage(), deck.package.xml(part)
    tree = child(root, "p:cSld", "p:spTree")
    if root is None or tree is None:
        draft.notes["unreadable slide"] = None
        return draft.page(number, 0)
    relations = deck.package.relations(part)
    drawings.resolve(tree, relations)
    shapes = Shapes(deck, relations, _inherited(deck.package, relations), draft)
    shapes.read(tree)
    given = [root, *_notes(deck, relations, draft), *_comments(deck, relations, authors, draft)]
    if root.get("show") in ("0", "false"):
        draft.notes[_HIDDEN] = None
    counted = sum(count(text) for part_read in given for text in texts(part_read, TEXT))
    return draft.page(number, counted, shapes.title)


def _inherited(package: Package, relations: dict[str, Relation]) -> Inherited:
    layout = _target(relations, "slideLayout")
    master = _target(package.relations(layout), "slideMaster") if layout else ""
    return Inherited(package.xml(layout), package.xml(master))


def _target(relations: dict[str, Relation], kind: str) -> str:
    found = (r.target for r in relations.values() if r.kind == kind and not r.outside)
    return next(found, "")


def _roots(
    package: Package, relations: dict[str, Relation], *kinds: str
) -> Iterator[tuple[str, Element]]:
    for relation in relations.values():
        if relation.kind in kinds and not relation.outside:
            root = package.xml(relation.target)
            if root is not None:
                yield relation.target, root


def _notes(deck: Deck, relations: dict[str, Relation], draft: OfficePage) -> Iterator[Element]:
    """The speaker notes."""
    for part, root in _roots(deck.package, relations, "notesSlide"):
        shapes = Shapes(deck, deck.package.relations(part), Inherited(None, None), draft)
        for shape in root.iter("p:sp"):
            place = placeholder(shape)
            kind = "" if place is None else place.get("type", "obj")
            if kind == "sldNum":
                draft.drop(NUMBERS, "".join(texts(shape, TEXT)))
            elif kind in ("hdr", "ftr", "dt"):
                draft.drop(REPEATED, "".join(texts(shape, TEXT)))
            else:
                shapes.paragraphs(shape, before="Notes:")
        yield root


def _comments(
    deck: Deck, relations: dict[str, Relation], authors: dict[str, str], draft: OfficePage
) -> Iterator[Element]:
    for _, root in _roots(deck.package, relations, "comments"):
        for comment in root.iter():
            if comment.tag in ("p:cm", "p188:cm", "p188:reply"):
                author = authors.get(comment.get("authorId", ""), "")
                when = comment.get("dt", comment.get("created", ""))
                lead = draft.count_in(comment_by(author, when))
                draft.line(f"{lead} {_own_text(comment)}")
        yield root


def _own_text(comment: Element) -> str:
    """The comment's own text, without that of its replies."""
    parts = [part for part in comment if part.tag in ("p:text", "p188:txBody")]
    return " ".join(text for part in parts for text in texts(part, TEXT))


def _authors(package: Package, relations: dict[str, Relation]) -> dict[str, str]:
    return {
        author.get("id", ""): author.get("name", "")
        for _, root in _roots(package, relations, "commentAuthors", "authors")
        for author in root
    }
