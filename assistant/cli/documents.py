"""The commands that show what was read: documents, show."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, command, count, counted, opened

if TYPE_CHECKING:
    from assistant.settings import Settings
    from ingest.chunking.coverage_ledger import PageLedger
    from ingest.document.model import Line, Page
    from vectorstore.catalog.catalog import Coverage, DocumentInfo
    from vectorstore.library import Library

_MOST = 10  # pages of a document that are named


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    command(
        commands, "documents", _run_documents, "list the documents, and how much of each was read"
    )
    show = command(commands, "show", _run_show, "print the text that was read from a document")
    show.add_argument("document")
    show.add_argument("--page", type=count, help="one page; the first is 1, as in a viewer")


def _run_documents(args: argparse.Namespace, settings: "Settings") -> int:
    with opened(settings) as library:
        documents = library.documents()
        notes = {info.document: _notes(library, info) for info in documents}
    if args.json:
        rows = [{**asdict(info), "notes": notes[info.document]} for info in documents]
        print(json.dumps(rows))
        return DONE
    if not documents:
        print(f"The library {settings.library!r} is empty. `pincite add PATH` adds documents.")
    for info in documents:
        size = f"{counted(info.pages, 'page')}, {counted(info.chunks, 'passage')}"
        print(f"{info.document}  ({size}, {_share(info.coverage)}): {info.status}")
        for line in _describe_pages(notes[info.document]):
            print(f"    {line}")
    return DONE


def _share(coverage: "Coverage") -> str:
    """The share of the text that can be found; repeated headers are found once."""
    there = coverage.extracted + coverage.ocr + coverage.unread
    return f"{coverage.indexed / there:.0%} indexed" if there else "no text"


def _notes(library: "Library", info: "DocumentInfo") -> list[dict[str, Any]]:
    """Notes on pages, above all on those that could not be read."""
    return [
        {"page": row.page, "note": row.note, "characters": row.source, "unread": row.unread}
        for row in library.ledger(info.document)
        if row.note or row.unread
    ]


def _describe_pages(notes: list[dict[str, Any]]) -> Iterator[str]:
    for row in notes[:_MOST]:
        there = row["characters"] + row["unread"]
        read = f", {row['characters']:,} of an estimated {there:,} characters"
        note = row["note"] or "unreadable in part"
        yield f"page {row['page']}: {note}{read if row['unread'] else ''}"
    if len(notes) > _MOST:
        yield f"and {len(notes) - _MOST} more pages: see `pincite documents --json`"


def _run_show(args: argparse.Namespace, settings: "Settings") -> int:
    with opened(settings) as library:
        one = args.page is not None
        pages = [library.page(args.document, args.page)] if one else library.pages(args.document)
        ledger = {row.page: row for row in library.ledger(args.document)} if args.json else {}
    for page in [] if args.json else pages:
        print(f"--- page {page.number} ---\n{page.text}\n")
    if args.json:
        print(json.dumps([_page_row(page, ledger[page.number]) for page in pages]))
    return DONE


def _page_row(page: "Page", ledger: "PageLedger") -> dict[str, Any]:
    return {
        "page": page.number,
        "text": page.text,
        "ocr": page.ocr,
        "lines": [_line_row(line) for line in page.lines],
        "title": page.title,
        "characters": ledger.source,
        "indexed": ledger.indexed,
        "hidden": ledger.hidden,
        "dropped": {dropped.reason: dropped.characters for dropped in ledger.dropped},
        "unread": ledger.unread,
        "note": ledger.note,
        "confidence": ledger.confidence,
    }


def _line_row(line: "Line") -> dict[str, Any]:
    """A line as JSON, with rare fields such as seconds only where present."""
    row: dict[str, Any] = {"text": line.text, "box": list(line.box)}
    if line.seconds is not None:
        row["seconds"] = line.seconds
    if line.confidence < 1:
        row["confidence"] = line.confidence
    if line.hidden:
        row["hidden"] = line.hidden
    return row
