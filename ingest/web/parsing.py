"""Parses HTML into a tree of elements. Nothing is fetched, and no entity is expanded."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ingest.errors import UnreadableFile
from ingest.text.decoding import decode

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*+=\s*+["']?+\s*+([\w.:-]+)""", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]+)""")
# Browsers also show the text after them, as in joined pages; libxml2 drops it.
_ENDS = re.compile(r"</(?:body|html)\s*>", re.IGNORECASE)
# As the HTML standard says; libxml2 would end the text at the first of them.
_NO_TEXT = dict.fromkeys([0, *range(0xD800, 0xE000)], "\ufffd")


def parse_bytes(data: bytes, name: str, declared: str = "") -> "Element":
    """The tree of a file, in the encoding that it or its envelope declares. UnreadableFile."""
    head = data[:4096]
    for pattern in (_CHARSET, _XML_ENCODING):
        if not declared and (match := pattern.search(head)):
            declared = match.group(1).decode("ascii", "replace")
    return parse(decode(data, name, declared).text, name)


def parse(text: str, name: str) -> "Element":
    """The tree of HTML; damaged HTML is repaired as browsers do. Raises UnreadableFile."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    clean = _ENDS.sub("", text.translate(_NO_TEXT))
    try:
        root = html.document_fromstring(clean.encode(), parser=parser)
    except etree.ParserError as error:  # nothing but white space or comments
        raise UnreadableFile(f"{name} holds no text.") from error
    if any(error.type_name == "ERR_RESOURCE_LIMIT" for error in parser.error_log):
        # 2,048 nested elements: the tree silently lacks everything after them.
        raise UnreadableFile(f"{name} is nested too deeply to be read.")
    return root


def iterwalk(element: "Element", events: tuple[str, ...]) -> "Iterator[tuple[str, Element]]":
    """An element and all in it, without recursion."""
    from lxml import etree

    yield from etree.iterwalk(element, events=events)


def name_of(element: "Element") -> str:
    """The tag without its namespace; "" for comments."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""
