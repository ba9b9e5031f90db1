"""The commands that show what was read, and what people say of it: documents, show, tag."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    command,
    count,
    counted,
    filter_of,
    opened,
    with_filter,
)

if TYPE_CHECKING:
    from assistant.settings import Settings
    from ingest.chunking.coverage_ledger import PageLedger
    from ingest.document.model import Line, Page
    from vectorstore.catalog.catalog import Coverage, DocumentInfo
    from vectorstore.library import Library

_MOST = 10  # pages of a document that are named


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    listed = command(
        commands, "documents", _run_documents, "list the documents, and how much of each was read",
        "In a row of --json, dated is the day of a document, or empty, and seconds the length of a"
        " recording, else null.",
    )  # fmt: skip
    _with_choice(listed)
    show = command(commands, "show", _run_show, "print the text that was read from a document")
    show.add_argument("document", metavar="DOCUMENT")
    show.add_argument("--page", type=count, help="one page; the first is 1, as in a viewer")
    tag = command(
        commands, "tag", _run_tag, "list the tags of a library, or change those of documents",
        "The documents are named, or chosen by --tag, --after, --before, --name and --kind.",
    )  # fmt: skip
    tag.add_argument("documents", nargs="*", metavar="DOCUMENT")
    for flag, what in (("--add", "give this tag"), ("--remove", "take this tag away")):
        tag.add_argument(
            flag, action="append", default=[], metavar="TAG", help=f"{what}; may be repeated"
        )
    _with_choice(tag)


def _with_choice(command: argparse.ArgumentParser) -> None:
    with_filter(command)
    command.add_argument("--name", default="", metavar="PART", help="only names with this part")
    command.add_argument(
        "--kind", default="", metavar="KIND", help="only files of this kind, by their ending"
    )


def _chosen(library: "Library", args: argparse.Namespace) -> "list[DocumentInfo]":
    from vectorstore.catalog.choosing import chosen

    return chosen(library.documents(), args.name, args.kind.lstrip("."), within=filter_of(args))


def _run_documents(args: argparse.Namespace, settings: "Settings") -> int:
    with opened(settings) as library:
        documents, any_there = _chosen(library, args), library.size()[0]
        notes = {info.document: _notes(library, info) for info in documents}
    if args.json:
        rows = [
            {**asdict(info), "dated": info.dated[:10], "notes": notes[info.document]}
            for info in documents
        ]
        print(json.dumps(rows))
        return DONE
    if not any_there:
        print(f"The library {settings.library!r} is empty. `pincite add PATH` adds documents.")
    elif not documents:
        print("None of its documents is like that. `pincite tag` lists the tags.")
    for info in documents:
        size = f"{_length(info)}, {counted(info.chunks, 'passage')}"
        tags = f"  [{', '.join(info.tags)}]" if info.tags else ""
        print(f"{info.document}  ({size}, {_share(info.coverage)}): {info.status}{tags}")
        for line in _describe_pages(notes[info.document]):
            print(f"    {line}")
    return DONE


def _length(info: "DocumentInfo") -> str:
    """Pages, or of a recording its length."""
    from ingest.media.ffmpeg import clock

    return counted(info.pages, "page") if info.seconds is None else clock(info.seconds)


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


def _run_tag(args: argparse.Namespace, settings: "Settings") -> int:
    by_choice = bool(args.tag or args.after or args.before or args.name or args.kind)
    changes = bool(args.add or args.remove)
    if args.documents and by_choice:
        args.misused("name DOCUMENTs, or choose them with --tag, --after, --before, --name, --kind")
    if (args.documents or by_choice) and not changes:
        args.misused("say with --add TAG or --remove TAG what to do")
    if changes and not args.documents and not by_choice:
        args.misused("name DOCUMENTs, or choose them, such as with --name PART")
    from assistant.errors import AssistantError

    with opened(settings) as library:
        if not changes:
            return _list_tags(args, library.tags.counts())
        names = args.documents or [info.document for info in _chosen(library, args)]
        if not names:
            raise AssistantError(f"No document of the library {library.name!r} is like that.")
        changed = library.tags.change(names, args.add, args.remove)
    if args.json:
        print(json.dumps({"documents": names, "changed": changed}))
    else:
        print(f"{changed} of {counted(len(names), 'document')} changed")
    return DONE


def _list_tags(args: argparse.Namespace, counts: dict[str, int]) -> int:
    if args.json:
        print(json.dumps([{"tag": tag, "documents": many} for tag, many in counts.items()]))
        return DONE
    for tag, many in counts.items():
        print(f"{tag}  ({counted(many, 'document')})")
    if not counts:
        print("There are no tags yet. `pincite tag DOCUMENT --add TAG` gives one.")
    return DONE


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
