"""Runs the commands about libraries: list and change them, add, search, rebuild, clean."""

import argparse
import json
import sys
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant import attachments, first_run
from assistant.cli.declared import CLEANABLE
from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    adding,
    check_paths,
    counted,
    done,
    filter_of,
    hint,
    notice,
    opened,
    progress,
)
from assistant.contract.asked_in import chosen
from assistant.contract.facts import place
from assistant.conversation.suggestions import offered
from assistant.errors import AssistantError
from assistant.evaluation.metrics import asked_rows
from assistant.i18n.translation import size
from assistant.images.vision import first
from assistant.libraries import libraries as whole
from assistant.settings import Settings
from assistant.storage.files import Used, used_space
from assistant.wiring import composition
from ingest.document.source import readable
from vectorstore.add_report import AddSummary, kinds
from vectorstore.images import PictureHit
from vectorstore.library import Library
from vectorstore.maintenance.rebuild import failed_rebuilds

_LOOKS = "looking for documents"


def _list(args: argparse.Namespace, settings: Settings) -> int:
    found, lines = whole.listed(settings), []
    for one in found:
        size = f"{counted(one.documents, 'document')}, {counted(one.pages, 'page')}"
        lines += [f"{one.library}  ({size})" + (f": {one.description}" if one.description else "")]
    for old in whole.deleted(settings):
        until = f"{old.until.astimezone():%Y-%m-%d %H:%M}"
        lines += [f"{old.library}  (deleted; until {until}: pincite libraries undo {old.library})"]
    none = "There is no library yet. `pincite add PATH` makes one."
    return done(args, [asdict(one) for one in found], "\n".join(lines) or none)


def _make(args: argparse.Namespace, settings: Settings) -> int:
    whole.clear(settings)
    whole.make(settings, args.name, args.description)
    return done(args, {"made": args.name}, f"{args.name} was made.")


def _describe(args: argparse.Namespace, settings: Settings) -> int:
    whole.describe(settings, args.name, args.text)
    return done(args, {"described": args.name}, f"{args.name} is described.")


def _rename(args: argparse.Namespace, settings: Settings) -> int:
    whole.clear(settings)
    whole.rename(settings, args.name, args.new)
    row = {"renamed": args.name, "name": args.new}
    return done(args, row, f"{args.name} is {args.new} now, with its conversations.")


def _delete(args: argparse.Namespace, settings: Settings) -> int:
    gone = whole.delete(settings, args.name)
    row = {"deleted": args.name, "until": gone.until.isoformat(timespec="seconds")}
    undo = f"`pincite libraries undo {args.name}` brings it back for a day."
    return done(args, row, f"{args.name} was deleted. {undo}")


def _undo(args: argparse.Namespace, settings: Settings) -> int:
    whole.undo(settings, whole.latest(settings, args.name))
    return done(args, {"back": args.name}, f"{args.name} is back.")


def _sample(args: argparse.Namespace, settings: Settings) -> int:
    name = first_run.sample_library(settings)
    with composition.library(settings, name) as library, progress(_LOOKS) as show:
        summary = library.add(first_run.sample_documents(), adding(show))
    there = summary.added + summary.updated + summary.unchanged
    row = {"made": name, "documents": there, "failed": [asdict(one) for one in summary.failed]}
    ask = f"`pincite ask --library {name} QUESTION` asks them."
    done(args, row, f"{name}: {counted(there, 'document')}. {ask}")
    for failure in summary.failed:
        notice(f"not added: {failure.path}: {failure.error}")
    return IN_PART if summary.failed else DONE


def _add(args: argparse.Namespace, settings: Settings) -> int:
    check_paths(args.paths)
    with opened(settings, make=True) as library, progress(_LOOKS) as show:
        summary = library.add(args.paths, adding(show))
    if not args.json:
        for line in _remarks(summary):
            print(*map(readable, line.splitlines()), sep="\n", file=sys.stderr)
    done(args, asdict(summary), f"{settings.library}: {_in_words(summary)}")
    if not summary.failed:
        return DONE
    return IN_PART if summary.added + summary.updated + summary.unchanged else FAILED


def _in_words(summary: AddSummary) -> str:
    rare = {"moved": summary.moved, "removed": summary.removed, "cancelled": summary.cancelled}
    more = "".join(f" {number} {what}," for what, number in rare.items() if number)
    return (
        f"{summary.added} added, {summary.updated} updated, {summary.unchanged} unchanged,{more}"
        f" {len(summary.failed)} failed; {counted(summary.pages, 'page')},"
        f" {counted(summary.chunks, 'passage')} in {summary.seconds:.1f} s"
    )


def _remarks(summary: AddSummary) -> Iterator[str]:
    """Remarks on single documents, and on what is none."""
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


def _remove(args: argparse.Namespace, settings: Settings) -> int:
    with opened(settings) as library:
        removed = library.remove(args.documents)
        offered(library)  # without the questions that were written from them
    return done(args, {"removed": removed}, f"{counted(removed, 'document')} removed")


def _verify(args: argparse.Namespace, settings: Settings) -> int:
    with opened(settings) as library:
        health = library.maintenance.verify()
    size = f"{counted(health.documents, 'document')}, {counted(health.chunks, 'passage')}"
    lines = [f"{size}; index {health.chroma}", *(f"repaired: {one}" for one in health.mended)]
    done(args, asdict(health), "\n".join(lines))
    for name in [] if args.json else health.lost_files:
        hint(f"the copy of {name} is lost or damaged: add the file again")
    for page in [] if args.json else health.unbalanced:
        hint(f"{page}: not all of its characters are accounted for")
    return IN_PART if health.lost_files or health.unbalanced else DONE


def _rebuild(args: argparse.Namespace, settings: Settings) -> int:
    with opened(settings) as library, progress() as show:
        chunks = library.maintenance.rebuild(adding(show))
        failed = failed_rebuilds(library.documents())
    more = {"failed": [asdict(document) for document in failed]} if failed else {}
    done(args, {"chunks": chunks, **more}, f"{counted(chunks, 'passage')} indexed again")
    for document in [] if args.json else failed:
        notice(f"{document.document}: {document.status}")
    return IN_PART if failed else DONE


def _search(args: argparse.Namespace, settings: Settings) -> int:
    given = [args.query, args.batch, args.pictures, args.image]
    if sum(value is not None for value in given) != 1:
        args.misused("give a QUERY, --batch FILE, --pictures WORDS or --image FILE")
    if args.pictures is not None or args.image:
        return _search_pictures(args, settings)
    with opened(settings) as library:
        notice(library.embedders.notice())
        names = chosen(library, filter_of(args))
        if args.batch:
            for row in asked_rows(args.batch):
                print(json.dumps(_search_row(library, row, args, names)), flush=True)
            return DONE
        found = library.search(args.query, args.k, names, hidden=args.hidden)
        hits = [(hit, whole.hit_row(library, hit)) for hit in found]
    lines = [
        _hit_line(number, hit.document, hit.page, row.get("seconds"), hit.score, hit.text,
                 hit.chunk.hidden)
        for number, (hit, row) in enumerate(hits, start=1)
    ]  # fmt: skip
    return done(args, [row for _, row in hits], "\n".join(lines) or "Nothing found.")


def _search_row(
    library: Library, row: dict[str, Any], args: argparse.Namespace,
    names: Collection[str] | None,
) -> dict[str, Any]:  # fmt: skip
    started = time.perf_counter()
    hits = library.search(row["question"], args.k, names, hidden=args.hidden)
    seconds = round(time.perf_counter() - started, 4)
    return {
        "id": row.get("id"),
        "hits": [whole.hit_row(library, hit) for hit in hits],
        "seconds": seconds,
    }


def _search_pictures(args: argparse.Namespace, settings: Settings) -> int:
    wanted = first(attachments.checked_file(args.image)) if args.image else None
    begins = "looking at pictures"
    with opened(settings) as library, progress(begins, lines=False) as show:
        if wanted is not None:
            hits = library.pictures.similar(wanted, args.k, show)
        else:
            hits = library.pictures.named(args.pictures, args.k, show)
    lines = (
        _hit_line(number, hit.document, hit.page, hit.seconds, hit.score, hit.words)
        for number, hit in enumerate(hits, start=1)
    )
    return done(args, [_picture_row(hit) for hit in hits], "\n".join(lines) or "Nothing found.")


def _picture_row(hit: PictureHit) -> dict[str, Any]:
    box = [round(side, 2) for side in hit.box]
    row = {"document": hit.document, "page": hit.page, "box": box, "score": hit.score}
    more = {"text": hit.words, "seconds": hit.seconds}
    return row | {name: value for name, value in more.items() if value not in ("", None)}


_SHOWN = 240  # characters of a hit that are printed


def _hit_line(
    number: int, document: str, page: int, seconds: float | None, score: float, text: str,
    hidden: object = False,
) -> str:  # fmt: skip
    """A hit of a search for people: where it is, and the beginning of its text."""
    plain = " ".join(text.split())
    short = plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
    flag = "  HIDDEN from readers" if hidden else ""
    head = f"{number}. {document}, {place(page, seconds)}  ({score:.2f}){flag}"
    return f"{head}\n   {short}\n" if short else f"{head}\n"


def _storage(args: argparse.Namespace, settings: Settings) -> int:
    if args.clean:
        return _clean(args, settings)
    status, left = DONE, frozenset[Path]()
    try:
        left = whole.orphaned_files(settings)
    except AssistantError as error:  # the rest can be counted
        notice(f"Files that no conversation has are not told apart: {error}")
        status = IN_PART
    _tell(args, used_space(settings.home, left))
    if not args.json:
        hint(f"`pincite storage --clean KIND` cleans {', '.join(CLEANABLE)}.")
    return status


def _clean(args: argparse.Namespace, settings: Settings) -> int:
    _tell(args, [whole.clean_home(settings, kind) for kind in dict.fromkeys(args.clean)], "freed ")
    if "deleted" in args.clean and (left := whole.all_waiting(settings)):
        names = ", ".join(one.library for one in left)
        notice(f"Not all could be deleted: {names}. The lines above say why; try again later.")
        return IN_PART
    return DONE


def _tell(args: argparse.Namespace, found: Iterable[Used], begun: str = "") -> None:
    if args.json:
        print(json.dumps([asdict(used) for used in found]))
        return
    for used in found:
        if used.files or begun:
            taken = f"{begun}{size(used.bytes)} in {counted(used.files, 'file')}"
            print(f"{used.kind:12}  {taken if used.files else 'nothing'}: {whole.NAMES[used.kind]}")
