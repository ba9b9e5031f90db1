"""The command `pincite storage`: what the home takes on the disk, and its cleaning."""

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, IN_PART, JSON, add_parser, counted, hint, notice

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.storage.used_space import Used

# As in storage.used_space, which waits until the command runs.
_CLEANABLE = ("attached", "made", "orphans", "pictures", "deleted")


def add_parsers(commands: Any) -> None:
    """It is set as `run`: (arguments, settings) -> exit status."""
    made = add_parser(commands, "storage", "list what the home takes on the disk, and clean it")
    made.add_argument(
        "--clean", action="append", choices=_CLEANABLE, metavar="KIND",
        help="delete all files of a kind, and say what that has freed: attached (to questions) and"
        " made (by tools), also those that conversations show; orphans, which no conversation has;"
        " pictures, small copies that are made again; deleted, libraries that could be brought"
        " back; may be repeated",
    )  # fmt: skip
    made.add_argument("--json", action="store_true", help=JSON)
    made.set_defaults(run=_run)


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    return _clean(args, settings) if args.clean else _list(args, settings)


def _list(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.errors import AssistantError
    from assistant.libraries.cleaning import orphans
    from assistant.storage.used_space import used_space

    status, left = DONE, frozenset[Path]()
    try:
        left = orphans(settings)
    except AssistantError as error:  # the rest can be counted
        notice(f"Files that no conversation has are not told apart: {error}")
        status = IN_PART
    _tell(args, used_space(settings.home, left))
    if not args.json:
        hint(f"`pincite storage --clean KIND` cleans {', '.join(_CLEANABLE)}.")
    return status


def _clean(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.cleaning import clean_home
    from assistant.libraries.waiting import all_waiting

    _tell(args, [clean_home(settings, kind) for kind in dict.fromkeys(args.clean)], "freed ")
    if "deleted" in args.clean and (left := all_waiting(settings)):
        names = ", ".join(one.library for one in left)
        notice(f"Not all could be deleted: {names}. The lines above say why; try again later.")
        return IN_PART
    return DONE


def _tell(args: argparse.Namespace, found: "Iterable[Used]", begun: str = "") -> None:
    from assistant.i18n.numbers import size
    from assistant.libraries.cleaning import NAMES

    if args.json:
        print(json.dumps([asdict(used) for used in found]))
        return
    for used in found:
        if used.files or begun:
            taken = f"{begun}{size(used.bytes)} in {counted(used.files, 'file')}"
            print(f"{used.kind:12}  {taken if used.files else 'nothing'}: {NAMES[used.kind]}")
