"""Shared by the commands: exit statuses, arguments, the library, progress."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assistant.settings import Settings
    from vectorstore.add_report import AddProgress
    from vectorstore.catalog.tags import Filter
    from vectorstore.library import Library


# -- Progress of long commands on standard error

_WIDTH = 60  # characters of what is being done

Show = Callable[[str, int, int | None], None]  # what is being done, the number done, the total


@contextmanager
def progress(begins: str = "", lines: bool = True) -> Iterator[Show]:
    """A bar on a terminal, with these words until something is done; elsewhere, as for logs, a line
    for each new thing that is done, or nothing."""
    if not sys.stderr.isatty():
        yield _in_lines() if lines else lambda _words, _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    what = TextColumn("{task.description}", markup=False)
    columns = (what, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(begins, total=None)
        yield lambda words, done, total: bar.update(
            task, description=words[:_WIDTH], completed=done, total=total
        )


def _in_lines() -> Show:
    seen: set[str] = set()

    def show(words: str, done: int, total: int | None) -> None:
        if words and words not in seen:
            seen.add(words)
            begun = min(done + 1, total or done + 1)  # the index tells what it has done, not begun
            print(f"{begun}/{total} {words}", file=sys.stderr, flush=True)

    return show


def adding(show: Show) -> Callable[["AddProgress"], None]:
    """Shows how far files are added; a bar names the step, too."""
    stages = sys.stderr.isatty()
    return lambda step: show(
        f"{step.stage} {step.file}" if stages else step.file, step.done, step.total
    )


DONE, FAILED, IN_PART, INTERRUPTED = 0, 1, 3, 130  # exit statuses; argparse exits with 2


JSON = "print one JSON document and nothing else"  # where no more is to be said of it


def add_parser(commands: Any, name: str, help: str, more: str = "") -> argparse.ArgumentParser:
    """A command. Lists of commands say its `help`, and its own page says it as a sentence, and
    `more`, which names pages of the documentation by their path."""
    told = f"{help[0].upper()}{help[1:]}. {more}".strip()
    made: argparse.ArgumentParser = commands.add_parser(name, help=help, description=told)
    return made


def command(
    commands: Any, name: str, run: Callable[..., int], help: str, more: str = ""
) -> argparse.ArgumentParser:
    """A command. `run` is called with its arguments and the settings, and returns the exit
    status."""
    made = add_parser(commands, name, help, more)
    made.add_argument("--json", action="store_true", help=JSON)
    made.set_defaults(run=run, misused=made.error)
    return made


def takes(
    command: argparse.ArgumentParser, usage: str, help: str | None = None, **more: Any
) -> None:
    """An argument, as usage shows it: "PATH...", "[QUESTION]", "--json", "-o/--output FILE". A name
    of a value is in lower case, and in the plural where there may be several. `more` is as in
    `add_argument`."""
    names, _, value = usage.partition(" ")
    if names.startswith("-"):
        more = {"metavar": value, **more} if value else {"action": "store_true", **more}
        command.add_argument(*names.split("/"), help=help, **more)
        return
    name, many, optional = names.strip("[.]"), "..." in names, names.startswith("[")
    nargs = ("*" if optional else "+") if many else "?" if optional else None
    place = f"{name.lower()}{'s' if many else ''}"
    command.add_argument(place, metavar=name, nargs=nargs, help=help, **more)


def below(
    commands: Any, name: str, run: Callable[..., int], help: str, *arguments: str, more: str = ""
) -> argparse.ArgumentParser:
    """A command below another one: what both take counts behind either. `arguments` are names of
    those that it needs; `run` is called as that of `command`."""
    made = add_parser(commands, name, help, more)
    for argument in arguments:
        made.add_argument(argument, metavar=argument.upper())
    made.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=JSON)
    made.add_argument("--home", type=Path, default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    made.set_defaults(run=run, misused=made.error)
    return made


def with_address(command: argparse.ArgumentParser, port: int, who: str) -> None:
    """The flags of a command that listens: on the usual `port` or the next free one, for `who`.
    `main` gives the network guard the address."""
    takes(command, "--port PORT", f"port to listen on ({port}, or the next free one)", type=int)
    takes(
        command, "--address ADDRESS",
        f"address to listen on (loopback); for any other one, {who} need a token",
        dest="listens_at", default="127.0.0.1",
    )  # fmt: skip
    several(command, "--host", "NAME", "a name of this server, such as that of a reverse proxy")
    takes(command, "--token", "ask for a token on loopback, too")


def several(command: argparse.ArgumentParser, flag: str, what: str, help: str) -> None:
    """A flag that may be repeated; its values become a list."""
    takes(command, f"{flag} {what}", f"{help}; may be repeated", action="append", default=[])


def with_filter(command: argparse.ArgumentParser) -> None:
    """The flags that choose documents by their tags and dates, see `filter_of`."""
    several(command, "--tag", "TAG", "only documents with this tag, or with all that are named")
    after = "only documents of that date or later: a year, a month or a day, such as 2024-06"
    takes(command, "--after DATE", after, default="")
    takes(command, "--before DATE", "only documents from before that date", default="")


def filter_of(args: argparse.Namespace) -> "Filter":
    """The filter from the arguments of a command. Raises WrongTag or WrongDate."""
    from vectorstore.catalog.tags import Filter

    return Filter(tuple(args.tag), args.after, args.before)


def count(text: str) -> int:
    """The type of an argument that is a number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


@contextmanager
def opened(settings: "Settings", make: bool = False) -> Iterator["Library"]:
    """The library of the settings, released to other processes afterwards; see
    `composition.library_to_read` where it is not to be made. Raises LibraryError."""
    from assistant.wiring import composition

    if make:
        from assistant.libraries.libraries import check_not_waiting, clear

        clear(settings)
        if settings.library not in composition.libraries(settings):
            check_not_waiting(settings, settings.library)
    made = composition.library(settings, make=True) if make else None
    with made or composition.library_to_read(settings) as library:
        yield library


def counted(number: int, what: str) -> str:
    """ "1 page", "2 pages"."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def check_paths(paths: Sequence[Path]) -> None:
    """Check paths before a library is made for them. Raises NothingFound."""
    from ingest.errors import NothingFound

    for path in paths:
        if not path.exists():
            raise NothingFound(f"There is no file or folder {path}.")


def picture(path: Path) -> Path:
    """The path of a picture. Raises AssistantError for another file."""
    from assistant import attachments
    from assistant.errors import AssistantError

    if attachments.attachment_kind(attachments.checked_file(path)) != "picture":
        raise AssistantError(f"{path} is not a picture.")
    return path


def done(args: argparse.Namespace, row: Any, words: str) -> int:
    """Say what was done: the row with --json, else the words. DONE."""
    print(json.dumps(row) if args.json else words)
    return DONE


def hint(text: str) -> None:
    """Print what one may do next on standard error: without the name, which begins an error."""
    print(text, file=sys.stderr, flush=True)


def notice(text: str) -> None:
    """Print a message for people on standard error."""
    if text:
        print(f"pincite: {text}", file=sys.stderr, flush=True)
