"""Writes the twenty documents, and the 160 cells that are to be read from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from benchmarks.tables.sheet_documents.facts import COLUMNS, Facts, facts
from benchmarks.tables.sheet_documents.layouts import DEVELOPMENT, HELD_OUT, NOTICE_IN_DAYS, Layout

_EACH = 2  # documents of a layout


@dataclass(frozen=True)
class Wanted:
    """A cell to be read; without a value it is to be empty, or for a question of yes or no "no"."""

    document: str
    column: str
    value: str = ""
    page: int = 0


def write(folder: Path, held_out: bool) -> list[Wanted]:
    """The documents of one half, and their cells."""
    folder.mkdir(parents=True, exist_ok=True)
    start = 100 if held_out else 1
    return [
        cell
        for row, (layout, prefix, suffix) in enumerate(HELD_OUT if held_out else DEVELOPMENT)
        for copy in range(_EACH)
        for cell in _write(folder, start + row * _EACH + copy, layout, prefix, suffix)
    ]


def _write(folder: Path, number: int, layout: Layout, prefix: str, suffix: str) -> Iterator[Wanted]:
    found = facts(number, prefix)
    path = folder / f"{number:03}.{suffix}"  # a name that tells nothing
    stated = layout(found, path)
    for column in COLUMNS:
        if column in stated:
            yield Wanted(path.name, column, _value(column, found, layout), stated[column])
        else:
            yield Wanted(path.name, column)


def _value(column: str, f: Facts, layout: Layout) -> str:
    in_days = f"{f.months * 30} day" if layout in NOTICE_IN_DAYS else f"{f.months} month"
    values = {
        "supplier": f.supplier, "customer": f.customer, "date": f.day.isoformat(),
        "total": str(f.total.quantize(Decimal("0.01"))), "payment term": f"{f.days} day",
        "notice period": in_days, "signed?": "yes" if f.signed else "no",
        "reference number": f.reference,
    }  # fmt: skip
    return values[column]
