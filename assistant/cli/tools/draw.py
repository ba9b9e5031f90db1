"""The commands that paint: draw, edit, vary."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import JSON, add_parser, count

if TYPE_CHECKING:
    from assistant.settings import Settings


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    draw = _command(commands, "draw", _run_draw, "draw a picture of a description")
    draw.add_argument("prompt", metavar="PROMPT", help="what the picture shows")
    draw.add_argument("--size", type=_size, metavar="WxH", help="pixels (the model's own size)")
    _with_words(draw)
    edit = _command(commands, "edit", _run_edit, "change a picture as described")
    edit.add_argument("image", type=Path, metavar="IMAGE")
    edit.add_argument(
        "prompt", nargs="?", metavar="PROMPT", default="", help="what the changed picture shows"
    )
    edit.add_argument("--mask", type=Path, metavar="FILE", help="white areas are painted again")
    edit.add_argument("--grow", type=_edges, metavar="L,T,R,B", help="pixels to add on each side")
    edit.add_argument(
        "--vary", action="store_true", help="draw a similar picture, without a prompt"
    )
    edit.add_argument(
        "--strength", type=_share, metavar="S", help="0 keeps the picture, 1 replaces it"
    )
    _with_words(edit)
    vary = _command(commands, "vary", _run_vary, "draw a picture similar to a given one")
    vary.add_argument("image", type=Path, metavar="IMAGE")
    vary.add_argument(
        "--strength", type=_share, metavar="S", help="0 keeps the picture, 1 replaces it"
    )


def _command(commands: Any, name: str, run: Any, help: str) -> argparse.ArgumentParser:
    made = add_parser(commands, name, help, "docs/tools.md says what it needs.")
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="output file, a .png")
    made.add_argument(
        "--steps", type=count, metavar="N", help="steps of the model; more take longer"
    )
    made.add_argument("--seed", type=int, metavar="N", help="the same seed gives the same picture")
    made.add_argument("--json", action="store_true", help=JSON)
    made.set_defaults(run=run, misused=made.error)
    return made


def _with_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--guidance", type=float, metavar="G", help="how closely the prompt is followed"
    )
    command.add_argument(
        "--negative", default="", metavar="TEXT", help="what the picture must not show"
    )


def _run_draw(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.cli.tools import run_tool
    from assistant.contract.intents import Draw

    intent = Draw(args.prompt, args.size, args.steps, args.seed, args.guidance, args.negative)
    return run_tool.run(args, settings, intent, args.prompt)


def _run_edit(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.cli.tools import run_tool
    from assistant.contract.intents import Edit

    if args.vary:
        if args.prompt or args.mask or args.grow:
            args.misused("--vary takes no prompt, --mask or --grow")
        return _run_vary(args, settings)
    if not args.prompt:
        args.misused("describe the picture: edit IMAGE PROMPT; or use --vary")
    if args.mask and args.grow:
        args.misused("give either --mask or --grow")
    intent = Edit(
        args.image, args.prompt, args.mask, args.grow, args.strength, args.steps, args.seed,
        args.guidance, args.negative,
    )  # fmt: skip
    return run_tool.run(args, settings, intent, args.prompt)


def _run_vary(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.cli.tools import run_tool
    from assistant.contract.intents import Vary

    intent = Vary(args.image, args.strength, args.steps, args.seed)
    return run_tool.run(args, settings, intent, f"A picture similar to {args.image.name}")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and int(width) and int(height)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a size such as 512x384")
    return int(width), int(height)


def _edges(text: str) -> tuple[int, int, int, int]:
    """Four numbers, or one for all sides."""
    numbers = text.split(",") if "," in text else [text] * 4
    if len(numbers) != 4 or not all(number.strip().isdecimal() for number in numbers):
        raise argparse.ArgumentTypeError(f"{text!r} is not LEFT,TOP,RIGHT,BOTTOM or one number")
    left, top, right, bottom = map(int, numbers)
    return left, top, right, bottom


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0 and at most 1")
    return share
