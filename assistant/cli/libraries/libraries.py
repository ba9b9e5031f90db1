"""The commands `pincite libraries ...`: all libraries, and what is done to one as a whole."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, IN_PART, JSON, add_parser, below, counted, notice

if TYPE_CHECKING:
    from assistant.settings import Settings


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    every = add_parser(commands, "libraries", "list, make, describe, rename, delete libraries")
    every.add_argument("--json", action="store_true", help=JSON)
    every.set_defaults(run=_list)
    inner = every.add_subparsers(metavar="COMMAND")
    below(inner, "list", _list, "list the libraries, and those that can be brought back")
    below(inner, "make", _make, "make an empty library", "name").add_argument(
        "--description", default="", metavar="TEXT", help="what is in it"
    )
    below(inner, "describe", _describe, "say in a line what is in a library", "name", "text")
    below(
        inner, "rename", _rename, "give a library another name", "name", "new",
        more="Its conversations, receipts, sheets and shares stay with it. A token for the old name"
        " has to be made anew.",
    )  # fmt: skip
    below(
        inner, "delete", _delete, "delete a library; for a day it can be brought back", "name",
        more="It waits in <home>/deleted and keeps its name. A library that another program has"
        " open is not deleted.",
    )  # fmt: skip
    below(
        inner, "sample", _sample, "make the library `samples`, of a company that does not exist",
        more="It is there to try Pincite on.",
    )  # fmt: skip
    below(inner, "undo", _undo, "bring back a library that was deleted", "name")


def _list(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.named import listed
    from assistant.libraries.waiting import deleted

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
    from assistant.libraries.named import make
    from assistant.libraries.waiting import clear

    clear(settings)
    make(settings, args.name, args.description)
    return _done(args, {"made": args.name}, f"{args.name} was made.")


def _describe(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.named import describe

    describe(settings, args.name, args.text)
    return _done(args, {"described": args.name}, f"{args.name} is described.")


def _rename(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.named import rename
    from assistant.libraries.waiting import clear

    clear(settings)
    rename(settings, args.name, args.new)
    row = {"renamed": args.name, "name": args.new}
    return _done(args, row, f"{args.name} is {args.new} now, with its conversations.")


def _delete(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.deleted import delete

    gone = delete(settings, args.name)
    row = {"deleted": args.name, "until": gone.until.isoformat(timespec="seconds")}
    undo = f"`pincite libraries undo {args.name}` brings it back for a day."
    return _done(args, row, f"{args.name} was deleted. {undo}")


def _undo(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.deleted import latest, undo

    undo(settings, latest(settings, args.name))
    return _done(args, {"back": args.name}, f"{args.name} is back.")


def _sample(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.build import composition
    from assistant.cli import progress_bars
    from assistant.first_run import sample_company

    name = sample_company.library(settings)
    with composition.library(settings, name) as library, progress_bars.adding() as progress:
        summary = library.add(sample_company.documents(), progress)
    there = summary.added + summary.updated + summary.unchanged
    row = {"made": name, "documents": there, "failed": [asdict(one) for one in summary.failed]}
    ask = f"`pincite ask --library {name} QUESTION` asks them."
    print(json.dumps(row) if args.json else f"{name}: {counted(there, 'document')}. {ask}")
    for failure in summary.failed:
        notice(f"not added: {failure.path}: {failure.error}")
    return IN_PART if summary.failed else DONE


def _done(args: argparse.Namespace, row: dict[str, str], words: str) -> int:
    print(json.dumps(row) if args.json else words)
    return DONE
