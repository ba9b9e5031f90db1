"""The commands for pictures and videos: describe, translate."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import command

if TYPE_CHECKING:
    from assistant.settings import Settings


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    describe = command(
        commands, "describe", _run_describe,
        "say what a picture or a video shows, and what is written in it", library=False,
    )  # fmt: skip
    describe.add_argument("file", type=Path, metavar="FILE", help="a picture or a video")
    describe.add_argument("question", nargs="?", default="", help="a question about it")
    says = "translate the text in a picture"
    translate = command(commands, "translate", _run_translate, says, library=False)
    translate.add_argument("picture", type=Path, metavar="IMAGE")
    translate.add_argument(
        "--to", default="", metavar="LANGUAGE", help="the language to translate into (English)"
    )


def _run_describe(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.attachments import attached_files
    from assistant.cli.tools import run_tool
    from assistant.contract.intents import Clip, Describe
    from assistant.errors import AssistantError

    kind = attached_files.kind(attached_files.checked(args.file))
    if kind == "recording":
        raise AssistantError(f"{args.file} has no pictures. `pincite transcribe` writes it down.")
    asked = args.question
    intent = Clip(args.file, asked) if kind == "video" else Describe((args.file,), asked)
    return run_tool.run(args, settings, intent, asked, words_do=True)


def _run_translate(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.attachments import attached_files
    from assistant.cli.tools import run_tool
    from assistant.contract.intents import Translate
    from assistant.errors import AssistantError

    if attached_files.kind(attached_files.checked(args.picture)) != "picture":
        raise AssistantError(f"{args.picture} is not a picture.")
    return run_tool.run(args, settings, Translate(args.picture, args.to))
