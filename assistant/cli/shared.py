"""Shared by the commands: exit statuses, arguments, the library, rows of questions."""

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
    from vectorstore.federation import AnyLibrary
    from vectorstore.library import Library


# -- Progress of long commands on standard error

_WIDTH = 60  # characters of what is being done
_SHOWN = 240  # characters of a hit that are printed

Show = Callable[[str, int, int | None], None]  # what is being done, the number done, the total


@contextmanager
def progress() -> Iterator[Show]:
    """A bar on a terminal; elsewhere, as for logs, a line for each new thing that is done."""
    if not sys.stderr.isatty():
        yield _in_lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("looking for documents", total=None)
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


def library_command(
    commands: Any, name: str, run: Callable[..., int], help: str, more: str = ""
) -> argparse.ArgumentParser:
    """Add the parser of a command about one library: `--library NAME`."""
    made = command(commands, name, run, help, more)
    made.add_argument("--library", metavar="NAME", help="which library (main)")
    return made


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
    command.add_argument(
        "--port", type=int, help=f"port to listen on ({port}, or the next free one)"
    )
    command.add_argument(
        "--address", dest="listens_at", metavar="ADDRESS", default="127.0.0.1",
        help=f"address to listen on (loopback); for any other one, {who} need a token",
    )  # fmt: skip
    several(command, "--host", "NAME", "a name of this server, such as that of a reverse proxy")
    command.add_argument("--token", action="store_true", help="ask for a token on loopback, too")


def several(command: argparse.ArgumentParser, flag: str, what: str, help: str) -> None:
    """A flag that may be repeated; its values become a list."""
    command.add_argument(
        flag, action="append", default=[], metavar=what, help=f"{help}; may be repeated"
    )


def with_filter(command: argparse.ArgumentParser) -> None:
    """The flags that choose documents by their tags and dates, see `filter_of`."""
    several(command, "--tag", "TAG", "only documents with this tag, or with all that are named")
    command.add_argument(
        "--after", default="", metavar="DATE",
        help="only documents of that date or later: a year, a month or a day, such as 2024-06",
    )  # fmt: skip
    command.add_argument(
        "--before", default="", metavar="DATE", help="only documents from before that date"
    )


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


@contextmanager
def to_ask(settings: "Settings", named: Sequence[str] | None) -> Iterator["AnyLibrary"]:
    """The library of the settings, or the named ones, read as one. Raises LibraryError."""
    from assistant.wiring import composition

    several = list(dict.fromkeys(named or ()))
    if len(several) < 2:
        with opened(settings) as library:
            yield library
    else:
        with composition.federated(settings, several) as libraries:
            yield libraries


def rebuild_notices(library: "AnyLibrary") -> list[str]:
    """A notice for each library that should be rebuilt."""
    from vectorstore.federation import Federated

    each = library.libraries.values() if isinstance(library, Federated) else (library,)
    return [one.embedders.notice() for one in each]


def counted(number: int, what: str) -> str:
    """ "1 page", "2 pages"."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSON Lines file. Raises AssistantError naming the line."""
    from assistant.errors import AssistantError

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AssistantError(f"{path} cannot be read: {error}.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            row = None
        if not isinstance(row, dict) or not isinstance(row.get("question"), str):
            raise AssistantError(f'{path}, line {number}: not a JSON object with a "question".')
        yield row


def check_paths(paths: Sequence[Path]) -> None:
    """Check paths before a library is made for them. Raises NothingFound."""
    from ingest.errors import NothingFound

    for path in paths:
        if not path.exists():
            raise NothingFound(f"There is no file or folder {path}.")


def hit_line(
    number: int, document: str, page: int, seconds: float | None, score: float, text: str,
    hidden: object = False,
) -> str:  # fmt: skip
    """A hit of a search for people: where it is, and the beginning of its text."""
    from assistant.contract.facts import place

    plain = " ".join(text.split())
    short = plain if len(plain) <= _SHOWN else f"{plain[:_SHOWN]}…"
    flag = "  HIDDEN from readers" if hidden else ""
    head = f"{number}. {document}, {place(page, seconds)}  ({score:.2f}){flag}"
    return f"{head}\n   {short}\n" if short else f"{head}\n"


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
