"""Word documents (.docx): one page, because running text has no pages until it is printed."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

from ingest.document.model import Document, count
from ingest.document.source import Engines, Source
from ingest.images.embedded_images import Pasted
from ingest.office import drawings
from ingest.office.ooxml import Package, Relation, child, children, texts
from ingest.office.word.body import Remark, WordBody
from ingest.office.word.numbering import Numbering
from ingest.office.word.styles import WordStyles
from ingest.office.word.text import TEXT
from ingest.office.zip_guard import damaged
from ingest.page_builder.office_page import OfficePage

_REMARKS = {"footnotes": "w:footnote", "endnotes": "w:endnote", "comments": "w:comment"}
_MARGINS = ("header", "footer")


class _Part(NamedTuple):
    kind: str
    root: Element


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
        draft, given = _read(package, main, root, body, source.engines)
    metadata = package.properties()
    return source.document((draft.page(1, given),), metadata.get("title", ""), metadata)


def _read(
    package: Package, main: str, root: Element, body: Element, engines: Engines
) -> tuple[OfficePage, int]:
    """The text, and how many characters the parts hold."""
    draft, relations = OfficePage(), package.relations(main)
    parts = [_Part("document", root), *_parts(package, relations)]
    _resolve(root, relations)
    styles = WordStyles(_first(parts, "styles"))
    numbering = Numbering(_first(parts, "numbering"), styles.lists())
    background = child(root, "w:background") is not None
    pasted = Pasted(engines)
    story = WordBody(
        package, relations, styles, numbering, _remarks(parts), draft, pasted, background
    )
    story.blocks(body, draft)
    story.leftover(draft)
    _margins(story, parts, draft)
    told = [part.root for part in parts if part.kind not in ("styles", "numbering")]
    return draft, sum(count(text) for part in told for text in texts(part, TEXT))


def _parts(package: Package, relations: dict[str, Relation]) -> Iterator[_Part]:
    """The parts that hold text, each once."""
    wanted = {"styles", "numbering", *_REMARKS, *_MARGINS}
    for relation in dict.fromkeys(relations.values()):
        if relation.kind in wanted and not relation.outside:
            root = package.xml(relation.target)
            if root is not None:
                _resolve(root, package.relations(relation.target))
                yield _Part(relation.kind, root)


def _resolve(root: Element, relations: dict[str, Relation]) -> None:
    """Resolve the targets of links and pictures: each part has identities of its own."""
    drawings.resolve(root, relations)
    for link in root.iter("w:hyperlink"):
        relation = relations.get(link.get("r:id", ""))
        if relation and relation.outside:
            link.set("target", relation.target)


def _first(parts: list[_Part], kind: str) -> Element | None:
    return next((part.root for part in parts if part.kind == kind), None)


def _remarks(parts: list[_Part]) -> dict[tuple[str, str], Remark]:
    return {
        (part.kind, element.get("w:id", "")): Remark(
            element, element.get("w:author", ""), element.get("w:date", "")
        )
        for part in parts
        if part.kind in _REMARKS
        for element in children(part.root, _REMARKS[part.kind])
    }


def _margins(story: WordBody, parts: list[_Part], draft: OfficePage) -> None:
    """Headers, then footers, after the text."""
    for kind in _MARGINS:
        for part in parts:
            if part.kind == kind:
                inner = draft.inner()
                story.blocks(part.root, inner)
                draft.margin(inner)
