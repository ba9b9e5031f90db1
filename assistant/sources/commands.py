"""The commands `pincite sources ...`: mailboxes and WebDAV folders that a library follows."""

import argparse
import json
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    below,
    command,
    count,
    counted,
    done,
    hint,
    notice,
    opened,
)

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.sources.fetching import Fetched
    from assistant.sources.source_list import Source
    from vectorstore.add_report import AddSummary


Run = Callable[[argparse.Namespace, "Settings"], int]

_NONE = "There are no sources. `pincite sources add ADDRESS` adds one."


def add_source_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    every = command(
        commands, "sources", _list, "list, add, remove and fetch mailboxes and WebDAV folders",
        "A library follows them: docs/sources.md.",
    )  # fmt: skip
    every.add_argument("--library", metavar="NAME", help="only those of this library")
    inner = every.add_subparsers(metavar="COMMAND")
    _add(inner, "list", _list, "list the sources, and the results of fetching them")
    new = _add(inner, "add", _new, "add a mailbox or a folder to a library", "address")
    new.add_argument(
        "--name", default="",
        help="its name, here and in the variable of its password (made from the address)",
    )  # fmt: skip
    new.add_argument(
        "--mirror", action="store_true", help="remove documents that are gone from the server"
    )
    _add(inner, "remove", _remove, "stop fetching a source; its documents stay", "name")
    other = _add(inner, "set", _set, "change how the app fetches a source by itself", "name")
    for one in (new, other):
        one.add_argument(
            "--every", type=count, metavar="MINUTES", help="how often the app fetches it (15)"
        )
    either = other.add_mutually_exclusive_group()
    either.add_argument("--pause", action="store_true", help="fetch it only when it is named")
    either.add_argument("--resume", action="store_true", help="fetch it again")
    run = _add(
        inner, "run", _run, "fetch what is new, and add it",
        more="With --every, --json prints a line of JSON each time.",
    )  # fmt: skip
    run.add_argument("names", nargs="*", metavar="NAME", help="which ones (all but paused ones)")
    run.add_argument("--every", type=count, metavar="MINUTES", help="again and again, until Ctrl-C")


def _add(
    inner: Any, name: str, run: Run, help: str, *arguments: str, more: str = ""
) -> argparse.ArgumentParser:
    made = below(inner, name, run, help, *arguments, more=more)
    made.add_argument(
        "--library", metavar="NAME", default=argparse.SUPPRESS, help="which library (main)"
    )
    return made


def _list(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.sources.source_list import listed

    found = listed(settings, args.library)
    if args.json:
        print(json.dumps([asdict(source) for source in found]))
        return DONE
    for source in found:
        last = f"fetched {source.fetched}" if source.fetched else "not fetched yet"
        state = ", paused" if source.paused else ""
        print(f"{source.name}  ({source.library}): {source.address}, {last}{state}")
        if source.error:
            print(f"    {source.error}")
    if not found:
        print(_NONE)
    return DONE


def _new(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.sources import source_list
    from assistant.sources.address import parsed
    from assistant.sources.source_list import has_password, variable

    address = parsed(args.address)  # before a library is made for it
    with opened(settings, make=True) as library:
        every = args.every or source_list.EVERY
        made = source_list.new(settings, library.name, args.address, args.name, args.mirror, every)
        source = source_list.add(settings, made)
    fetch = f"{source.name}  ({source.library}): `pincite sources run` fetches it"
    done(args, asdict(source), fetch)
    if not has_password(source):
        hint(
            f"Its password: keyring set pincite {address.place}, or {variable(source.name)} in the"
            " environment."
        )
    return DONE


def _remove(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.sources import source_list

    source = source_list.find(settings, args.name, args.library)
    source_list.remove(settings, source)
    row = {"removed": source.name, "library": source.library}
    return done(args, row, f"{source.name} is removed; its documents stay in {source.library}")


def _set(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.sources import source_list

    source = source_list.find(settings, args.name, args.library)
    paused = True if args.pause else False if args.resume else None
    if args.every is None and paused is None:
        args.misused("give --every, --pause or --resume")
    source_list.change(settings, source, args.every, paused)
    now = source_list.find(settings, args.name)
    every = f"is fetched every {counted(now.every, 'minute')} while the app runs"
    return done(args, asdict(now), f"{now.name} {'is paused' if now.paused else every}")


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    while True:
        status = _once(args, settings)
        if not args.every:
            return status
        sys.stdout.flush()
        threading.Event().wait(args.every * 60)


def _once(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.sources.source_list import find, listed

    named = [find(settings, name, args.library) for name in args.names]
    chosen = named or [one for one in listed(settings, args.library) if not one.paused]
    rows = [_one(args, settings, source, bool(named)) for source in chosen]
    if args.json:
        print(json.dumps(rows))
    elif not rows and listed(settings, args.library):
        print("All sources are paused. `pincite sources set NAME --resume` goes on.")
    elif not rows:
        print(_NONE)
    failed = [row for row in rows if row["error"]]
    if rows and len(failed) == len(rows):
        return FAILED
    return IN_PART if failed or any(row["left_out"] or row["failed"] for row in rows) else DONE


def _one(
    args: argparse.Namespace, settings: "Settings", source: "Source", is_named: bool
) -> dict[str, Any]:
    """One that fails does not stop the others. After a refusal it is not asked again unless it is
    named: servers lock accounts after a few tries."""
    from assistant.sources.address import Refused
    from assistant.sources.fetching import Fetched, bring
    from assistant.wiring import composition
    from ingest.errors import PinciteError

    fetched, summary, error = Fetched(), None, ""
    try:
        if source.refused and not is_named:
            raise Refused(
                f"{source.name}: The server refused the user or the password, and is not asked"
                f" again: `pincite sources run {source.name}` tries once more."
            )
        with composition.library(settings, source.library) as library:
            fetched, summary = bring(settings, library, source, library.add)
        if not args.json:
            _tell(source, fetched, summary)
    except PinciteError as failed:
        error = str(failed)
        notice(error)
    return {
        "source": source.name, "library": source.library, "new": fetched.new,
        "known": fetched.known, "gone": len(fetched.gone), "left_out": fetched.left_out,
        "reasons": fetched.reasons, "added": summary.added if summary else 0,
        "updated": summary.updated if summary else 0,
        "failed": [asdict(failure) for failure in summary.failed] if summary else [],
        "error": error,
    }  # fmt: skip


def _tell(source: "Source", fetched: "Fetched", summary: "AddSummary | None") -> None:
    print(f"{source.name}: {fetched.new} new, {fetched.known} known, {len(fetched.gone)} gone")
    for reason in fetched.reasons:
        notice(f"{source.name}: {reason}")
    if fetched.left_out > len(fetched.reasons):
        notice(f"{source.name}: {fetched.left_out} are left out in all.")
    for failure in summary.failed if summary else ():
        notice(f"{Path(failure.path).name}: {failure.error}")
    if summary and summary.added:
        print(f"{source.library}: {counted(summary.added, 'document')} added")
