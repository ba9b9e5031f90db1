"""CSV and TSV files: a row is a line, and every page of rows is a table with typed cells.

Pages have about 400 rows. The header is repeated at the top of each, as it is when a sheet is
printed, and counted each time. Past CELLS cells rows are counted, not read.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from ingest.document.model import Document, count
from ingest.document.source import Source
from ingest.loaders.text import as_text, finish
from ingest.page_builder.flowing_text import CELLS, TOO_MANY, Flow
from ingest.platform.progress import beat
from ingest.text.cell_values import cell, cells, decimal_mark, header_rows
from ingest.text.decoding import read_text

_LINES = 300  # of rows on a page
_SAMPLE = 200  # rows examined for delimiter, header and decimal mark
_DELIMITERS = ",;\t|"
_WIDEST = 16_384  # columns, as in a workbook; more make no usable table
_TOO_WIDE = "It has more columns than a table can have and was read as plain text."

Row = Sequence[str]


def load_delimited(source: Source) -> Document:
    """Raises UnreadableFile when the bytes are no text."""
    found = read_text(source)
    flow = Flow(source.stem)
    text, mark = found.text, _mark(found.text[:65536], source.path.suffix.lower())
    if any(line.count(mark) >= _WIDEST for line in text.splitlines()):
        return as_text(source, found, _TOO_WIDE)
    rows = _rows(text, mark)
    sample = list(islice(rows, _SAMPLE))
    header = header_rows(cells(sample, [0] * len(sample)))
    decimal = decimal_mark(text for row in sample for text in row)
    note = _write(flow, chain(sample[header:], rows), sample[:header], decimal)
    return finish(source, flow, found, note)


def _write(flow: Flow, rows: Iterator[Row], head: list[Row], mark: str) -> str:
    """Put the rows onto pages; a note when there are too many."""
    read = 0
    while page := list(islice(rows, _LINES)):
        table = []
        for row in [*head, *page]:
            line = flow.row(row)
            table.append([cell(text, line, mark) for text in row])
            read += len(row)
        flow.table(table, len(head))
        beat(len(flow.pages), 0)
        if read >= CELLS:
            break
        flow.end_page()
    return _skip(flow, rows)


def _skip(flow: Flow, rows: Iterator[Row]) -> str:
    left = characters = 0
    for row in rows:
        left += 1
        characters += sum(count(text) for text in row)
    flow.leave_out(TOO_MANY, characters)
    return f"The file is too long: its last {left:,} rows were not read." if left else ""


def _mark(head: str, suffix: str) -> str:
    csv.field_size_limit(max(csv.field_size_limit(), len(head) + 1))
    return "\t" if suffix in (".tsv", ".tab") and "\t" in head else delimiter(head)


def _rows(text: str, mark: str) -> Iterator[Row]:
    """Rows that are not blank."""
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    # A quote that never ends would swallow the file: then quotes are letters.
    lines = io.StringIO(text, newline="")
    if _closes(text, mark):
        reader = csv.reader(lines, delimiter=mark)
    else:
        reader = csv.reader(lines, delimiter=mark, quoting=csv.QUOTE_NONE)
    return (row for row in _with_beats(reader) if any(field.strip() for field in row))


def _with_beats(rows: Iterator[list[str]]) -> Iterator[list[str]]:
    """The same rows, with a sign of life now and then."""
    for number, row in enumerate(rows):
        if number % _SAMPLE == 0:
            beat(0, 0)
        yield row


def delimiter(text: str) -> str:
    """The delimiter that splits the most rows into the same number of fields; else ",".

    csv.Sniffer takes a letter for the delimiter of a file with one column.
    """
    text = text[: text.rfind("\n") + 1] or text
    return max(_DELIMITERS, key=lambda mark: _agreement(text, mark))


def _agreement(text: str, mark: str) -> tuple[float, int]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    widths = [len(row) for row in islice(reader, _SAMPLE) if row]
    several = [width for width in widths if width > 1]
    if not several:
        return 0.0, 0
    usual = max(set(several), key=several.count)
    return several.count(usual) / len(widths), usual


def _closes(text: str, mark: str) -> bool:
    """Whether quotes are used as quotes: no field spans a hundred lines."""
    if '"' not in text:
        return True
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=False)
        return all(field.count("\n") <= 100 for row in _with_beats(reader) for field in row)
    except csv.Error:
        return False
