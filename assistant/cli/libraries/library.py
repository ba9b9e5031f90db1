"""The commands that change a library and search it: add, remove, verify, rebuild, search."""

import argparse
import json
import sys
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli import progress_bars
from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    check_paths,
    command,
    count,
    counted,
    filter_of,
    notice,
    opened,
    rows,
    with_filter,
)

if TYPE_CHECKING:
    from assistant.settings import Settings
    from vectorstore.indexing.pipeline import AddSummary
    from vectorstore.library import Hit, Library

_SHOWN = 240  # characters of a hit that are printed


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    add = command(
        commands, "add", _run_add, "add files, folders and archives to a library",
        "Adding them again changes nothing, and a changed file replaces its old version.",
    )  # fmt: skip
    add.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    remove = command(commands, "remove", _run_remove, "remove documents from a library")
    remove.add_argument("documents", nargs="+", metavar="DOCUMENT")
    command(
        commands, "verify", _run_verify, "compare files, catalogue and index, and repair the index"
    )
    command(
        commands, "rebuild", _run_rebuild, "build the index again from the catalogue",
        "It takes the current reader, chunker and embedding model.",
    )  # fmt: skip
    search = command(commands, "search", _run_search, "find pages, the best first")
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
    with opened(settings, make=True) as library, progress_bars.adding() as progress:
        summary = library.add(args.paths, progress)
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
    with opened(settings) as library:
        removed = library.remove(args.documents)
    told = f"{counted(removed, 'document')} removed"
    print(json.dumps({"removed": removed}) if args.json else told)
    return DONE


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
    from vectorstore.maintenance.migration import failed_rebuilds

    with opened(settings) as library, progress_bars.adding() as progress:
        chunks = library.maintenance.rebuild(progress)
        failed = failed_rebuilds(library.documents())
    if args.json:
        more = {"failed": [asdict(document) for document in failed]} if failed else {}
        print(json.dumps({"chunks": chunks, **more}))
        return IN_PART if failed else DONE
    print(f"{counted(chunks, 'passage')} indexed again")
    for document in failed:
        notice(f"{document.document}: {document.status}")
    return IN_PART if failed else DONE


def _run_search(args: argparse.Namespace, settings: "Settings") -> int:
    given = [args.query, args.batch, args.pictures, args.image]
    if sum(value is not None for value in given) != 1:
        args.misused("give a QUERY, --batch FILE, --pictures WORDS or --image FILE")
    if args.pictures is not None or args.image:
        from assistant.cli.tools import image_search

        return image_search.run(args, settings)
    from assistant.api.rows import hit_row
    from assistant.contract.asked_in import chosen

    with opened(settings) as library:
        notice(library.maintenance.rebuild_notice())
        names = chosen(library, filter_of(args))
        if args.batch:
            for row in rows(args.batch):
                print(json.dumps(_search_row(library, row, args, names)), flush=True)
            return DONE
        found = library.search(args.query, args.k, names, hidden=args.hidden)
        hits = [(hit, hit_row(library, hit)) for hit in found]
    if args.json:
        print(json.dumps([row for _, row in hits]))
    else:
        _print_hits(hits)
    return DONE


def _search_row(
    library: "Library", row: dict[str, Any], args: argparse.Namespace,
    names: Collection[str] | None,
) -> dict[str, Any]:  # fmt: skip
    from assistant.api.rows import hit_row

    started = time.perf_counter()
    hits = library.search(row["question"], args.k, names, hidden=args.hidden)
    seconds = round(time.perf_counter() - started, 4)
    return {
        "id": row.get("id"),
        "hits": [hit_row(library, hit) for hit in hits],
        "seconds": seconds,
    }


def _print_hits(hits: "list[tuple[Hit, dict[str, Any]]]") -> None:
    from assistant.contract.outcome import place

    if not hits:
        print("Nothing found.")
    for number, (hit, row) in enumerate(hits, start=1):
        text = " ".join(hit.text.split())
        short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        flag = "  HIDDEN from readers" if hit.chunk.hidden else ""
        where = place(hit.page, row.get("seconds"))
        print(f"{number}. {hit.document}, {where}  ({hit.score:.2f}){flag}\n   {short}\n")
