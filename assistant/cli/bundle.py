"""The command `pincite bundle`: an installation for machines without a package registry."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, JSON, add_parser

if TYPE_CHECKING:
    from assistant.settings import Settings


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    bundle = add_parser(
        commands, "bundle", "write all that a machine without a network needs into a folder",
        "There, `sh install.sh` installs it: docs/bundle.md.",
    )  # fmt: skip
    bundle.add_argument("folder", type=Path, metavar="DIR")
    bundle.add_argument(
        "--library", action="append", default=[], dest="libraries", metavar="NAME",
        help="a library to take along; may be repeated",
    )  # fmt: skip
    bundle.add_argument("--no-models", action="store_true", help="leave the models out")
    bundle.add_argument("--json", action="store_true", help=JSON)
    bundle.set_defaults(run=_run)


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.bundling.bundle import write

    folder: Path = args.folder
    write(
        folder, settings, args.libraries, models=not args.no_models,
        say=lambda sentence: print(sentence, file=sys.stderr, flush=True),
    )  # fmt: skip
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if args.json:
        print(json.dumps({"folder": str(folder), "bytes": size}))
    else:
        print(f"{folder}: {size / 1e6:,.0f} MB. On the other machine: sh {folder.name}/install.sh")
    return DONE
