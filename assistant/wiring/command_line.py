"""The commands of `pincite` with their arguments: those of every laptop, and those for
hosting it and for following mailboxes. Each loads what it needs when it runs.
"""

import argparse
from pathlib import Path

from assistant.cli import (
    ask,
    document_commands,
    evaluate,
    library_commands,
    model_commands,
    tool_commands,
)
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


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; each sets `run`: (arguments, settings) -> exit status."""
    main = argparse.ArgumentParser(
        prog="pincite",
        description="Ask your own documents, and see the exact line that each sentence comes from.",
        epilog=_EPILOG,
    )
    main.add_argument("--home", type=Path, metavar="DIR", help="the folder that holds everything")
    main.add_argument("--version", action="version", version=_version())
    commands = main.add_subparsers(metavar="COMMAND", required=True)
    library_commands.add_library_parsers(commands)
    document_commands.add_keeping_parsers(commands)
    library_commands.add_libraries_parsers(commands)
    document_commands.add_document_parsers(commands)
    add_source_parsers(commands)
    ask.add_ask_parsers(commands)
    tool_commands.add_draw_parsers(commands)
    tool_commands.add_make_parsers(commands)
    tool_commands.add_describe_parsers(commands)
    tool_commands.add_speech_parsers(commands)
    ask.add_receipt_parsers(commands)
    ask.add_sheet_parsers(commands)
    model_commands.add_model_parsers(commands)
    library_commands.add_storage_parsers(commands)
    evaluate.add_parsers(commands)
    add_server_parsers(commands)
    add_account_parsers(commands)
    add_migration_parsers(commands)
    model_commands.add_bundle_parsers(commands)
    for command in commands.choices.values():
        # Also after the command; SUPPRESS, so that it does not undo one before it.
        command.add_argument("--home", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return main


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"pincite {version('pincite')}"
    except PackageNotFoundError:
        return "pincite (not installed)"
