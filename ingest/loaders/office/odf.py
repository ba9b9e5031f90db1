"""OpenDocument texts and presentations (.odt, .odp, and .fodt, .fodp that are one XML file)."""

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

from ingest.document.model import Document, Page, count
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.images.embedded_images import Pasted
from ingest.office.odf.body import OdfBody
from ingest.office.odf.styles import OdfStyles
from ingest.office.odf.text import texts_of
from ingest.office.ooxml import Package, child, children, parse
from ingest.office.zip_guard import damaged, encrypted
from ingest.page_builder.office_page import REPEATED, OfficePage

_NAMES = {"dc:title": "title", "meta:initial-creator": "author", "dc:creator": "author",
          "meta:creation-date": "created"}  # fmt: skip
_MARGINS = ("style:header", "style:footer")
_HIDDEN = "hidden slide"


class _File(NamedTuple):
    package: Package | None
    content: Element
    styles: Element | None
    meta: Element | None


def load_odf(source: Source) -> Document:
    """Load a file. A text is one page; each slide of a presentation is one.

    Raises EncryptedFile or UnreadableFile.
    """
    file = _opened(source)
    body = child(file.content, "office:body")
    with source.nesting():
        pages = tuple(_pages(file, body, source))
    if not pages:
        raise UnreadableFile(f"{source.name} is a presentation without slides.")
    metadata = _metadata(file.meta)
    return source.document(pages, metadata.get("title", ""), metadata)


def _opened(source: Source) -> _File:
    if source.path.suffix.lower().startswith(".f"):
        root = parse(source.path.read_bytes(), source)
        return _File(None, root, root, root)
    package = Package(source)
    manifest = package.xml("META-INF/manifest.xml")
    locked = () if manifest is None else manifest.iter("manifest:encryption-data")
    if next(iter(locked), None) is not None:
        raise encrypted(source)
    content = package.xml("content.xml")
    if content is None:
        raise damaged(source)
    return _File(package, content, package.xml("styles.xml"), package.xml("meta.xml"))


def _pages(file: _File, body: Element | None, source: Source) -> Iterator[Page]:
    styles = OdfStyles(file.styles, file.content)
    reader = OdfBody(file.package, styles, Pasted(source.engines))
    text, slides = child(body, "office:text"), child(body, "office:presentation")
    if text is not None:
        yield _text(file, text, reader)
    elif slides is not None:
        for number, slide in enumerate(children(slides, "draw:page"), start=1):
            yield _slide(slide, number, reader, styles)
    else:
        raise damaged(source)


def _text(file: _File, text: Element, reader: OdfBody) -> Page:
    draft = OfficePage()
    reader.blocks(text, draft)
    given = _characters(text)
    masters = child(file.styles, "office:master-styles")
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
        draft.notes[_HIDDEN] = None
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
