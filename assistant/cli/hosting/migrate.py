"""The command `pincite migrate-home`: the catalogues of a home go to PostgreSQL or its files to a
bucket, or they come back."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, IN_PART, counted, notice

if TYPE_CHECKING:
    from assistant.settings import Settings
    from vectorstore.maintenance.engines import Moved
    from vectorstore.maintenance.file_places import MovedFiles

_AFTER = {
    "sqlite": "Take the setting `catalogue` away now: libraries open where it says.",
    "folder": "Take the setting `files` away now: libraries open where it says.",
}


def add_parsers(commands: Any) -> None:
    """It is set as `run`: (arguments, settings) -> exit status."""
    made = commands.add_parser(
        "migrate-home",
        help="move the catalogues of all libraries to PostgreSQL or back to SQLite, or their files"
        " to a bucket or back to folders",
    )
    places = ("postgresql", "sqlite", "s3", "folder")
    made.add_argument("to", choices=places, metavar="|".join(places))
    made.add_argument("--json", action="store_true", help="print one JSON document")
    made.set_defaults(run=_run)


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries import moving_home

    move = moving_home.move_files if args.to in ("s3", "folder") else moving_home.move_home
    rows, damaged = [], 0
    for name, moved in move(settings, args.to):
        rows.append({"library": name, "moved": asdict(moved) if moved else None})
        if not args.json:
            print(f"{name}: {_told(moved) if moved else 'it is there already.'}")
        for copy in getattr(moved, "damaged", ()):
            damaged += 1
            notice(f"{name}: the copy {copy[:12]} was damaged, and stays behind.")
    if args.json:
        print(json.dumps(rows))
    elif not rows:
        print("There is no library yet.")
    elif args.to in _AFTER:
        print(_AFTER[args.to])
    return IN_PART if damaged else DONE


def _told(moved: "Moved | MovedFiles") -> str:
    from vectorstore.maintenance.engines import Moved

    if isinstance(moved, Moved):
        return (
            f"{counted(moved.documents, 'document')}, {counted(moved.passages, 'passage')};"
            f" {moved.rows:,} rows were copied and compared."
        )
    size = f"{moved.bytes / 1e6:,.1f} MB"
    return f"{counted(moved.files, 'file')}, {size}; all were copied, read back and compared."
