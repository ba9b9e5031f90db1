"""The commands that show what was read, and what people say of it: documents, show, tag."""

import argparse
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    IN_PART,
    check_paths,
    count,
    counted,
    done,
    filter_of,
    hint,
    library_command,
    notice,
    opened,
    several,
    with_filter,
)

if TYPE_CHECKING:
    from assistant.settings import Settings
    from ingest.chunking import PageLedger
    from ingest.document.model import Line, Page
    from vectorstore.add_report import Change
    from vectorstore.catalog.rows import Coverage, DocumentInfo
    from vectorstore.library import Library
    from vectorstore.maintenance.backup import Contents


_MOST = 10  # pages of a document that are named


def add_document_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    listed = library_command(
        commands, "documents", _run_documents, "list the documents, and how much of each was read",
        "In a row of --json, dated is the day of a document, or empty, and seconds the length of a"
        " recording, else null.",
    )  # fmt: skip
    _with_choice(listed)
    show = library_command(
        commands, "show", _run_show, "print the text that was read from a document"
    )
    show.add_argument("document", metavar="DOCUMENT")
    show.add_argument("--page", type=count, help="one page; the first is 1, as in a viewer")
    tag = library_command(
        commands, "tag", _run_tag, "list the tags of a library, or change those of documents",
        "The documents are named, or chosen by --tag, --after, --before, --name and --kind.",
    )  # fmt: skip
    tag.add_argument("documents", nargs="*", metavar="DOCUMENT")
    several(tag, "--add", "TAG", "give this tag")
    several(tag, "--remove", "TAG", "take this tag away")
    _with_choice(tag)


def _with_choice(command: argparse.ArgumentParser) -> None:
    with_filter(command)
    command.add_argument("--name", default="", metavar="PART", help="only names with this part")
    command.add_argument(
        "--kind", default="", metavar="KIND", help="only files with this extension"
    )


def _chosen(library: "Library", args: argparse.Namespace) -> "list[DocumentInfo]":
    from vectorstore.catalog.tags import chosen

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
    words = f"{changed} of {counted(len(names), 'document')} changed"
    return done(args, {"documents": names, "changed": changed}, words)


def _list_tags(args: argparse.Namespace, counts: dict[str, int]) -> int:
    lines = [f"{tag}  ({counted(many, 'document')})" for tag, many in counts.items()]
    none = "There are no tags yet. `pincite tag DOCUMENT --add TAG` gives one."
    rows = [{"tag": tag, "documents": many} for tag, many in counts.items()]
    return done(args, rows, "\n".join(lines) or none)


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


# -- The commands that maintain a library: watch, backup, restore, forget


def add_keeping_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    watch = library_command(
        commands, "watch", _run_watch, "keep a library in step with folders, until Ctrl-C",
        "--json prints a line of JSON for each change.",
    )  # fmt: skip
    watch.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    watch.add_argument(
        "--settle",
        type=_seconds,
        metavar="SECONDS",
        help="seconds without a change before a file is read (2)",
    )
    backup = library_command(
        commands, "backup", _run_backup, "write a library into one file, also while the app runs"
    )
    backup.add_argument("file", type=Path, metavar="FILE")
    restore = library_command(
        commands, "restore", _run_restore, "replace a library with a backup",
        "Without --library it is the library that the backup names.",
    )  # fmt: skip
    restore.add_argument("file", type=Path, metavar="FILE")

    forget = library_command(
        commands, "forget", _run_forget, "remove documents from everything that is kept",
        "Conversations, receipts, runs, ratings, sheets and small copies of pictures keep nothing"
        " of them either. Libraries that were deleted and can be brought back are left alone.",
    )  # fmt: skip
    forget.add_argument("documents", nargs="+", metavar="DOCUMENT")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds within a day")
    return seconds


def _run_watch(args: argparse.Namespace, settings: "Settings") -> int:
    """Until Ctrl-C, or a signal that ends it."""
    from assistant.libraries.uploads import check_apart
    from vectorstore.watch import SETTLE, Watching

    check_paths(args.paths)
    check_apart(settings, args.paths)

    def show(change: "Change") -> None:
        more = {"moved": f" (was {change.detail})", "failed": f": {change.detail}"}
        words = f"{change.outcome} {change.document}{more.get(change.outcome, '')}"
        print(json.dumps(asdict(change)) if args.json else words, flush=True)

    with opened(settings, make=True) as library:
        settle = SETTLE if args.settle is None else args.settle
        names = ", ".join(map(str, args.paths))
        print(f"{settings.library}: watching {names}; Ctrl-C ends it.", file=sys.stderr, flush=True)
        Watching(library, args.paths, show, notice, settle).run(threading.Event())
    return DONE


def _run_backup(args: argparse.Namespace, settings: "Settings") -> int:
    with opened(settings) as library:
        contents = library.maintenance.back_up(args.file.absolute())
    size = args.file.stat().st_size
    row = {"file": str(args.file), "bytes": size, **asdict(contents)}
    done(args, row, f"{args.file}: {_size(contents)}")
    for name in [] if args.json else contents.lost:
        hint(f"the copy of {name} is lost or damaged, and is not in the backup")
    return IN_PART if contents.lost else DONE


def _size(contents: "Contents") -> str:
    documents = counted(contents.documents, "document")
    return f"{documents}, {counted(contents.passages, 'passage')}"


def _run_restore(args: argparse.Namespace, settings: "Settings") -> int:
    """Restores into the library of the backup's name, unless another one is named."""
    from assistant.settings import Settings
    from assistant.wiring import composition
    from assistant.wiring.places import bucket, catalogue_server
    from vectorstore.errors import DamagedCatalog, LibraryError
    from vectorstore.maintenance.backup import read_contents
    from vectorstore.maintenance.rebuild import set_aside
    from vectorstore.opened import drop_catalog, drop_files

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


def _restored(settings: "Settings", backup: Path) -> "Contents":
    from assistant.storage.learned import lessons

    with opened(settings, make=True) as library:
        contents = library.maintenance.restore(backup.absolute())
        lessons(library.folder).reset()  # learned from the earlier contents
    return contents


def _run_forget(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.forget import forget_documents

    with opened(settings) as library:
        report = forget_documents(settings, library, args.documents)
    status = IN_PART if report.files or not report.index else DONE
    if args.json:
        print(json.dumps(asdict(report)))
        return status
    for number, what, did in (
        (report.documents, "document", "removed, with copies, pages, passages and words"),
        (report.pictures, "small picture", "deleted"),
        (report.turns, "turn", "of conversations without quotes now"),
        (report.receipts, "receipt", "deleted"),
        (report.run_rows, "answer", "of runs deleted"),
        (report.ratings, "rating", "deleted, own questions among them"),
        (report.cells, "cell", "of sheets deleted"),
    ):
        print(f"{counted(number, what)} {did}")
    print(
        "Later backups do not hold them. Left alone: the original files, backups made before, "
        "and files in made/ and attached/."
    )
    if not report.index:
        notice(
            "Another process, probably the app, owns the index, or its server is away. It keeps "
            "numbers made of the documents' text: close the app and run `pincite rebuild`."
        )
    notice(report.files)
    return status
