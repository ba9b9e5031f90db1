"""Where a link leads, as text behind its words: "our rules (https://example.com/rules)"."""

from typing import TYPE_CHECKING

from ingest.office.draft import address

if TYPE_CHECKING:
    from lxml.etree import _Element as Element


def link(anchor: "Element") -> str:
    """The address in brackets; nothing for one that means something on its own site only."""
    target = (anchor.get("href") or "").strip()
    return address("".join(map(str, anchor.itertext())), target) if ":" in target else ""
