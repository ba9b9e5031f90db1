"""EPUB books: the chapters in the order of the spine are pages; titles come from the contents.

Read with zipfile and lxml: the libraries for EPUB that exist for Python are under the AGPL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree.ElementTree import Element as PackageElement

from ingest.document.model import Document, Heading
from ingest.document.source import Source
from ingest.errors import EncryptedFile
from ingest.images.embedded_images import Pasted, Writing
from ingest.loaders.html import title_of
from ingest.office import drawings
from ingest.office.ooxml import Package
from ingest.office.zip_guard import damaged
from ingest.page_builder.flowing_text import Flow
from ingest.platform.progress import beat
from ingest.web import parsing
from ingest.web.html_to_lines import HtmlReader
from ingest.web.images import Look, looking

if TYPE_CHECKING:
    from lxml.etree import _Element as Tree

_TEXT = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_METADATA = {
    "creator": "author",
    "date": "created",
    "language": "language",
    "publisher": "publisher",
}


@dataclass(frozen=True)
class _Entry:
    """A line of the table of contents."""

    level: int
    title: str
    part: str


def load_epub(source: Source) -> Document:
    """Raises EncryptedFile for books with copy protection, or UnreadableFile."""
    package = Package(source)
    _refuse_protected(package, source)
    opf = _opf_part(package, source)
    root = package.xml(opf)
    if root is None:
        raise damaged(source)
    flow, outline = _chapters(source, package, root, opf)
    fields = _metadata(root)
    return source.document(flow.finished(), fields.pop("title", ""), fields, outline)


def _chapters(
    source: Source, package: Package, root: PackageElement, opf: str
) -> tuple[Flow, tuple[Heading, ...]]:
    parts = list(_spine(root, opf))
    contents = list(_contents(package, root, opf, source))
    flow, outline, pasted = Flow(), [], Pasted(source.engines)
    for number, part in enumerate(parts, 1):
        tree = _tree(package, part, source)
        if tree is None:
            continue
        first = len(flow.pages) + 1
        mine = [entry for entry in contents if entry.part == part]
        flow.title = mine[0].title if mine else _own_title(tree)
        HtmlReader(tree, flow, _looking(package, part, pasted)).read(tree)
        flow.end_page()
        outline += [Heading(e.level, e.title, first) for e in mine if len(flow.pages) >= first]
        beat(number, len(parts))
    return flow, tuple(outline)


def _looking(package: Package, chapter: str, pasted: Pasted) -> Look:
    """Finds the pictures of a chapter, which are parts of the book."""

    def look(address: str) -> Writing:
        return drawings.picture(_within(chapter, address), package, pasted)

    return looking(pasted, look)


def _own_title(tree: "Tree") -> str:
    headings = (e for e in tree.iter() if parsing.name_of(e) in ("h1", "h2"))
    first = next(headings, None)
    return (
        title_of(tree) if first is None else " ".join("".join(map(str, first.itertext())).split())
    )


def _opf_part(package: Package, source: Source) -> str:
    container = package.xml("META-INF/container.xml")
    for element in () if container is None else container.iter():
        if _name(element) == "rootfile" and element.get("full-path"):
            return element.get("full-path", "")
    raise damaged(source)


def _refuse_protected(package: Package, source: Source) -> None:
    """Refuse copy protection: encryption of more than fonts."""
    root = package.xml("META-INF/encryption.xml")
    for element in () if root is None else root.iter():
        if _name(element) == "EncryptionMethod" and element.get("Algorithm") not in _FONTS:
            raise EncryptedFile(
                f"{source.name} has copy protection (DRM): only the shop's own reader can open it."
            )


def _spine(root: PackageElement, opf: str) -> Iterator[str]:
    """The parts with text, in reading order; without a spine, in the order of the list."""
    items = {e.get("id", ""): e for e in root.iter() if _name(e) == "item"}
    order = [e.get("idref", "") for e in root.iter() if _name(e) == "itemref"] or list(items)
    for identity in dict.fromkeys(order):
        item = items.get(identity)
        if item is not None and item.get("media-type") in _TEXT:
            yield _within(opf, item.get("href", ""))


def _contents(package: Package, root: PackageElement, opf: str, source: Source) -> Iterator[_Entry]:
    """From the navigation document of EPUB 3, else from the NCX of EPUB 2."""
    for item in root.iter():
        if _name(item) == "item" and "nav" in (item.get("properties") or "").split():
            part = _within(opf, item.get("href", ""))
            tree = _tree(package, part, source)
            found = [] if tree is None else list(_nav(tree, part))
            if found:
                yield from found
                return
    for item in root.iter():
        if _name(item) == "item" and item.get("media-type") == "application/x-dtbncx+xml":
            part = _within(opf, item.get("href", ""))
            ncx = package.xml(part)
            if ncx is not None:
                yield from _points(ncx, part, 0)


def _nav(tree: "Tree", part: str) -> Iterator[_Entry]:
    navs = [e for e in tree.iter() if parsing.name_of(e) == "nav"]
    toc = next((e for e in navs if "toc" in " ".join(map(str, e.attrib.values()))), None)
    for anchor in () if toc is None else toc.iter():
        if parsing.name_of(anchor) == "a" and anchor.get("href"):
            level = sum(parsing.name_of(e) == "ol" for e in anchor.iterancestors())
            yield _Entry(max(level, 1), _text(anchor), _within(part, str(anchor.get("href"))))


def _points(element: PackageElement, part: str, level: int) -> Iterator[_Entry]:
    for point in element:
        if _name(point) == "navMap":
            yield from _points(point, part, 0)
        elif _name(point) == "navPoint":
            texts = [e.text or "" for e in point.iter() if _name(e) == "text"]
            targets = [e.get("src", "") for e in point.iter() if _name(e) == "content"]
            if texts and targets:
                title = " ".join(texts[0].split())
                yield _Entry(level + 1, title, _within(part, targets[0]))
            if level < 8:
                yield from _points(point, part, level + 1)


def _tree(package: Package, part: str, source: Source) -> "Tree | None":
    data = package.data(part)
    return parsing.parse_bytes(data, source.name) if data and data.strip() else None


def _text(element: "Tree") -> str:
    return " ".join("".join(map(str, element.itertext())).split())


def _metadata(root: PackageElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter():
        name, text = _name(element), " ".join((element.text or "").split())
        if text and (name == "title" or name in _METADATA):
            found.setdefault(_METADATA.get(name, name), text)
    return found


def _within(part: str, href: str) -> str:
    """Resolve an address relative to the part that contains it."""
    path = unquote(href.partition("#")[0])
    return normpath(join("/", dirname(part), path)).lstrip("/") if path else part


def _name(element: PackageElement) -> str:
    return element.tag.rpartition(":")[2].rpartition("}")[2] if isinstance(element.tag, str) else ""
