"""The command `pincite migrate-home`: a home goes to PostgreSQL, or its files to a bucket, and they
come back."""

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, IN_PART, JSON, add_parser, counted, notice

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.storage.moving import MovedRows
    from vectorstore.maintenance.engines import Moved
    from vectorstore.maintenance.file_places import MovedFiles

_AFTER = {
    "sqlite": "Take the setting `catalogue` away now: libraries open where it says.",
    "folder": "Take the setting `files` away now: libraries open where it says.",
}

_TAKES = (
    "People and conversations would leave PostgreSQL for this home alone, and every other app"
    " server that shares them would refuse all visitors: end those, and add `--for-all-servers`."
)

_WITHOUT = {  # what another home has
    "(accounts)": "another home has them; this one has no people then: it asks nobody who they are,"
    " and every library is everybody's."
}


def add_parsers(commands: Any) -> None:
    """It is set as `run`: (arguments, settings) -> exit status."""
    made = add_parser(
        commands, "migrate-home", "move a home to PostgreSQL or its files to a bucket, or back",
        "`postgresql` and `sqlite` move people, conversations, receipts and the catalogues of all"
        " libraries; `s3` and `folder` move their files. Settings say where to: docs/deploy.md.",
    )  # fmt: skip
    places = ("postgresql", "sqlite", "s3", "folder")
    made.add_argument("to", choices=places, metavar="|".join(places))
    made.add_argument("--json", action="store_true", help=JSON)
    made.add_argument(
        "--for-all-servers", action="store_true",
        help="with sqlite: people and conversations leave every server that shares them",
    )  # fmt: skip
    made.set_defaults(run=_run)


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.errors import AssistantError
    from assistant.libraries import moving_home

    if args.to == "sqlite" and not args.for_all_servers and moving_home.shares(settings):
        raise AssistantError(_TAKES)
    move = moving_home.move_files if args.to in ("s3", "folder") else moving_home.move_home
    rows, damaged = [], 0
    for name, moved in move(settings, args.to):
        what = {"part": name[1:-1]} if name.startswith("(") else {"library": name}
        rows.append({**what, "moved": asdict(moved) if moved else None})
        if not args.json:
            print(f"{name}: {_told(name, moved) if moved else 'it is there already.'}")
        for copy in getattr(moved, "damaged", ()):
            damaged += 1
            notice(f"{name}: the copy {copy[:12]} was damaged, and stays behind.")
    if args.json:
        print(json.dumps(rows))
    elif not rows:
        print("There is nothing to move yet.")
    elif args.to in _AFTER:
        print(_AFTER[args.to])
    return IN_PART if damaged else DONE


def _told(name: str, moved: "Moved | MovedRows | MovedFiles") -> str:
    from assistant.storage.moving import MovedRows
    from vectorstore.maintenance.engines import Moved

    if isinstance(moved, Moved):
        return (
            f"{counted(moved.documents, 'document')}, {counted(moved.passages, 'passage')};"
            f" {moved.rows:,} rows were copied and compared."
        )
    if isinstance(moved, MovedRows) and not moved.tables:
        return _WITHOUT.get(name, "another home has them; this one begins without.")
    if isinstance(moved, MovedRows):
        rows = f"{moved.rows:,} row{'s' if moved.rows != 1 else ''}"
        return f"{rows} of {len(moved.tables)} tables were copied and compared."
    size = f"{moved.bytes / 1e6:,.1f} MB"
    return f"{counted(moved.files, 'file')}, {size}; all were copied, read back and compared."
