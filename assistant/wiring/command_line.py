"""The commands of `pincite` with their arguments: those of every laptop, and those for
hosting it and for following mailboxes. Each loads what it needs when it runs.
"""

import argparse
import difflib
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from assistant.cli import declared
from assistant.sources.commands import add_source_parsers
from assistant.team.hosting import add_account_parsers, add_migration_parsers, add_server_parsers

_EPILOG = (
    "Everything is kept in one folder, the home: --home DIR, else the variable PINCITE_HOME, else"
    " the folder pincite in ~/.local/share (Linux), ~/Library/Application Support (macOS) or"
    " %LOCALAPPDATA% (Windows). Settings are variables PINCITE_*, or lines of settings.toml there."
    " Results go to standard output, and messages and progress to standard error; --json prints one"
    " JSON document, or a line for each result where the command says so. Exit status: 0 done, 1"
    " failed (the message says what to do), 2 wrong usage, 3 done in part, 130 interrupted."
)


_ADDED: Mapping[str, Sequence[Callable[[Any], None]]] = {  # as `--help` groups them
    "documents": (
        declared.add_library_parsers, declared.add_libraries_parsers,
        declared.add_document_parsers, add_source_parsers,
    ),
    "asking": (
        declared.add_ask_parsers, declared.add_search_parser, declared.add_sheet_parser,
        declared.add_receipt_parsers, declared.add_eval_parser,
    ),
    "tools": (declared.add_drawing_parsers, declared.add_tool_parsers),
    "models and this machine": (declared.add_machine_parsers,),
    "team": (add_server_parsers, add_account_parsers, add_migration_parsers),
}  # fmt: skip
_WHICH = (
    "one of the commands below; without one, the app opens. Files and folders (PATH...) are added"
    " first. A word without a slash is a command where there is one of that name, else what has the"
    " name in this folder"
)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The arguments of a command line. Ends the process on wrong usage and for --help."""
    main, commands = _parsers()
    home = argparse.ArgumentParser(prog=main.prog, add_help=False, allow_abbrev=False)
    home.add_argument("--home", type=Path)
    given, rest = home.parse_known_args(words)
    first = next(iter(rest), "")
    if first != "app" and (commands.keys() & rest if first.startswith("-") else first in commands):
        return main.parse_args(words)
    if first in ("-h", "--help", "--version"):
        return main.parse_args(words)
    if first == "app":
        del rest[0]
    elif first and not first.startswith("-") and not _is_path(first):
        near = difflib.get_close_matches(first, commands, n=1, cutoff=0.0)[0]
        main.error(
            f"{first!r} is no command, and no file or folder here. Did you mean `pincite {near}`?"
        )
    return commands["app"].parse_intermixed_args(rest, given)  # paths before and after options


def _is_path(word: str) -> bool:
    with suppress(OSError):  # it is too long for a name
        return word in (".", "..", "~") or "/" in word or os.sep in word or Path(word).exists()
    return False


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `run`: (arguments, settings) -> exit status."""
    return _parsers()[0]


def _parsers() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """That parser, and those of its commands."""
    main = argparse.ArgumentParser(
        prog="pincite",
        usage="%(prog)s [-h] [--home DIR] [--version] [COMMAND ... | PATH...]",
        description="Ask your own documents, and see the exact line that each sentence comes from.",
        epilog=_EPILOG,
    )
    main.add_argument("--home", type=Path, metavar="DIR", help="the folder that holds everything")
    main.add_argument("--version", action="version", version=_version())
    commands = main.add_subparsers(
        prog=main.prog, metavar="COMMAND | PATH...", required=True, help=_WHICH
    )
    for title, adders in _ADDED.items():
        for add in adders:
            add(commands)
        # argparse lists all commands in one place; what an argument group lists is its own.
        main.add_argument_group(title)._group_actions = commands._choices_actions
        commands._choices_actions = []
    for command in commands.choices.values():
        # Also after the command; SUPPRESS, so that it does not undo one before it.
        command.add_argument("--home", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return main, commands.choices


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"pincite {version('pincite')}"
    except PackageNotFoundError:
        return "pincite (not installed)"
