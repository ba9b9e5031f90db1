"""Takes documents out of everything that a home keeps of them, and counts what it changed.

The libraries come first: after a kill in between, the same command does the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.accounts.accounts import accounts
from assistant.accounts.audit import noted_as
from assistant.build import composition, sheets
from assistant.evaluation.measuring import runs
from assistant.feedback import ratings
from assistant.settings import Settings
from assistant.sources.copies import delete_copies
from vectorstore.errors import UnknownDocument
from vectorstore.library import Library
from vectorstore.maintenance.removing import Forgotten


@dataclass(frozen=True)
class Report:
    """How much of which kind was taken out."""

    documents: int  # removed from the library; others had been removed before
    pictures: int  # small copies of pictures
    turns: int  # of conversations, which lost their quotes
    receipts: int  # deleted
    run_rows: int  # answers of runs, deleted
    ratings: int  # thumbs, opened citations and own questions, deleted
    index: bool = True  # the index was made anew; otherwise another process owns it
    cells: int = 0  # of sheets, deleted
    files: str = ""  # what a bucket keeps of the files, in a sentence


def forget(settings: Settings, library: Library, names: Sequence[str]) -> Report:
    """Raises UnknownDocument when nothing in the home is about one of the documents."""
    names = list(dict.fromkeys(names))
    there = {info.document for info in library.documents()}
    present = [name for name in names if name in there]
    delete_copies(settings, library.name, {library.sha256(name) for name in present})
    gone = library.forget(present) if present else Forgotten((), 0, index=True)
    found = [_elsewhere(settings, library.name, name) for name in names]
    for name, counts in zip(names, found, strict=True):
        if name not in there and not any(counts):
            raise UnknownDocument(
                f"The library {library.name!r} has no document {name!r}, and no answer read one."
            )
    if (known := accounts(settings)).is_there():
        left = there.difference(names)
        known.forget(library.name, composition.libraries(settings), noted_as(names, left))
    counted = (sum(column) for column in zip(*found, strict=True))
    turns, receipts, run_rows, ratings, cells = counted
    return Report(
        len(gone.sha256), gone.pictures, turns, receipts, run_rows, ratings, gone.index, cells,
        gone.files,
    )  # fmt: skip


def _elsewhere(settings: Settings, library: str, name: str) -> tuple[int, ...]:
    """Turns, receipts, rows of runs, ratings, and cells of sheets."""
    return (
        composition.conversations(settings).forget(library, name),
        composition.receipts(settings).forget(library, name),
        runs(settings).forget(library, name),
        ratings.forget(settings, library, name),
        sheets.cells(settings).forget(library, name),
    )
