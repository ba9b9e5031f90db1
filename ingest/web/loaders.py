"""Web pages, EPUB books and Markdown become documents."""

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from posixpath import dirname, join, normpath
from urllib.parse import unquote
from xml.etree.ElementTree import Element as PackageElement

from lxml.etree import _Element as Element

from ingest.document.model import Document, Heading, Page
from ingest.document.source import Source
from ingest.errors import EncryptedFile, UnreadableFile
from ingest.images.recognition import Pasted, Writing
from ingest.office import ooxml
from ingest.office.ooxml import Package, damaged
from ingest.page_builder import PLAIN, Flow
from ingest.platform.process import beat
from ingest.text.decoding import read_whole, whole_bytes
from ingest.text.loaders import as_text
from ingest.web import html
from ingest.web.html import HtmlReader, Look, looking

# -- Web pages, saved alone (HTML) or with their parts in one mail (MHTML)

_HTML_METADATA = {
    "author": "author", "description": "description", "date": "created", "dc.creator": "author",
    "dc.date": "created", "article:published_time": "created",
}  # fmt: skip


def load_html(source: Source) -> Document:
    """A page of HTML; a long one is cut into pages at its headings. Raises UnreadableFile."""
    root = html.parse_bytes(whole_bytes(source), source.name)
    return document(source, looking(Pasted(source.engines)), root)


def load_mhtml(source: Source) -> Document:
    """The web page in an MHTML file; frames are further pages. Raises UnreadableFile."""
    message = message_from_bytes(whole_bytes(source), policy=policy.default)
    trees = []
    for part in message.walk():
        data = part.get_payload(decode=True) if part.get_content_type() in _HTML else b""
        if isinstance(data, bytes) and data.strip():
            trees.append(html.parse_bytes(data, source.name, part.get_content_charset() or ""))
    if not trees:
        raise UnreadableFile(f"{source.name} holds no web page.")
    return document(source, _parts(message, Pasted(source.engines)), *trees)


_HTML = ("text/html", "application/xhtml+xml")


def _parts(message: EmailMessage, pasted: Pasted) -> Look:
    """The parts of the mail, by their address or their identity."""
    found: dict[str, EmailMessage] = {}
    for part in message.walk():
        if part.get_content_maintype() == "image":
            name = str(part.get("Content-ID") or "").strip(" <>")
            found |= {f"cid:{name}": part, str(part.get("Content-Location") or "").strip(): part}

    def look(address: str) -> Writing:
        data = found[address].get_payload(decode=True) if address in found else b""
        kind = found[address].get_content_subtype() if data else ""
        return (
            pasted.read(data, f"picture.{kind}") if isinstance(data, bytes) and data else Writing()
        )

    return looking(pasted, look)


def document(source: Source, look: Look, *roots: Element) -> Document:
    """One document from trees of HTML; the first gives title and metadata."""
    flow = Flow()
    for root in roots:
        HtmlReader(root, flow, look).read(root)
        flow.end_page()
    pages = flow.finished()
    title = title_of(roots[0]) or first_heading(pages)
    return source.document(pages, title, metadata(roots[0]))


def title_of(root: Element) -> str:
    """The title that the head of a page states; empty without one."""
    found = next((e for e in root.iter() if html.tag_name(e) == "title"), None)
    return "" if found is None else html.text_of(found)


def metadata(root: Element) -> dict[str, str]:
    """Author, date and description from the head."""
    found: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower()
        content = (meta.get("content") or "").strip()
        if name in _HTML_METADATA and content:
            found.setdefault(_HTML_METADATA[name], content)
    return found


def first_heading(pages: tuple[Page, ...]) -> str:
    """The first heading of the highest level."""
    return next((line.text for page in pages for line in page.lines if line.heading == 1), "")


# -- EPUB books: the chapters in the order of the spine are pages; titles come from the contents
# Read with zipfile and lxml: the libraries for EPUB that exist for Python are under the AGPL.

_TEXT = ("application/xhtml+xml", "text/html", "text/x-oeb1-document")
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_EPUB_METADATA = {
    "creator": "author", "date": "created", "language": "language", "publisher": "publisher",
}  # fmt: skip


_Entry = tuple[int, str, str]  # of the table of contents: level, title and part


def load_epub(source: Source) -> Document:
    """Raises EncryptedFile for books with copy protection, or UnreadableFile."""
    package = Package(source)
    for method in _elements(package.xml("META-INF/encryption.xml"), "EncryptionMethod"):
        if method.get("Algorithm") not in _FONTS:  # more than fonts is encrypted
            raise EncryptedFile(
                f"{source.name} has copy protection (DRM): only the shop's own reader can open it."
            )
    files = _elements(package.xml("META-INF/container.xml"), "rootfile")
    opf = next((path for file in files if (path := file.get("full-path"))), "")
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
        mine = [(level, title) for level, title, of in contents if of == part]
        flow.title = mine[0][1] if mine else _own_title(tree)
        HtmlReader(tree, flow, _looking(package, part, pasted)).read(tree)
        flow.end_page()
        outline += [Heading(*entry, first) for entry in mine if len(flow.pages) >= first]
        beat(number, len(parts))
    return flow, tuple(outline)


def _looking(package: Package, chapter: str, pasted: Pasted) -> Look:
    """Finds the pictures of a chapter, which are parts of the book."""

    def look(address: str) -> Writing:
        return ooxml.text_in_picture(_within(chapter, address), package, pasted)

    return looking(pasted, look)


def _own_title(tree: Element) -> str:
    headings = (e for e in tree.iter() if html.tag_name(e) in ("h1", "h2"))
    first = next(headings, None)
    return title_of(tree) if first is None else html.text_of(first)


def _elements(root: PackageElement | None, name: str) -> Iterator[PackageElement]:
    """All elements of a name, in any namespace, also below; none of None."""
    return (e for e in (() if root is None else root.iter()) if _name(e) == name)


def _spine(root: PackageElement, opf: str) -> Iterator[str]:
    """The parts with text, in reading order; without a spine, in the order of the list."""
    items = {e.get("id", ""): e for e in _elements(root, "item")}
    order = [e.get("idref", "") for e in _elements(root, "itemref")] or list(items)
    for identity in dict.fromkeys(order):
        item = items.get(identity)
        if item is not None and item.get("media-type") in _TEXT:
            yield _within(opf, item.get("href", ""))


def _contents(package: Package, root: PackageElement, opf: str, source: Source) -> Iterator[_Entry]:
    """From the navigation document of EPUB 3, else from the NCX of EPUB 2."""
    for item in _elements(root, "item"):
        if "nav" in (item.get("properties") or "").split():
            part = _within(opf, item.get("href", ""))
            tree = _tree(package, part, source)
            if tree is not None and (found := list(_nav(tree, part))):
                yield from found
                return
    for item in _elements(root, "item"):
        if item.get("media-type") == "application/x-dtbncx+xml":
            part = _within(opf, item.get("href", ""))
            for points in _elements(package.xml(part), "navMap"):
                yield from _points(points, part, 1)


def _nav(tree: Element, part: str) -> Iterator[_Entry]:
    navs = [e for e in tree.iter() if html.tag_name(e) == "nav"]
    toc = next((e for e in navs if "toc" in " ".join(map(str, e.attrib.values()))), None)
    for anchor in () if toc is None else toc.iter():
        if html.tag_name(anchor) == "a" and anchor.get("href"):
            level = sum(html.tag_name(e) == "ol" for e in anchor.iterancestors())
            target = _within(part, str(anchor.get("href")))
            yield max(level, 1), html.text_of(anchor), target


def _points(element: PackageElement, part: str, level: int) -> Iterator[_Entry]:
    for point in element:
        if _name(point) == "navPoint":
            texts = [e.text or "" for e in _elements(point, "text")]
            targets = [e.get("src", "") for e in _elements(point, "content")]
            if texts and targets:
                yield level, " ".join(texts[0].split()), _within(part, targets[0])
            if level < 9:
                yield from _points(point, part, level + 1)


def _tree(package: Package, part: str, source: Source) -> Element | None:
    data = package.data(part)
    return html.parse_bytes(data, source.name) if data and data.strip() else None


def _metadata(root: PackageElement) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root.iter():
        name, text = _name(element), " ".join((element.text or "").split())
        if text and (name == "title" or name in _EPUB_METADATA):
            found.setdefault(_EPUB_METADATA.get(name, name), text)
    return found


def _within(part: str, href: str) -> str:
    """Resolve an address relative to the part that contains it."""
    path = unquote(href.partition("#")[0])
    return normpath(join("/", dirname(part), path)).lstrip("/") if path else part


def _name(element: PackageElement) -> str:
    return element.tag.rpartition(":")[2]


# -- Markdown with tables: rendered to HTML, which is then read like a web page
# Only this module imports markdown_it. Front matter becomes lines and, where it is known, metadata.

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_NESTING = 40  # of quotes and lists; the library silently drops deeper ones
_TOO_DEEP = re.compile(
    r"^(?>\t| {2}| ?(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){16,}+(?<=[>*+.)-])[^\n]*\w",
    re.MULTILINE,
)
_FIELD = re.compile(r"^(title|author|date|description)\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)


def load_markdown(source: Source) -> Document:
    """Markdown, rendered to HTML and read like a web page. Raises UnreadableFile."""
    found = read_whole(source)
    text = found.text.replace("\r\n", "\n")
    if _TOO_DEEP.search(text):
        return as_text(source, found, "It is nested too deeply and was read as plain text.")
    front = _FRONT.match(text)
    flow = Flow()
    if front:
        for number, line in enumerate(front[1].split("\n")):
            flow.verbatim(line, replace(PLAIN, begins=number == 0))
    found_fields = _FIELD.finditer(front[1] if front else "")
    fields = {m[1].lower(): m[2].strip().strip("\"'") for m in found_fields}
    body = _rendered(text[front.end() :] if front else text)
    if body.strip():
        root = html.parse_text(body, source.name)
        HtmlReader(root, flow, looking(Pasted(source.engines))).read(root)
    pages = flow.finished()
    title = fields.pop("title", "") or first_heading(pages)
    if "date" in fields:
        fields["created"] = fields.pop("date")
    return source.document(pages, title, fields)


def _rendered(text: str) -> str:
    from markdown_it import MarkdownIt

    # Links stay words: nothing that is typed as an address becomes one.
    parser = MarkdownIt("commonmark", {"linkify": False, "maxNesting": _NESTING}).enable(
        ["table", "strikethrough"]
    )
    return str(parser.render(text))
