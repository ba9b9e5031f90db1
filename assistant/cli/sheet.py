"""The command `pincite sheet`: questions over documents, as a table."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import (
    DONE,
    FAILED,
    IN_PART,
    command,
    counted,
    filter_of,
    hint,
    notice,
    opened,
    with_filter,
)

if TYPE_CHECKING:
    from assistant.settings import Settings
    from assistant.sheet.cell import Cell

_MARK = {"found": "", "doubtful": " (?)", "empty": "-", "failed": "failed"}


def add_parsers(commands: Any) -> None:
    """The command is set as `run`: (arguments, settings) -> exit status."""
    sheet = command(
        commands, "sheet", _run, "ask questions of many documents, as a table",
        "Each cell says on which page its value stands: docs/sheets.md.",
    )  # fmt: skip
    sheet.add_argument(
        "--question", action="append", default=[], metavar="TEXT",
        help='a column: "notice period", "signed?", a whole question, or "HEAD = QUESTION";'
        " may be repeated",
    )  # fmt: skip
    sheet.add_argument(
        "--questions", type=Path, metavar="FILE", help="a text file with a column on each line"
    )
    sheet.add_argument(
        "--documents",
        nargs="+",
        metavar="NAME",
        help="only these (all that no newer version replaces)",
    )
    with_filter(sheet)
    sheet.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="save it as .xlsx, .csv or .json"
    )
    sheet.add_argument("--anew", action="store_true", help="ask again what was answered before")


def _run(args: argparse.Namespace, settings: "Settings") -> int:
    """0: all cells; 3: some failed; 1: all failed."""
    from assistant.build import sheets
    from assistant.cli.progress_bars import counting
    from assistant.sheet import save
    from assistant.sheet.column import columns
    from assistant.sheet.fill import documents, in_order

    asked = columns([*args.question, *_lines(args.questions)])
    if not asked:
        args.misused("give --question TEXT or --questions FILE")
    within = filter_of(args)
    if args.out:
        save.check(args.out)
    with opened(settings) as library:
        rows = documents(library, args.documents, within)
        sheet = sheets.sheet(settings, library)
        notice(sheet.assistant.notice)
        try:
            with counting() as show:
                made = sheet.cells(asked, rows, show=show, anew=args.anew)
                cells = in_order([*made], asked, rows)
        except KeyboardInterrupt:
            hint("The cells so far are kept: the same command goes on with the others.")
            raise
    if args.out:
        save.save(args.out, cells, rows)
    if args.json:
        print(json.dumps(save.as_json(cells)))
    elif not args.out:
        _show(cells)
    _tell(cells, args.out)
    failed = sum(cell.state == "failed" for cell in cells)
    return DONE if not failed else FAILED if failed == len(cells) else IN_PART


def _lines(path: Path | None) -> list[str]:
    from assistant.errors import AssistantError

    if path is None:
        return []
    try:
        return [line.strip() for line in path.read_text("utf-8").split("\n") if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{path} cannot be read: {error}.") from error


def _show(cells: "list[Cell]") -> None:
    """A table for a terminal, or lines where it is a file."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from ingest.document.source import readable

    heads = list(dict.fromkeys(cell.head for cell in cells))
    table = Table("document")
    for head in heads:
        table.add_column(Text(head))
    rows: dict[str, list[Text]] = {}
    for cell in cells:
        words = [f"{cell.value}{_MARK[cell.state]}", *([cell.place] if cell.place else [])]
        rows.setdefault(cell.document, []).append(Text("\n".join(words)))
    for document, texts in rows.items():
        table.add_row(Text(readable(document)), *texts)
    width = None if sys.stdout.isatty() else 40 * (1 + len(heads))
    Console(width=width).print(table)


def _tell(cells: "list[Cell]", out: Path | None) -> None:
    states = [cell.state for cell in cells]
    doubtful, empty, failed = (states.count(s) for s in ("doubtful", "empty", "failed"))
    parts = [counted(len(cells), "cell"), f"{doubtful} doubtful", f"{empty} empty"]
    saved = f"{out}: " if out else ""
    notice(f"{saved}{', '.join(parts)}{f', {failed} failed' if failed else ''}.")
    for why in dict.fromkeys(cell.why for cell in cells if cell.state == "failed"):
        notice(why)
