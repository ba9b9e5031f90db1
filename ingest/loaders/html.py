"""Web pages, saved alone (HTML) or with their parts in one mail (MHTML)."""

from typing import TYPE_CHECKING

from ingest.document.model import Document, Page
from ingest.document.source import Source
from ingest.errors import UnreadableFile
from ingest.images.embedded_images import Pasted, Writing
from ingest.page_builder.flowing_text import Flow
from ingest.text.decoding import whole_bytes
from ingest.web import parsing
from ingest.web.html_to_lines import HtmlReader
from ingest.web.images import Look, looking, unseen

if TYPE_CHECKING:
    from email.message import EmailMessage

    from lxml.etree import _Element as Element

_METADATA = {
    "author": "author", "description": "description", "date": "created", "dc.creator": "author",
    "dc.date": "created", "article:published_time": "created",
}  # fmt: skip


def load_html(source: Source) -> Document:
    """A page of HTML; a long one is cut into pages at its headings. Raises UnreadableFile."""
    root = parsing.parse_bytes(whole_bytes(source), source.name)
    return document(source, looking(Pasted(source.engines)), root)


def load_mhtml(source: Source) -> Document:
    """The web page in an MHTML file; frames are further pages. Raises UnreadableFile."""
    from email import message_from_bytes, policy

    message = message_from_bytes(whole_bytes(source), policy=policy.default)
    parts = [part for part in message.walk() if part.get_content_type() in _HTML]
    if not parts:
        raise UnreadableFile(f"{source.name} holds no web page.")
    trees = []
    for part in parts:
        data = part.get_payload(decode=True)
        if isinstance(data, bytes) and data.strip():
            trees.append(parsing.parse_bytes(data, source.name, part.get_content_charset() or ""))
    if not trees:
        raise UnreadableFile(f"{source.name} holds an empty web page.")
    return document(source, _parts(message, Pasted(source.engines)), *trees)


_HTML = ("text/html", "application/xhtml+xml")


def _parts(message: "EmailMessage", pasted: Pasted) -> Look:
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


def document(source: Source, look: Look, *roots: "Element") -> Document:
    """One document from trees of HTML; the first gives title and metadata."""
    flow = Flow()
    for root in roots:
        write(root, flow, look)
    pages = flow.finished()
    title = title_of(roots[0]) or first_heading(pages)
    return source.document(pages, title, metadata(roots[0]))


def write(root: "Element", flow: Flow, look: Look = unseen) -> None:
    """One tree as pages of its own."""
    HtmlReader(root, flow, look).read(root)
    flow.end_page()


def title_of(root: "Element") -> str:
    """The title in the head."""
    found = next((e for e in root.iter() if parsing.name_of(e) == "title"), None)
    return "" if found is None else " ".join("".join(map(str, found.itertext())).split())


def metadata(root: "Element") -> dict[str, str]:
    """Author, date and description from the head."""
    found: dict[str, str] = {}
    for meta in root.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").lower()
        content = (meta.get("content") or "").strip()
        if name in _METADATA and content:
            found.setdefault(_METADATA[name], content)
    return found


def first_heading(pages: tuple[Page, ...]) -> str:
    """The first heading of the highest level."""
    return next((line.text for page in pages for line in page.lines if line.heading == 1), "")
