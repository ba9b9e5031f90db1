"""Types the text of a cell: a number, a date, truth, nothing, or plain text.

Nothing is guessed: "01/02/2024", "No" and (alone) "1.234" stay text. Formats that store typed
values, such as XLSX, make their Cells themselves.
"""

import re
from collections.abc import Container, Iterable, Sequence

from ingest.document.model import Cell
from ingest.language import numbers
from ingest.language.dates import YEAR, parse_date
from ingest.language.numbers import SCALE_OF, SHORT_SCALES
from ingest.language.quantities import MONEY, SYMBOLS

_NOTHING = {"-", "--", "\u2013", "—", "n/a", "N/A", "n.a."}
_TRUTHS = {"true": True, "false": False, "✓": True, "✔": True, "✗": False, "✘": False}
_SCALES = rf"(?:(?i:k|m|b|{'|'.join(SCALE_OF)})\b\.?)"
_MONEY = rf"{MONEY}|Rs\.?|kr\.?|NIS"
_SPACE = "\u00a0\u2009\u202f"  # no-break and thin spaces; a plain one may part two numbers
_DIGITS = rf"\d+(?:[.,'’{_SPACE}]\d+)*|[.,]\d+"
_NUMBER = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+\u2212\u2013]?)\s*(?P<money>{_MONEY})?\s*(?P<again>[-+\u2212\u2013(]?)\s*"
    rf"(?P<digits>{_DIGITS})(?P<power>[eE][-+]\d{{1,3}})?"
    rf"\s*(?P<scale>{_SCALES})?\s*(?P<unit>{_MONEY}|{SYMBOLS})?\s*(?P<close>\))?"
    rf"\s*(?P<late>%)?",
)
_DIGIT = re.compile(r"\d")
_MORE_HEADS = 3  # rows of heads, behind the first
_LONGEST = 15  # digits that a float holds


def cell(text: str, line: int, decimal: str = "") -> Cell:
    """The cell for a text on a line; `decimal` is the table's decimal mark, when known."""
    bare = " ".join(text.split(" ")).strip()
    if not bare or bare in _NOTHING:
        return Cell(text, line, None, "empty")
    if (truth := _TRUTHS.get(bare.lower())) is not None:
        return Cell(text, line, truth, "truth")
    if not _DIGIT.search(bare):
        return Cell(text, line)
    if (day := parse_date(bare)) is not None:
        return Cell(text, line, day, "date")
    if (number := _number(bare, decimal)) is not None:
        return Cell(text, line, number[0], "number", number[1])
    return Cell(text, line)


def cells(
    rows: Sequence[Sequence[str]], lines: Sequence[int], decimal: str | None = None
) -> tuple[tuple[Cell, ...], ...]:
    """The rows of one table, each with the index of its line; they agree on the decimal mark."""
    mark = decimal_mark(text for row in rows for text in row) if decimal is None else decimal
    return tuple(
        tuple(cell(text, line, mark) for text in row) for row, line in zip(rows, lines, strict=True)
    )


def decimal_mark(texts: Iterable[str]) -> str:
    """ "." or "," when the numbers of a table prove it and none contradicts, else ""."""
    found = (_NUMBER.fullmatch(text.strip()) for text in texts)
    return numbers.decimal_mark(match["digits"] for match in found if match)


def header_rows(rows: Sequence[Sequence[Cell]], joined: Container[int] = ()) -> int:
    """The number of header rows: the first when it is unlike the rows below, and those that go on
    with its heads.

    `joined` are rows with cells merged side by side: heads over heads.
    """
    above = 0
    while above in joined and above + 1 < len(rows):
        if any(cell.kind not in ("text", "empty") for cell in rows[above]):
            break
        above += 1
    first = found = above + _heads(rows[above:])
    while 0 < found < min(len(rows) - 1, first + _MORE_HEADS) and _goes_on(rows, found):
        found += 1
    return found


def _heads(rows: Sequence[Sequence[Cell]]) -> int:
    if len(rows) < 2:
        return 0
    top, below = rows[0], rows[1:]
    if _could_head(top):
        typed = any(c.kind in ("number", "date", "truth") for row in below for c in row)
        return int(typed or (all(c.kind == "text" for c in top) and len(top) > 1))
    return int(len(below) > 1 and all(_unlike(cell, at, below) for at, cell in enumerate(top)))


def _goes_on(rows: Sequence[Sequence[Cell]], at: int) -> bool:
    """Whether a row goes on with the heads above it: words or times over columns of numbers, or a
    remark on all columns, "(in thousands)". With a label it has times, and the heads above it have
    none: else it is the first of the rows."""
    row, below = rows[at], rows[at + 1 :]
    others = [c for c, cell in enumerate(row) if c and cell.text.strip()]
    label, above = (one[0].text.strip() if one else "" for one in (row, rows[at - 1]))
    if not others:
        return label.startswith("(")
    if not all(row[c].kind == "text" or _is_time(row[c]) for c in others):
        return False
    if label and (above or not any(_is_time(row[c]) for c in others)):
        return False
    return any(_of_numbers(c, below) for c in others)


def _is_time(cell: Cell) -> bool:
    """Whether it is a day or a year, perhaps with a unit or the mark of a footnote."""
    return cell.kind == "date" or bool(re.fullmatch(rf"{YEAR}(?:\W.{{0,8}})?", cell.text.strip()))


def _of_numbers(at: int, rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether most of what a column holds are numbers, and no years."""
    held = [row[at] for row in rows if at < len(row) and row[at].kind != "empty"]
    numbers = [cell for cell in held if cell.kind == "number" and not _is_time(cell)]
    return len(numbers) * 2 > len(held)


def _could_head(row: Sequence[Cell]) -> bool:
    """Whether a row could be a header: words or times; a word occurs twice only over rows with
    labels."""
    filled = [cell for cell in row if cell.text.strip()]
    words = [cell.text for cell in filled if cell.kind == "text"]
    told = all(cell.kind == "text" or _is_time(cell) for cell in filled)
    return bool(filled) and told and (len(set(words)) == len(words) or not row[0].text.strip())


def _unlike(top: Cell, at: int, below: Sequence[Sequence[Cell]]) -> bool:
    """Whether all cells below are of another kind than the head."""
    kinds = {row[at].kind for row in below if at < len(row)} - {"empty"}
    return len(kinds) == 1 and top.kind not in kinds


def _number(text: str, decimal: str) -> tuple[float, str] | None:
    """A value, and its unit."""
    match = _NUMBER.fullmatch(text)
    if match is None or not _well_formed(match):
        return None
    digits = match["digits"]
    if digits.isdigit() and (digits[0] == "0" != digits or len(digits) > _LONGEST):
        return None  # "007" is a name, not a quantity
    value = numbers.value_of(digits, decimal)
    if value is None or (match["scale"] and not (match["money"] or match["unit"])):
        return None  # "1.2m" may be metres
    scale = (match["scale"] or "").lower().rstrip(".")
    power = int((match["power"] or "e0")[1:])
    power += SHORT_SCALES.get(scale) or SCALE_OF.get(scale, 0)
    amount = float(value.scaleb(power))
    negative = match["open"] or match["again"] == "(" or {match["sign"], match["again"]} - {"", "+"}
    unit = match["money"] or match["unit"] or match["late"] or ""
    return -amount if negative else amount, unit


def _well_formed(match: re.Match[str]) -> bool:
    opened = bool(match["open"]) + (match["again"] == "(")
    if opened != bool(match["close"]) or (match["sign"] and match["again"]):
        return False
    units = [match["money"], match["unit"], match["late"]]
    if sum(unit is not None for unit in units) > 1:
        return False
    if opened and not any(units):  # "(3)" may be a footnote, "(2019)" a year
        return len(match["digits"]) > 1 and not re.fullmatch(YEAR, match["digits"])
    return True
