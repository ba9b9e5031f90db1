"""The commands `pincite libraries ...`: all libraries, and what is done to one as a whole."""

import argparse
import json
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    adding,
    below,
    check_paths,
    command,
    count,
    counted,
    done,
    filter_of,
    hint,
    hit_line,
    library_command,
    notice,
    opened,
    progress,
    rows,
    with_filter,
)

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.storage.files import Used
    from vectorstore.add_report import AddSummary
    from vectorstore.library import Library


def add_libraries_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    says = "list, make, describe, rename and delete libraries"
    every = command(commands, "libraries", _list_libraries, says)
    inner = every.add_subparsers(metavar="COMMAND")
    below(inner, "list", _list_libraries, "list the libraries, and those that can be brought back")
    below(inner, "make", _make, "make an empty library", "name").add_argument(
        "--description", default="", metavar="TEXT", help="what is in it"
    )
    below(inner, "describe", _describe, "describe in one line what is in a library", "name", "text")
    below(
        inner, "rename", _rename, "give a library another name", "name", "new",
        more="Its conversations, receipts, sheets and shares stay with it. A token for the old name"
        " must be made again.",
    )  # fmt: skip
    below(
        inner, "delete", _delete, "delete a library; for a day it can be brought back", "name",
        more="It waits in <home>/deleted and keeps its name. A library that another program has"
        " open is not deleted.",
    )  # fmt: skip
    below(
        inner, "sample", _sample, "make the library `samples`, of a company that does not exist",
        more="It is for trying Pincite out.",
    )  # fmt: skip
    below(inner, "undo", _undo, "bring back a library that was deleted", "name")


def _list_libraries(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import deleted, listed

    found, gone = listed(settings), deleted(settings)
    if args.json:
        rows: list[dict[str, Any]] = [asdict(one) for one in found]
        print(json.dumps(rows))
        return DONE
    for one in found:
        size = f"{counted(one.documents, 'document')}, {counted(one.pages, 'page')}"
        print(f"{one.library}  ({size})" + (f": {one.description}" if one.description else ""))
    for old in gone:
        until = f"{old.until.astimezone():%Y-%m-%d %H:%M}"
        print(f"{old.library}  (deleted; until {until}: pincite libraries undo {old.library})")
    if not found and not gone:
        print("There is no library yet. `pincite add PATH` makes one.")
    return DONE


def _make(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import clear, make

    clear(settings)
    make(settings, args.name, args.description)
    return done(args, {"made": args.name}, f"{args.name} was made.")


def _describe(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import describe

    describe(settings, args.name, args.text)
    return done(args, {"described": args.name}, f"{args.name} is described.")


def _rename(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import clear, rename

    clear(settings)
    rename(settings, args.name, args.new)
    row = {"renamed": args.name, "name": args.new}
    return done(args, row, f"{args.name} is {args.new} now, with its conversations.")


def _delete(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import delete

    gone = delete(settings, args.name)
    row = {"deleted": args.name, "until": gone.until.isoformat(timespec="seconds")}
    undo = f"`pincite libraries undo {args.name}` brings it back for a day."
    return done(args, row, f"{args.name} was deleted. {undo}")


def _undo(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import latest, undo

    undo(settings, latest(settings, args.name))
    return done(args, {"back": args.name}, f"{args.name} is back.")


def _sample(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant import first_run
    from assistant.wiring import composition

    name = first_run.sample_library(settings)
    with composition.library(settings, name) as library, progress() as show:
        summary = library.add(first_run.sample_documents(), adding(show))
    there = summary.added + summary.updated + summary.unchanged
    row = {"made": name, "documents": there, "failed": [asdict(one) for one in summary.failed]}
    ask = f"`pincite ask --library {name} QUESTION` asks them."
    print(json.dumps(row) if args.json else f"{name}: {counted(there, 'document')}. {ask}")
    for failure in summary.failed:
        notice(f"not added: {failure.path}: {failure.error}")
    return IN_PART if summary.failed else DONE


# -- The commands that change a library and search it: add, remove, verify, rebuild, search


def add_library_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    add = library_command(
        commands, "add", _run_add, "add files, folders and archives to a library",
        "Adding them again changes nothing, and a changed file replaces its old version.",
    )  # fmt: skip
    add.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    remove = library_command(commands, "remove", _run_remove, "remove documents from a library")
    remove.add_argument("documents", nargs="+", metavar="DOCUMENT")
    library_command(
        commands, "verify", _run_verify, "compare files, catalogue and index, and repair the index"
    )
    library_command(
        commands, "rebuild", _run_rebuild, "build the index again from the catalogue",
        "It uses the current reader, chunker and embedding model.",
    )  # fmt: skip


def add_search_parser(commands: Any) -> None:
    """The command is set as `run`: (arguments, settings) -> exit status."""
    search = library_command(commands, "search", _run_search, "find pages, the best first")
    search.add_argument("query", nargs="?", help="what to look for")
    search.add_argument(
        "--batch",
        type=Path,
        metavar="FILE",
        help='look for the rows `{"id", "question"}` of JSON Lines, and print a row for each',
    )
    search.add_argument("--pictures", metavar="WORDS", help="find pictures by words")
    search.add_argument(
        "--image", type=Path, metavar="FILE", help="find pictures similar to this one"
    )
    search.add_argument("-k", type=count, default=8, metavar="N", help="how many pages (8)")
    with_filter(search)
    search.add_argument(
        "--hidden", action="store_true", help="also find text that readers do not see"
    )


def _run_add(args: argparse.Namespace, settings: "Settings") -> int:
    check_paths(args.paths)
    with opened(settings, make=True) as library, progress() as show:
        summary = library.add(args.paths, adding(show))
    if args.json:
        print(json.dumps(asdict(summary)))
    else:
        _print_summary(summary, settings.library)
    if not summary.failed:
        return DONE
    return IN_PART if summary.added + summary.updated + summary.unchanged else FAILED


def _print_summary(summary: "AddSummary", library: str) -> None:
    from ingest.document.source import readable

    for line in _remarks(summary):
        print(*map(readable, line.splitlines()), sep="\n", file=sys.stderr)
    rare = {"moved": summary.moved, "removed": summary.removed, "cancelled": summary.cancelled}
    more = "".join(f" {number} {what}," for what, number in rare.items() if number)
    print(
        f"{library}: {summary.added} added, {summary.updated} updated, "
        f"{summary.unchanged} unchanged,{more}"
        f" {len(summary.failed)} failed; {counted(summary.pages, 'page')},"
        f" {counted(summary.chunks, 'passage')} in {summary.seconds:.1f} s"
    )


def _remarks(summary: "AddSummary") -> Iterator[str]:
    """Remarks on single documents, and on what is none."""
    from vectorstore.add_report import kinds

    for failure in summary.failed:
        yield f"not added: {failure.path}\n           {failure.error}"
    for document in summary.incomplete:
        yield f"{document.document}: {document.status}"
    for one in summary.hidden:
        what = "of a generated picture" if one.generated else "that readers do not see"
        yield (
            f"{one.document}: {one.characters} characters {what}; only "
            "`pincite search --hidden` finds them"
        )
    for old in summary.superseded:
        yield f"{old.document}: {old.by} is a newer version and is preferred"
    for same in summary.kept_as:
        yield f"{same.name}: its bytes are in the library as {same.document}"
    if summary.unsupported:
        yield f"of kinds that cannot be read: {kinds(summary.unsupported)}"
    if summary.languages:
        yield summary.languages
    for name in summary.gone:
        yield f"{name}: its file is gone; `pincite remove` removes it from the library"


def _run_remove(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.conversation.suggestions import offered

    with opened(settings) as library:
        removed = library.remove(args.documents)
        offered(library)  # without the questions that were written from them
    return done(args, {"removed": removed}, f"{counted(removed, 'document')} removed")


def _run_verify(args: argparse.Namespace, settings: "Settings") -> int:
    with opened(settings) as library:
        health = library.maintenance.verify()
    if args.json:
        print(json.dumps(asdict(health)))
    else:
        print(
            f"{counted(health.documents, 'document')}, {counted(health.chunks, 'passage')};"
            f" index {health.chroma}"
        )
        for sentence in health.mended:
            print(f"repaired: {sentence}")
        for name in health.lost_files:
            print(f"the copy of {name} is lost or damaged: add the file again", file=sys.stderr)
        for page in health.unbalanced:
            print(f"{page}: not all of its characters are accounted for", file=sys.stderr)
    return IN_PART if health.lost_files or health.unbalanced else DONE


def _run_rebuild(args: argparse.Namespace, settings: "Settings") -> int:
    from vectorstore.maintenance.rebuild import failed_rebuilds

    with opened(settings) as library, progress() as show:
        chunks = library.maintenance.rebuild(adding(show))
        failed = failed_rebuilds(library.documents())
    more = {"failed": [asdict(document) for document in failed]} if failed else {}
    done(args, {"chunks": chunks, **more}, f"{counted(chunks, 'passage')} indexed again")
    for document in [] if args.json else failed:
        notice(f"{document.document}: {document.status}")
    return IN_PART if failed else DONE


def _run_search(args: argparse.Namespace, settings: "Settings") -> int:
    given = [args.query, args.batch, args.pictures, args.image]
    if sum(value is not None for value in given) != 1:
        args.misused("give a QUERY, --batch FILE, --pictures WORDS or --image FILE")
    if args.pictures is not None or args.image:
        from assistant.cli import tool_commands

        return tool_commands.search_images(args, settings)
    from assistant.contract.asked_in import chosen
    from assistant.libraries.libraries import hit_row

    with opened(settings) as library:
        notice(library.embedders.notice())
        names = chosen(library, filter_of(args))
        if args.batch:
            for row in rows(args.batch):
                print(json.dumps(_search_row(library, row, args, names)), flush=True)
            return DONE
        found = library.search(args.query, args.k, names, hidden=args.hidden)
        hits = [(hit, hit_row(library, hit)) for hit in found]
    lines = [
        hit_line(number, hit.document, hit.page, row.get("seconds"), hit.score, hit.text,
                 hit.chunk.hidden)
        for number, (hit, row) in enumerate(hits, start=1)
    ]  # fmt: skip
    return done(args, [row for _, row in hits], "\n".join(lines) or "Nothing found.")


def _search_row(
    library: "Library", row: dict[str, Any], args: argparse.Namespace,
    names: Collection[str] | None,
) -> dict[str, Any]:  # fmt: skip
    from assistant.libraries.libraries import hit_row

    started = time.perf_counter()
    hits = library.search(row["question"], args.k, names, hidden=args.hidden)
    seconds = round(time.perf_counter() - started, 4)
    return {
        "id": row.get("id"),
        "hits": [hit_row(library, hit) for hit in hits],
        "seconds": seconds,
    }


# -- The command `pincite storage`: what the home takes on the disk, and its cleaning

# As in storage.used_space, which waits until the command runs.
_CLEANABLE = ("attached", "made", "orphans", "pictures", "deleted")


def add_storage_parsers(commands: Any) -> None:
    """It is set as `run`: (arguments, settings) -> exit status."""
    says = "list what the home takes up on the disk, and clean it"
    made = command(commands, "storage", _run_storage, says)
    made.add_argument(
        "--clean", action="append", choices=_CLEANABLE, metavar="KIND",
        help="delete all files of a kind, and say what that has freed: attached (to questions) and"
        " made (by tools), also those that conversations show; orphans, which no conversation has;"
        " pictures, small copies that are made again; deleted, libraries that could be brought"
        " back; may be repeated",
    )  # fmt: skip


def _run_storage(args: argparse.Namespace, settings: "Settings") -> int:
    if args.clean:
        return _clean(args, settings)
    from assistant.errors import AssistantError
    from assistant.libraries.libraries import orphaned_files
    from assistant.storage.files import used_space

    status, left = DONE, frozenset[Path]()
    try:
        left = orphaned_files(settings)
    except AssistantError as error:  # the rest can be counted
        notice(f"Files that no conversation has are not told apart: {error}")
        status = IN_PART
    _tell(args, used_space(settings.home, left))
    if not args.json:
        hint(f"`pincite storage --clean KIND` cleans {', '.join(_CLEANABLE)}.")
    return status


def _clean(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.libraries import all_waiting, clean_home

    _tell(args, [clean_home(settings, kind) for kind in dict.fromkeys(args.clean)], "freed ")
    if "deleted" in args.clean and (left := all_waiting(settings)):
        names = ", ".join(one.library for one in left)
        notice(f"Not all could be deleted: {names}. The lines above say why; try again later.")
        return IN_PART
    return DONE


def _tell(args: argparse.Namespace, found: "Iterable[Used]", begun: str = "") -> None:
    from assistant.i18n.translation import size
    from assistant.libraries.libraries import NAMES

    if args.json:
        print(json.dumps([asdict(used) for used in found]))
        return
    for used in found:
        if used.files or begun:
            taken = f"{begun}{size(used.bytes)} in {counted(used.files, 'file')}"
            print(f"{used.kind:12}  {taken if used.files else 'nothing'}: {NAMES[used.kind]}")
