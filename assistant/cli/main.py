"""The command `pincite`: arguments in, exit status out. Heavy imports wait until a command runs."""

import argparse
import atexit
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from assistant.cli import ask, documents, evaluate, libraries, models, tools
from assistant.cli.shared import FAILED, INTERRUPTED
from assistant.sources.commands import add_source_parsers
from assistant.team.commands import add_account_parsers, add_migration_parsers, add_server_parsers
from ingest.errors import PinciteError


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 could not do it, 2 wrong usage, 3 done in part, 130 interrupted."""
    args = parser().parse_args(arguments)
    with suppress(ValueError):  # in a thread, as in some tests, signals cannot be handled
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does
    try:
        return _run(args)
    except PinciteError as error:
        print(f"pincite: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:  # an error without a better message
        print(f"pincite: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("\npincite: interrupted; finished work is kept.", file=sys.stderr)
        return INTERRUPTED
    finally:
        atexit.register(_finish)


def _finish() -> None:
    """Ignore signals when all is done. Python removes its handlers before it frees the libraries,
    and a signal in that half second would end the process as if nothing had been done."""
    with suppress(ValueError):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


_EPILOG = (
    "Everything is kept in one folder, the home: --home DIR, else the variable PINCITE_HOME, else"
    " the folder pincite in ~/.local/share (Linux), ~/Library/Application Support (macOS) or"
    " %LOCALAPPDATA% (Windows). Settings are variables PINCITE_*, or lines of settings.toml there."
    " Results go to standard output, and messages and progress to standard error; --json prints one"
    " JSON document, or a line for each result where the command says so. Exit status: 0 done, 1"
    " failed (the message says what to do), 2 wrong usage, 3 done in part, 130 interrupted."
)


def parser() -> argparse.ArgumentParser:
    """All commands."""
    main = argparse.ArgumentParser(
        prog="pincite",
        description="Ask your own documents, and see the exact line that each sentence comes from.",
        epilog=_EPILOG,
    )
    main.add_argument("--home", type=Path, metavar="DIR", help="the folder that holds everything")
    main.add_argument("--version", action="version", version=_version())
    commands = main.add_subparsers(metavar="COMMAND", required=True)
    libraries.add_library_parsers(commands)
    documents.add_keeping_parsers(commands)
    libraries.add_libraries_parsers(commands)
    documents.add_document_parsers(commands)
    add_source_parsers(commands)
    ask.add_ask_parsers(commands)
    tools.add_draw_parsers(commands)
    tools.add_make_parsers(commands)
    tools.add_describe_parsers(commands)
    tools.add_speech_parsers(commands)
    ask.add_receipt_parsers(commands)
    ask.add_sheet_parsers(commands)
    models.add_model_parsers(commands)
    libraries.add_storage_parsers(commands)
    evaluate.add_parsers(commands)
    add_server_parsers(commands)
    add_account_parsers(commands)
    add_migration_parsers(commands)
    models.add_bundle_parsers(commands)
    for command in commands.choices.values():
        # Also after the command; SUPPRESS, so that it does not undo one before it.
        command.add_argument("--home", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    return main


def _run(args: argparse.Namespace) -> int:
    from assistant.security import network_guard
    from assistant.settings import Settings
    from ingest.platform.process import keep_private, wait_calmly

    wait_calmly()  # also for the children of this process: the app, readers of files
    named = getattr(args, "library", None)
    first = named[0] if isinstance(named, list) else named  # `ask` takes several
    settings = Settings.load(home=args.home, library=first)
    keep_private(settings.home)
    network_guard.quiet_telemetry()
    listens_at = getattr(args, "listens_at", "127.0.0.1")
    network_guard.install_guard(settings.home / "network.log", listens_at)
    status: int = args.run(args, settings)
    return status


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"pincite {version('pincite')}"
    except PackageNotFoundError:
        return "pincite (not installed)"


if __name__ == "__main__":
    sys.exit(main())
