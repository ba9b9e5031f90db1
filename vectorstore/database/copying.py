"""Copies all rows of a schema from one database into another one, and compares the two."""

import hashlib
from collections.abc import Iterable, Iterator

from vectorstore.database.schema import Columns, Row, Schema
from vectorstore.database.transactions import Transaction

_BATCH = 500  # rows
_ALL = 256  # bits of a sum of hashes


def copy_all(schema: Schema, source: Transaction, target: Transaction) -> None:
    """What the tables have is replaced."""
    for table, columns in reversed(schema.tables.items()):
        if columns.link:  # a trigger that mends links must meet no row that goes as well
            target.execute(f'UPDATE {table} SET "{columns.link}" = NULL')
        target.execute(f"DELETE FROM {table}")
    for table, columns in schema.tables.items():
        marks = ", ".join("?" * len(columns.all))
        insert = f"INSERT INTO {table} ({_quoted(columns.all)}) VALUES ({marks})"
        links: list[Row] = []  # the rows that they lead to may come later
        for rows in _rows(schema, source, table, columns):
            if columns.link:
                at = columns.all.index(columns.link)
                links += [(row[at], *_key(columns, row)) for row in rows if row[at] is not None]
                rows = [(*row[:at], None, *row[at + 1 :]) for row in rows]
            target.executemany(insert, rows)
        if links:
            where = " AND ".join(f'"{name}" = ?' for name in columns.key)
            target.executemany(f'UPDATE {table} SET "{columns.link}" = ? WHERE {where}', links)


def fingerprints(schema: Schema, source: Transaction) -> dict[str, tuple[int, int]]:
    """By table: the number of its rows, and the sum of the hashes of all that they hold. So their
    order does not matter: databases sort texts in ways of their own."""
    found = {}
    for table, columns in schema.tables.items():
        count = total = 0
        for rows in _rows(schema, source, table, columns):
            for row in rows:
                hashed = hashlib.sha256(repr(row).encode("utf-8", "backslashreplace"))
                total += int.from_bytes(hashed.digest())
            count += len(rows)
        found[table] = count, total % (1 << _ALL)
    return found


def _rows(schema: Schema, source: Transaction, table: str, columns: Columns) -> Iterator[list[Row]]:
    """Some at a time, by their keys: a table may be larger than memory."""
    chosen = f"SELECT {_quoted(columns.all)} FROM {table}"
    if not columns.key:
        yield _as_copied(schema, table, columns, source.execute(chosen))
        return
    keys, marks = _quoted(columns.key), ", ".join("?" * len(columns.key))
    last: Row = ()
    while True:
        after = f" WHERE ({keys}) > ({marks})" if last else ""
        found = source.execute(f"{chosen}{after} ORDER BY {keys} LIMIT {_BATCH}", last).fetchall()
        if not found:
            return
        last = _key(columns, found[-1])
        yield _as_copied(schema, table, columns, found)


def _as_copied(schema: Schema, table: str, columns: Columns, found: Iterable[Row]) -> list[Row]:
    """Rows as they are on either database: PostgreSQL has truth values, and no zero bytes in
    texts."""
    truths = [columns.all.index(name) for name in columns.truths]
    rows = []
    for row in found:
        values = [one.replace("\0", "\ufffd") if isinstance(one, str) else one for one in row]
        for at in truths:
            values[at] = bool(values[at])
        if (copied := schema.copied(table, tuple(values))) is not None:
            rows.append(copied)
    return rows


def _key(columns: Columns, row: Row) -> Row:
    return tuple(row[columns.all.index(name)] for name in columns.key)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
