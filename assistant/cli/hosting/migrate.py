"""The command `pincite migrate-home`: the catalogues of a home go to PostgreSQL, or come back."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, counted

if TYPE_CHECKING:
    from assistant.settings import Settings


def add_parsers(commands: Any) -> None:
    """It is set as `run`: (arguments, settings) -> exit status."""
    made = commands.add_parser(
        "migrate-home", help="move the catalogues of all libraries to PostgreSQL, or back to SQLite"
    )
    made.add_argument("to", choices=("postgresql", "sqlite"), metavar="postgresql|sqlite")
    made.add_argument("--json", action="store_true", help="print one JSON document")
    made.set_defaults(run=_run)


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.libraries.moving_home import move_home

    rows = []
    for name, moved in move_home(settings, args.to):
        rows.append({"library": name, "moved": asdict(moved) if moved else None})
        if args.json:
            continue
        if moved is None:
            print(f"{name}: it is there already.")
            continue
        print(
            f"{name}: {counted(moved.documents, 'document')},"
            f" {counted(moved.passages, 'passage')}; {moved.rows:,} rows were copied and compared."
        )
    if args.json:
        print(json.dumps(rows))
        return DONE
    if not rows:
        print("There is no library yet.")
    elif args.to == "sqlite":
        print("Take the setting `catalogue` away now: libraries open where it says.")
    return DONE
