"""The commands that maintain a library: watch, backup, restore, forget."""

import argparse
import json
import shutil
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.cli.shared import DONE, IN_PART, check_paths, command, counted, notice, opened

if TYPE_CHECKING:
    from assistant.settings import Settings
    from vectorstore.add_report import Change
    from vectorstore.maintenance.backup import Contents


def add_parsers(commands: Any) -> None:
    """Each command is set as `run`: (arguments, settings) -> exit status."""
    watch = command(
        commands, "watch", _run_watch, "keep a library in step with folders, until Ctrl-C",
        "--json prints a line of JSON for each change.",
    )  # fmt: skip
    watch.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    watch.add_argument(
        "--settle",
        type=_seconds,
        metavar="SECONDS",
        help="seconds without a change before a file is read (2)",
    )
    backup = command(
        commands, "backup", _run_backup, "write a library into one file, also while the app runs"
    )
    backup.add_argument("file", type=Path, metavar="FILE")
    restore = command(
        commands, "restore", _run_restore, "replace a library by a backup",
        "Without --library it is the one of the backup's name.",
    )  # fmt: skip
    restore.add_argument("file", type=Path, metavar="FILE")

    forget = command(
        commands, "forget", _run_forget, "remove documents from everything that is kept",
        "Conversations, receipts, runs, ratings, sheets and small copies of pictures keep nothing"
        " of them either. Libraries that were deleted and can be brought back are left alone.",
    )  # fmt: skip
    forget.add_argument("documents", nargs="+", metavar="DOCUMENT")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds within a day")
    return seconds


def _run_watch(args: argparse.Namespace, settings: "Settings") -> int:
    """Until Ctrl-C, or a signal that ends it."""
    from assistant.uploads.given_path import check_apart
    from vectorstore.watch import SETTLE, Watching

    check_paths(args.paths)
    check_apart(settings, args.paths)
    show = _in_json if args.json else _in_words
    with opened(settings, make=True) as library:
        settle = SETTLE if args.settle is None else args.settle
        names = ", ".join(map(str, args.paths))
        print(f"{settings.library}: watching {names}; Ctrl-C ends it.", file=sys.stderr, flush=True)
        Watching(library, args.paths, show, notice, settle).run(threading.Event())
    return DONE


def _in_json(change: "Change") -> None:
    print(json.dumps(asdict(change)), flush=True)


def _in_words(change: "Change") -> None:
    detail = {"moved": f" (was {change.detail})", "failed": f": {change.detail}"}
    print(f"{change.outcome} {change.document}{detail.get(change.outcome, '')}", flush=True)


def _run_backup(args: argparse.Namespace, settings: "Settings") -> int:
    with opened(settings) as library:
        contents = library.maintenance.back_up(args.file.absolute())
    if args.json:
        size = args.file.stat().st_size
        print(json.dumps({"file": str(args.file), "bytes": size, **asdict(contents)}))
    else:
        print(
            f"{args.file}: {counted(contents.documents, 'document')},"
            f" {counted(contents.passages, 'passage')}"
        )
        for name in contents.lost:
            print(
                f"the copy of {name} is lost or damaged, and is not in the backup", file=sys.stderr
            )
    return IN_PART if contents.lost else DONE


def _run_restore(args: argparse.Namespace, settings: "Settings") -> int:
    """Restores into the library of the backup's name, unless another one is named."""
    from assistant.build import composition
    from assistant.build.stores.bucket import bucket
    from assistant.build.stores.database import catalogue
    from assistant.settings import Settings
    from vectorstore.catalog.opened import drop
    from vectorstore.errors import DamagedCatalog, LibraryError
    from vectorstore.files.opened import drop as drop_files
    from vectorstore.maintenance.backup import read_contents
    from vectorstore.maintenance.set_aside import set_aside

    name = args.library or read_contents(args.file).library
    chosen = Settings.load(home=settings.home, library=name)  # a name from a file: it is checked
    new = name not in composition.libraries(chosen)
    try:
        contents = _restored(chosen, args.file)
    except DamagedCatalog:
        read_contents(args.file)  # whatever is wrong with the backup: before anything is moved
        aside = set_aside(chosen.libraries_folder / name)
        notice(f"The catalogue of {name} was damaged: it was moved to {aside}.")
        contents = _restored(chosen, args.file)
    except BaseException:
        if new:
            with suppress(LibraryError):
                drop(chosen.libraries_folder / name, catalogue(chosen))
                drop_files(chosen.libraries_folder / name, bucket(chosen))
            shutil.rmtree(chosen.libraries_folder / name, ignore_errors=True)
        raise
    if args.json:
        print(json.dumps({**asdict(contents), "library": name}))
    else:
        print(
            f"{name}: {counted(contents.documents, 'document')},"
            f" {counted(contents.passages, 'passage')}, as of {contents.made}"
        )
    return IN_PART if contents.lost else DONE


def _restored(settings: "Settings", backup: Path) -> "Contents":
    from assistant.storage.learned import lessons

    with opened(settings, make=True) as library:
        contents = library.maintenance.restore(backup.absolute())
        lessons(library.folder).reset()  # learned from the earlier contents
    return contents


def _run_forget(args: argparse.Namespace, settings: "Settings") -> int:
    from assistant.forgetting.forget import forget

    with opened(settings) as library:
        report = forget(settings, library, args.documents)
    if args.json:
        print(json.dumps(asdict(report)))
        return IN_PART if report.files or not report.index else DONE
    for number, what, did in (
        (report.documents, "document", "removed, with copies, pages, passages and words"),
        (report.pictures, "small picture", "deleted"),
        (report.turns, "turn", "of conversations without quotes now"),
        (report.receipts, "receipt", "deleted"),
        (report.run_rows, "answer", "of runs deleted"),
        (report.ratings, "rating", "deleted, opened citations and own questions among them"),
        (report.cells, "cell", "of sheets deleted"),
    ):
        print(f"{counted(number, what)} {did}")
    print(
        "Later backups do not hold them. Left alone: the original files, backups made before, "
        "and files in made/ and attached/."
    )
    if not report.index:
        notice(
            "Another process, probably the app, owns the index, or its server is away. It keeps "
            "numbers made of the documents' text: close the app and run `pincite rebuild`."
        )
    if report.files:
        notice(report.files)
    return IN_PART if report.files or not report.index else DONE
