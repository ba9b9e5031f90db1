"""Turns a stored value into a Cell: its type comes from the file, not from its text."""

import datetime as dt
import re
from typing import NamedTuple

from ingest.document.model import Cell
from ingest.language.units import CODES

Value = str | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta

_CURRENCY = re.compile(rf"\[\$([^\-\]]+)(?:-[\w]+)?\]|\"?\s*([$€£¥₪₹]|\b(?:{CODES})\b)\s*\"?")


class CellUnit(NamedTuple):
    """The unit that a number format adds to a number."""

    sign: str = ""
    before: bool = False


def unit(number_format: str) -> CellUnit:
    """The percent sign or currency of a number format such as `[$€-407] #,##0.00`."""
    first = number_format.split(";")[0]
    if "%" in first:
        return CellUnit("%")
    if match := _CURRENCY.search(first):
        digits = re.search(r"[0#]", first)
        return CellUnit(match[1] or match[2], digits is None or match.start() < digits.start())
    return CellUnit()


def native(value: Value, line: int, shown: CellUnit = CellUnit()) -> Cell:  # noqa: B008  a constant
    """The cell of a stored value."""
    if isinstance(value, bool):
        return Cell(str(value).upper(), line, value, "truth")
    if isinstance(value, int | float):
        return _number(value, line, shown)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        text = moment(value)
        return Cell(text, line, text, "date")
    text = str(value)
    return Cell(text, line, None, "text" if text.strip() else "empty")


def _number(value: float, line: int, shown: CellUnit) -> Cell:
    value = float(f"{value * 100:.10g}") if shown.sign == "%" else float(value)
    digits = f"{value:.15g}"
    if not shown.sign:
        text = digits
    elif shown.sign == "%":
        text = f"{digits}%"
    else:
        gap = " " if shown.sign.isalpha() else ""
        text = f"{shown.sign}{gap}{digits}" if shown.before else f"{digits} {shown.sign}"
    return Cell(text, line, value, "number", shown.sign.strip())


def moment(value: dt.date | dt.datetime | dt.time) -> str:
    """ISO 8601; a day without a time where the time is midnight."""
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    return value.isoformat()
