"""The command `pincite`: arguments in, exit status out. Heavy imports wait until a command runs."""

import atexit
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from assistant.cli.shared import FAILED, INTERRUPTED


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 could not do it, 2 wrong usage, 3 done in part, 130 interrupted."""
    with suppress(ValueError):  # in a thread, as in some tests, signals cannot be handled
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends it as Ctrl-C does
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except (ImportError, AttributeError):  # also of a package that another one has overwritten
        if not (told := _name_taken()):
            raise
        print(f"pincite: {told}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader of our output has gone, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        print("\npincite: interrupted; finished work is kept.", file=sys.stderr)
        return INTERRUPTED
    finally:
        atexit.register(_finish)


def _run(arguments: Sequence[str]) -> int:
    from assistant.wiring.command_line import parse

    args = parse(arguments)  # which ends for --help, before anything heavy is imported
    from assistant.security import network_guard
    from assistant.settings import Settings
    from ingest.errors import PinciteError
    from ingest.platform.process import keep_private, wait_calmly

    try:
        wait_calmly()  # also for the children of this process: the app, readers of files
        named = getattr(args, "library", None)
        first = next(iter(named), None) if isinstance(named, list) else named  # `ask` takes several
        settings = Settings.load(home=args.home, library=first)
        keep_private(settings.home)
        network_guard.quiet_telemetry()
        listens_at = getattr(args, "listens_at", "127.0.0.1")
        network_guard.install_guard(settings.home / "network.log", listens_at)
        status: int = args.run(args, settings)
        return status
    except BrokenPipeError:
        raise
    except (PinciteError, OSError) as error:  # OSError: an error without a better message
        print(f"pincite: {error}", file=sys.stderr)
        return FAILED


def _name_taken() -> str:
    """A sentence about another distribution in this environment that has one of our packages, too;
    empty where none has."""
    from importlib.metadata import packages_distributions

    owners = packages_distributions()
    for package in ("assistant", "ingest", "vectorstore"):
        for other in {*owners.get(package, ())} - {"pincite"}:
            return (
                f"{other} in {sys.prefix} has a package named {package}, as Pincite does, and one"
                " has overwritten the other: install Pincite in an environment of its own, with"
                " `uv tool install pincite` or `pipx install pincite`."
            )
    return ""


def _finish() -> None:
    """Ignore signals when all is done. Python removes its handlers before it frees the libraries,
    and a signal in that half second would end the process as if nothing had been done."""
    with suppress(ValueError):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
