"""What stands for links and pictures in a text: "our rules (https://example.com/rules)"."""

from typing import TYPE_CHECKING

from ingest.office.drawings import told
from ingest.page_builder.office_page import address

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def link(anchor: "Element") -> str:
    """The address in brackets; nothing for one that means something on its own site only."""
    target = (anchor.get("href") or "").strip()
    return address("".join(map(str, anchor.itertext())), target) if ":" in target else ""


def alternative(image: "Element") -> str:
    """The words that stand for a picture; programs write the name of its file in their place."""
    return told(image.get("alt") or "").strip()
