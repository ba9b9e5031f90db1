"""The text for links and pictures: "our rules (https://example.com/rules)"."""

from typing import TYPE_CHECKING

from ingest.office.drawings import without_file_name
from ingest.page_builder.office_page import address

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def link(anchor: "Element") -> str:
    """A link's address in brackets; empty for an address within its own site."""
    target = (anchor.get("href") or "").strip()
    return address("".join(map(str, anchor.itertext())), target) if ":" in target else ""


def alternative(image: "Element") -> str:
    """The alternative text of a picture, unless it is only a file name."""
    return without_file_name(image.get("alt") or "").strip()
