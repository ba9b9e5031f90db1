"""Rows of JSON for other programs; a hit is that of `pincite search --json`."""

from pathlib import Path
from typing import Any

from assistant.attachments import media_kinds
from vectorstore.add_report import AddSummary
from vectorstore.catalog.records import DocumentInfo
from vectorstore.federation.federated import AnyLibrary, Federated
from vectorstore.federation.names import apart
from vectorstore.library import Hit

Row = dict[str, Any]


def document_row(info: DocumentInfo) -> Row:
    """A document in a list."""
    row = {
        "document": info.document, "pages": info.pages, "passages": info.chunks,
        "status": info.status, "sha256": info.sha256, "superseded_by": info.superseded_by,
        "dated": info.dated[:10], "tags": list(info.tags),
    }  # fmt: skip
    return row if info.seconds is None else row | {"seconds": info.seconds}


def hit_row(library: AnyLibrary, hit: Hit) -> Row:
    """A found passage: with the second where it begins in a recording, and whether it is hidden
    from readers."""
    row = {
        "document": hit.document, "page": hit.page, "score": round(hit.score, 4), "text": hit.text,
    }  # fmt: skip
    if isinstance(library, Federated):
        of, document = apart(hit.document)
        row |= {"library": of, "document": document}
    more = {"hidden": hit.chunk.hidden or None, "seconds": media_kinds.seconds(library, hit)}
    return row | {name: value for name, value in more.items() if value is not None}


def summary_row(summary: AddSummary) -> Row:
    """What an `add` did. Of files that failed only the name: a client need not know our folders."""
    failed = [{"document": Path(f.path).name, "error": f.error} for f in summary.failed]
    return {
        "added": summary.added, "updated": summary.updated, "unchanged": summary.unchanged,
        "pages": summary.pages, "passages": summary.chunks, "failed": failed,
    }  # fmt: skip
