"""Markdown with tables: rendered to HTML, which is then read like a web page.

Only this module imports markdown_it. Front matter becomes lines and, where it is known, metadata.
"""

import re
from dataclasses import replace

from ingest.document.model import Document
from ingest.document.source import Source
from ingest.images.embedded_images import Pasted
from ingest.loaders import html
from ingest.loaders.text import as_text
from ingest.page_builder.flowing_text import PLAIN, Flow
from ingest.text.decoding import read_whole
from ingest.web import parsing
from ingest.web.html_to_lines import HtmlReader
from ingest.web.images import looking

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_NESTING = 40  # of quotes and lists; the library silently drops deeper ones
_TOO_DEEP = re.compile(
    r"^(?>\t| {2}| ?(?:>|[-+*](?=[ \t])|\d{1,9}[.)](?=[ \t]))){16,}+(?<=[>*+.)-])[^\n]*\w",
    re.MULTILINE,
)
_FIELD = re.compile(r"^(title|author|date|description)\s*:\s*(.+)$", re.IGNORECASE | re.MULTILINE)


def load_markdown(source: Source) -> Document:
    """Raises UnreadableFile."""
    found = read_whole(source)
    text = found.text.replace("\r\n", "\n")
    if _TOO_DEEP.search(text):
        return as_text(source, found, "It is nested too deeply and was read as plain text.")
    front = _FRONT.match(text)
    flow = Flow()
    if front:
        for number, line in enumerate(front[1].split("\n")):
            flow.verbatim(line, replace(PLAIN, begins=number == 0))
    fields = _fields(front[1]) if front else {}
    body = _rendered(text[front.end() :] if front else text)
    if body.strip():
        root = parsing.parse(body, source.name)
        HtmlReader(root, flow, looking(Pasted(source.engines))).read(root)
    pages = flow.finished()
    title = fields.pop("title", "") or html.first_heading(pages)
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


def _fields(text: str) -> dict[str, str]:
    return {m[1].lower(): m[2].strip().strip("\"'") for m in _FIELD.finditer(text)}
