"""Runs the commands about documents: what was read, tags, and all that keeps a library."""

import argparse
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.cli.shared import (
    DONE,
    IN_PART,
    check_paths,
    counted,
    done,
    filter_of,
    hint,
    notice,
    opened,
)
from assistant.errors import AssistantError
from assistant.libraries.forget import forget_documents
from assistant.libraries.uploads import check_apart
from assistant.settings import Settings
from assistant.storage.learned import lessons
from assistant.wiring import composition
from assistant.wiring.places import bucket, catalogue_server
from ingest.chunking import PageLedger
from ingest.document.model import Line, Page
from ingest.media.ffmpeg import clock
from vectorstore.add_report import Change
from vectorstore.catalog.rows import Coverage, DocumentInfo
from vectorstore.catalog.tags import chosen
from vectorstore.errors import DamagedCatalog, LibraryError
from vectorstore.library import Library
from vectorstore.maintenance.backup import Contents, read_contents
from vectorstore.maintenance.rebuild import set_aside
from vectorstore.opened import drop_catalog, drop_files
from vectorstore.watch import SETTLE, Watching

_MOST = 10  # pages of a document that are named


def _chosen(library: Library, args: argparse.Namespace) -> list[DocumentInfo]:
    return chosen(library.documents(), args.name, args.kind.lstrip("."), within=filter_of(args))


def _documents(args: argparse.Namespace, settings: Settings) -> int:
    with opened(settings) as library:
        documents, any_there = _chosen(library, args), library.size()[0]
        notes = {info.document: _notes(library, info) for info in documents}
    rows = [
        {**asdict(info), "dated": info.dated[:10], "notes": notes[info.document]}
        for info in documents
    ]
    none = f"The library {settings.library!r} is empty. `pincite add PATH` adds documents."
    if any_there:
        none = "None of its documents is like that. `pincite tag` lists the tags."
    lines = []
    for info in documents:
        length = counted(info.pages, "page") if info.seconds is None else clock(info.seconds)
        size = f"{length}, {counted(info.chunks, 'passage')}"
        tags = f"  [{', '.join(info.tags)}]" if info.tags else ""
        lines += [f"{info.document}  ({size}, {_share(info.coverage)}): {info.status}{tags}"]
        lines += [f"    {line}" for line in _describe_pages(notes[info.document])]
    return done(args, rows, "\n".join(lines) or none)


def _share(coverage: Coverage) -> str:
    """The share of the text that can be found; repeated headers are found once."""
    there = coverage.extracted + coverage.ocr + coverage.unread
    return f"{coverage.indexed / there:.0%} indexed" if there else "no text"


def _notes(library: Library, info: DocumentInfo) -> list[dict[str, Any]]:
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


def _tag(args: argparse.Namespace, settings: Settings) -> int:
    by_choice = bool(args.tag or args.after or args.before or args.name or args.kind)
    changes = bool(args.add or args.remove)
    if args.documents and by_choice:
        args.misused("name DOCUMENTs, or choose them with --tag, --after, --before, --name, --kind")
    if (args.documents or by_choice) and not changes:
        args.misused("say with --add TAG or --remove TAG what to do")
    if changes and not args.documents and not by_choice:
        args.misused("name DOCUMENTs, or choose them, such as with --name PART")
    with opened(settings) as library:
        if not changes:
            return _list_tags(args, library.tags.counts())
        names = args.documents or [info.document for info in _chosen(library, args)]
        if not names:
            raise AssistantError(f"No document of the library {library.name!r} is like that.")
        changed = library.tags.change(names, args.add, args.remove)
    words = f"{changed} of {counted(len(names), 'document')} changed"
    return done(args, {"documents": names, "changed": changed}, words)


def _list_tags(args: argparse.Namespace, counts: dict[str, int]) -> int:
    lines = [f"{tag}  ({counted(many, 'document')})" for tag, many in counts.items()]
    none = "There are no tags yet. `pincite tag DOCUMENT --add TAG` gives one."
    rows = [{"tag": tag, "documents": many} for tag, many in counts.items()]
    return done(args, rows, "\n".join(lines) or none)


def _show(args: argparse.Namespace, settings: Settings) -> int:
    with opened(settings) as library:
        one = args.page is not None
        pages = [library.page(args.document, args.page)] if one else library.pages(args.document)
        ledger = {row.page: row for row in library.ledger(args.document)}
    text = "\n".join(f"--- page {page.number} ---\n{page.text}\n" for page in pages)
    return done(args, [_page_row(page, ledger[page.number]) for page in pages], text)


def _page_row(page: Page, ledger: PageLedger) -> dict[str, Any]:
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


def _line_row(line: Line) -> dict[str, Any]:
    """A line as JSON, with rare fields such as seconds only where present."""
    row: dict[str, Any] = {"text": line.text, "box": list(line.box)}
    if line.seconds is not None:
        row["seconds"] = line.seconds
    if line.confidence < 1:
        row["confidence"] = line.confidence
    if line.hidden:
        row["hidden"] = line.hidden
    return row


def _watch(args: argparse.Namespace, settings: Settings) -> int:
    """Until Ctrl-C, or a signal that ends it."""
    check_paths(args.paths)
    check_apart(settings, args.paths)

    def show(change: Change) -> None:
        more = {"moved": f" (was {change.detail})", "failed": f": {change.detail}"}
        words = f"{change.outcome} {change.document}{more.get(change.outcome, '')}"
        print(json.dumps(asdict(change)) if args.json else words, flush=True)

    with opened(settings, make=True) as library:
        settle = SETTLE if args.settle is None else args.settle
        names = ", ".join(map(str, args.paths))
        print(f"{settings.library}: watching {names}; Ctrl-C ends it.", file=sys.stderr, flush=True)
        Watching(library, args.paths, show, notice, settle).run(threading.Event())
    return DONE


def _backup(args: argparse.Namespace, settings: Settings) -> int:
    with opened(settings) as library:
        contents = library.maintenance.back_up(args.file.absolute())
    size = args.file.stat().st_size
    row = {"file": str(args.file), "bytes": size, **asdict(contents)}
    done(args, row, f"{args.file}: {_size(contents)}")
    for name in [] if args.json else contents.lost:
        hint(f"the copy of {name} is lost or damaged, and is not in the backup")
    return IN_PART if contents.lost else DONE


def _size(contents: Contents) -> str:
    documents = counted(contents.documents, "document")
    return f"{documents}, {counted(contents.passages, 'passage')}"


def _restore(args: argparse.Namespace, settings: Settings) -> int:
    """Restores into the library of the backup's name, unless another one is named."""
    name = args.library or read_contents(args.file).library
    chosen = Settings.load(home=settings.home, library=name)  # a name from a file: it is checked
    new = name not in composition.libraries(chosen)
    try:
        contents = _restored(chosen, args.file)
    except DamagedCatalog:
        read_contents(args.file)  # whatever is wrong with the backup: before anything is moved
        aside = set_aside(chosen.libraries_folder / name)
        notice(f"The catalogue of {name} was damaged: it was moved to {aside}.")
        contents = _restored(chosen, args.file)
    except BaseException:
        if new:
            with suppress(LibraryError):
                drop_catalog(chosen.libraries_folder / name, catalogue_server(chosen))
                drop_files(chosen.libraries_folder / name, bucket(chosen))
            shutil.rmtree(chosen.libraries_folder / name, ignore_errors=True)
        raise
    row = {**asdict(contents), "library": name}
    done(args, row, f"{name}: {_size(contents)}, as of {contents.made}")
    return IN_PART if contents.lost else DONE


def _restored(settings: Settings, backup: Path) -> Contents:
    with opened(settings, make=True) as library:
        contents = library.maintenance.restore(backup.absolute())
        lessons(library.folder).reset()  # learned from the earlier contents
    return contents


def _forget(args: argparse.Namespace, settings: Settings) -> int:
    with opened(settings) as library:
        report = forget_documents(settings, library, args.documents)
    status = IN_PART if report.files or not report.index else DONE
    lines = [
        f"{counted(report.documents, 'document')} removed, with copies, pages, passages and words",
        f"{counted(report.pictures, 'small picture')} deleted",
        f"{counted(report.turns, 'turn')} of conversations without quotes now",
        f"{counted(report.receipts, 'receipt')} deleted",
        f"{counted(report.run_rows, 'answer')} of runs deleted",
        f"{counted(report.ratings, 'rating')} deleted, own questions among them",
        f"{counted(report.cells, 'cell')} of sheets deleted",
        "Later backups do not hold them. Left alone: the original files, backups made before, "
        "and files in made/ and attached/.",
    ]
    done(args, asdict(report), "\n".join(lines))
    if args.json:
        return status
    if not report.index:
        notice(
            "Another process, probably the app, owns the index, or its server is away. It keeps "
            "numbers made of the documents' text: close the app and run `pincite rebuild`."
        )
    notice(report.files)
    return status
