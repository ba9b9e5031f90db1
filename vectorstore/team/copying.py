"""Copies the rows of a catalogue into another one, of the same engine or not, and compares them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from vectorstore.catalog.engine import Transaction
from vectorstore.catalog.sqlite import CATALOG
from vectorstore.database.schema import Columns

_WORDS = Columns(("rowid", "text"), ("rowid",), numbered=False)
_CHUNKS = CATALOG.tables["chunk"]
# Each row finds those that it refers to before it.
TABLES = {
    **CATALOG.tables,
    "chunk": Columns(("rowid", *_CHUNKS.all), ("rowid",), numbered=True),
    "chunk_words": _WORDS, "card_words": _WORDS,
}  # fmt: skip
BESIDE = ("document", "page", "chunk", "sheet", "cell", "chunk_words", "card_words")  # of a rebuild
_COLUMNS = {
    **TABLES,
    "vector": Columns(("id", "vector"), ("id",), numbered=False),
    "kept": Columns(("sha256", "reader"), ("sha256",), numbered=False),
    "failed": Columns(("sha256", "status"), ("sha256",), numbered=False),
}
_BATCH = 500  # rows
_OF_HOME = ("chroma", "deleted")  # beginnings of keys in `meta` that tell of one engine alone
_NEWER = TABLES["document"].all.index("superseded_by")

Told = Callable[[str, int], None]  # a table, and how many of its rows are done


def copy_all(source: Transaction, target: Transaction, told: Told = lambda *_: None) -> None:
    """Into empty tables; what they have in `meta` is replaced."""
    target.execute("DELETE FROM meta")
    for table in TABLES:
        copy_table(source, target, table, table, told)
    versions = [(row[_NEWER], row[0]) for row in _rows(source, "document") if row[_NEWER]]
    target.executemany("UPDATE document SET superseded_by = ? WHERE id = ?", versions)


def copy_table(
    source: Transaction, target: Transaction, table: str, into: str, told: Told = lambda *_: None
) -> None:
    """The rows of one table. Which version is newer is left out of `document`."""
    names = _COLUMNS[table].all
    marks = ", ".join("?" * len(names))
    insert = f"INSERT INTO {into} ({_quoted(names)}) VALUES ({marks})"
    for done, batch in _batches(source, table):
        rows = [_unlinked(row) for row in batch] if table == "document" else batch
        target.executemany(insert, rows)
        told(table, done)


def number_on(connection: Transaction, schema: str, table: str, columns: Columns) -> None:
    """New rows get numbers after those that were copied in, in PostgreSQL."""
    (column,) = columns.key
    connection.execute(
        f"SELECT setval(pg_get_serial_sequence('{schema}.{table}', '{column}'),"
        f" (SELECT coalesce(max({column}), 0) + 1 FROM {table}), FALSE)"
    )


def fingerprints(source: Transaction) -> dict[str, tuple[int, str]]:
    """By table: the number of its rows, and a sha256 of all that they hold."""
    found = {}
    for table in TABLES:
        count, sha256 = 0, hashlib.sha256()
        for row in _rows(source, table):
            count += 1
            sha256.update(repr(row).encode("utf-8", "backslashreplace"))
        found[table] = count, sha256.hexdigest()
    return found


def _rows(source: Transaction, table: str) -> Iterator[tuple[Any, ...]]:
    return (row for _, batch in _batches(source, table) for row in batch)


def _batches(source: Transaction, table: str) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    done = 0
    for found in batches(source, table, *_COLUMNS[table][:2]):
        done += len(found)
        yield done, [_same(table, row) for row in found if not _of_home(table, row)]


def batches(
    source: Transaction, table: str, names: Sequence[str], key: Sequence[str]
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows by their keys, some at a time: a table may be larger than memory."""
    keys, marks = _quoted(key), ", ".join("?" * len(key))
    chosen = f"SELECT {_quoted(names)} FROM {table}"
    last: tuple[Any, ...] = ()
    while True:
        after = f" WHERE ({keys}) > ({marks})" if last else ""
        found = source.execute(f"{chosen}{after} ORDER BY {keys} LIMIT {_BATCH}", last).fetchall()
        if not found:
            return
        last = tuple(found[-1][names.index(name)] for name in key)
        yield found


def _of_home(table: str, row: tuple[Any, ...]) -> bool:
    return table == "meta" and str(row[0]).startswith(_OF_HOME)


def _same(table: str, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row as it is on either engine: PostgreSQL has truth values, no untyped columns, and no zero
    bytes in texts."""
    row = tuple(one.replace("\0", "\ufffd") if isinstance(one, str) else one for one in row)
    if table == "chunk":
        return (*row[:-1], bool(row[-1]))
    if table == "cell" and row[6] is not None:
        return (*row[:6], _value(row[4], row[6]), row[7])
    return row


def _value(kind: str, value: Any) -> Any:
    try:
        if kind == "number":
            return float(value)
        return int(float(value)) if kind == "truth" else str(value)
    except ValueError:
        return str(value)


def _unlinked(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:_NEWER], None, *row[_NEWER + 1 :])


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
