"""The commands that make pictures from existing data: enhance, chart."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import JSON, add_parser

if TYPE_CHECKING:
    from assistant.settings import Settings


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    enhance = _command(commands, "enhance", _run_enhance, "make a picture larger and sharper")
    enhance.add_argument("image", type=Path, metavar="IMAGE")
    enhance.add_argument(
        "--scale", type=int, choices=(1, 2, 4), default=4,
        help="factor for width and height (4); 1 repairs a damaged picture",
    )  # fmt: skip
    chart = _command(commands, "chart", _run_chart, "plot numbers from a table of your documents")
    chart.add_argument("what", metavar="WHAT", help='such as "revenue by year"')
    chart.add_argument("--library", metavar="NAME", help="which library (main)")
    chart.add_argument(
        "--kind",
        choices=("bar", "line", "pie"),
        default="",
        help="what is drawn (chosen to fit the numbers)",
    )


def _command(commands: Any, name: str, run: Any, help: str) -> argparse.ArgumentParser:
    made = add_parser(commands, name, help, "docs/tools.md says what it needs.")
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="output file, a .png")
    made.add_argument("--json", action="store_true", help=JSON)
    made.set_defaults(run=run, misused=made.error)
    return made


def _run_enhance(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.cli.tools import run_tool
    from assistant.contract.intents import Enhance
    from assistant.models.fetch import user_cache
    from assistant.models.programs import REAL_ESRGAN
    from assistant.models.progress_bar import progress_bar
    from assistant.tools.pictures.enhance import checked

    intent = Enhance(args.image, args.scale)
    checked(intent)
    run_tool.require_output(args.output)
    with progress_bar() as progress:
        REAL_ESRGAN.make(user_cache(), progress)
    return run_tool.run(args, settings, intent, args.image.name)


def _run_chart(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.cli.tools import run_tool
    from assistant.contract.intents import Chart

    return run_tool.run(args, settings, Chart(args.what, args.kind), args.what)
