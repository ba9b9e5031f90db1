"""The command `pincite`: arguments in, exit status out. Heavy imports wait until a command runs."""

import argparse
import atexit
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from assistant.cli.shared import FAILED, INTERRUPTED
from assistant.wiring.command_line import parse
from ingest.errors import PinciteError


def main(arguments: Sequence[str] | None = None) -> int:
    """0 done, 1 could not do it, 2 wrong usage, 3 done in part, 130 interrupted."""
    args = parse(sys.argv[1:] if arguments is None else arguments)
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


def _run(args: argparse.Namespace) -> int:
    from assistant.security import network_guard
    from assistant.settings import Settings
    from ingest.platform.process import keep_private, wait_calmly

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


if __name__ == "__main__":
    sys.exit(main())
