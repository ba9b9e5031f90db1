"""Reads the rows of an SQLite file that somebody else may have made, and lets nothing in it run.

The file is never written and none of its indexes, triggers or words are used: only plain tables are
read, from end to end. Advice of https://sqlite.org/security.html for untrusted files.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ingest.document.source import readable

_MOST = 256 << 20  # bytes of one value: a page has its lines in one
_WHOLE = 1 << 53  # JSON and floats hold integers up to here
_TYPES: dict[str, tuple[type, ...]] = {
    "INTEGER": (int,), "TEXT": (str,), "REAL": (int, float), "BLOB": (bytes,),
    "": (int, float, str),
}  # fmt: skip

Row = dict[str, object]  # by column


class WrongRows(ValueError):
    """The file holds what no catalogue of ours does; the message says what, as part of a
    sentence."""


class ForeignFile:
    """A connection that only reads."""

    def __init__(self, path: Path) -> None:
        """Raises WrongRows."""
        with _damage():
            # Immutable: the file is a copy, and its mode of writing would ask for more files.
            address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
            self._connection = sqlite3.connect(address, uri=True, isolation_level=None)
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST)
            for safely in ("trusted_schema = OFF", "cell_size_check = ON", "mmap_size = 0"):
                self._connection.execute(f"PRAGMA {safely}")

    def close(self) -> None:
        self._connection.close()

    def version(self) -> int:
        return int(self._all("PRAGMA user_version")[0][0])

    def check(self, own: Mapping[tuple[str, str], str]) -> None:
        """Whether it is sound, and has only what one of ours has: (kind, name) -> SQL.

        Raises WrongRows.
        """
        for kind, name, sql in self._all("SELECT type, name, sql FROM sqlite_schema"):
            wanted = own.get((kind, name))
            if wanted is None or (kind == "trigger" and _plain(sql) != _plain(wanted)):
                raise WrongRows(f"its catalogue has a foreign {kind}, {readable(str(name))}")
        if self._all("PRAGMA quick_check(1)") != [("ok",)]:
            raise WrongRows("its catalogue is not sound")

    def rows(self, table: str, columns: Sequence[tuple[str, str, bool]]) -> Iterator[Row]:
        """The rows, in their order; `columns` are (name, declared type, may be NULL).

        Raises WrongRows, also where the file lacks a column.
        """
        self._check_plain(table, {name for name, *_ in columns})
        chosen = ", ".join(f'"{name}"' for name, *_ in columns)
        with _damage():
            for values in self._connection.execute(f"SELECT {chosen} FROM {table} NOT INDEXED"):
                yield {
                    name: _typed(value, kind, nullable, f"{table}.{name}")
                    for value, (name, kind, nullable) in zip(values, columns, strict=True)
                }

    def _check_plain(self, table: str, columns: set[str]) -> None:
        """Whether a plain table has these columns, and computes none of its own."""
        found = self._all("SELECT type, rootpage FROM sqlite_schema WHERE name = ?", table)
        if len(found) != 1 or found[0][0] != "table" or not found[0][1]:
            raise WrongRows(f"its catalogue has no table {table}")
        told = self._all(f"SELECT name, hidden FROM pragma_table_xinfo('{table}')")
        if computed := [name for name, hidden in told if hidden]:
            raise WrongRows(f"its catalogue computes {table}.{readable(str(computed[0]))}")
        if not columns <= {name for name, _ in told}:
            raise WrongRows(f"its table {table} has other columns")

    def _all(self, sql: str, *values: object) -> list[tuple]:  # type: ignore[type-arg]
        with _damage():
            return self._connection.execute(sql, values).fetchall()


def _typed(value: object, kind: str, nullable: bool, where: str) -> object:
    if value is None and nullable:
        return None
    small = not isinstance(value, int) or abs(value) < _WHOLE
    if not isinstance(value, _TYPES[kind]) or not small or value != value:  # NaN
        raise WrongRows(f"its catalogue has a wrong value in {where}")
    return value


def _plain(sql: object) -> str:
    return " ".join(str(sql).split())


@contextmanager
def _damage() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise WrongRows(f"its catalogue cannot be read ({readable(str(error))})") from error
