"""Moves a part of a home between its SQLite file and the PostgreSQL of a team.

All rows are copied and compared first. While both the file and the mark are there, the move has not
ended, and nobody uses the part: the next move tells by the database which of the two has it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from assistant.errors import AssistantError
from assistant.storage.authors import forget_nobody
from assistant.storage.mark import BACK, Mark, keep_mark
from assistant.storage.part import Columns, Part
from assistant.storage.sqlite_file import Kept, held
from assistant.storage.team_tables import KEPT, SCHEMA, TeamTables
from vectorstore.catalog.engine import Transaction
from vectorstore.catalog.opened import keep_names
from vectorstore.catalog.postgres.copying import batches
from vectorstore.catalog.postgres.inside import Inside

Opened = Callable[[Path], Sequence[Kept]]  # all that have tables in a file of this part
_NEW = ".new.sqlite"
_ALL = 256  # bits of a sum of hashes


@dataclass(frozen=True)
class MovedRows:
    """What was copied and compared."""

    rows: int
    tables: dict[str, int]  # the rows of each; empty: another home has them


def to_postgres(file: Path, tables: TeamTables, opened: Opened) -> MovedRows | None:
    """None where it is there already. Raises AssistantError, with nothing changed."""
    _unlink(file.with_suffix(_NEW))  # of a move back that was interrupted
    if not file.exists():
        return None
    if mark := tables.marked():
        if _has_all(tables, mark, file):
            _unlink(file)
            return None
        _unlink(tables.mark)
    for kept in opened(file):
        kept.prepare()
    with tables.making(), held(file) as source, tables.plain_transaction() as target:
        found, move = _to_fill(tables, target, file), uuid4().hex
        _copy(tables.part, source, target)
        _count_on(tables.part, target)
        moved = _compared(tables.part, source, target)
        note = "INSERT INTO moved (token, part) VALUES (?, ?)"
        target.execute(note, (move, tables.part.name))
        keep_mark(tables.mark, Mark(found, move))
    _unlink(file)
    return moved


def to_sqlite(file: Path, tables: TeamTables, opened: Opened) -> MovedRows | None:
    """For all homes that share it; where another one has taken it already, this home begins
    without it. None where it is there already. Raises AssistantError, with nothing changed."""
    if not (mark := tables.marked()):
        return None
    if not file.exists() and tables.have_left():
        _unlink(tables.mark)
        return MovedRows(0, {})
    if file.exists() and not _has_all(tables, mark, file):
        _unlink(tables.mark)
        return None
    new = file.with_suffix(_NEW)
    with tables.making(), _none_left(new), _leaving(tables) as source:
        for kept in opened(new):
            kept.prepare()
        with held(new) as target:
            _copy(tables.part, source, target)
            moved = _compared(tables.part, source, target)
        keep_mark(tables.mark, mark._replace(move=BACK))
        _put(new, file)
    _unlink(tables.mark)
    return moved


def _has_all(tables: TeamTables, mark: Mark, file: Path) -> bool:
    """Which of the two has all, after a move that was interrupted: the database, or else the file.
    Raises AssistantError where both have something of their own."""
    with tables.plain_transaction() as connection:
        if mark.tables != tables.identity(connection):
            return False
        if mark.move and mark.move != BACK:
            found = connection.execute("SELECT 1 FROM moved WHERE token = ?", (mark.move,))
            return found.fetchone() is not None
    if mark.move == BACK:
        return True
    raise AssistantError(
        f"The {tables.part.what} of this home are in PostgreSQL, and there is {file}, too: move"
        " that file away."
    )


@contextmanager
def _none_left(new: Path) -> Iterator[None]:
    """A file that is made anew, and that does not stay half-made."""
    _unlink(new)
    try:
        yield
    except Exception:
        _unlink(new)
        raise


def _to_fill(tables: TeamTables, target: Inside, file: Path) -> str:
    """The identity of empty tables, which nobody else uses until the end. Raises AssistantError."""
    if tables.identity(target):
        _lock(target)
    found = tables.identity(target) or tables.make(target)
    if "heir" in tables.part.tables:
        forget_nobody(target)
    _check_empty(target, tables, file)  # also new ones: somebody may have dropped only some
    return found


@contextmanager
def _leaving(tables: TeamTables) -> Iterator[Inside]:
    """A transaction after which the tables are gone; nobody else reads or writes meanwhile."""
    with tables.plain_transaction() as connection:
        _lock(connection)
        tables.check(connection)
        yield connection
        connection.execute(f"DROP TABLE {tables.all} CASCADE")
        tables.note_leaving(connection)


def _lock(connection: Inside) -> None:
    """Wait until nobody uses the tables, and let nobody use them: each transaction reads the note
    of their identity first, so two that wait for each other cannot be."""
    connection.execute(f"LOCK TABLE {SCHEMA}.{KEPT} IN ACCESS EXCLUSIVE MODE")


def _check_empty(target: Transaction, tables: TeamTables, file: Path) -> None:
    for table in tables.part.tables:
        if target.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone():
            raise AssistantError(
                f"{tables.server.place} has {tables.part.what} of another home already, and two"
                f" cannot become one. To use those, move {file} away; to keep these, name another"
                " database in the setting `catalogue`."
            )


def _copy(part: Part, source: Transaction, target: Transaction) -> None:
    for table, columns in part.tables.items():
        marks = ", ".join("?" * len(columns.all))
        insert = f"INSERT INTO {table} ({', '.join(columns.all)}) VALUES ({marks})"
        for rows in _rows(source, table, columns):
            target.executemany(insert, rows)


def _compared(part: Part, source: Transaction, target: Transaction) -> MovedRows:
    """Raises AssistantError when a row differs."""
    counts = {}
    for table, columns in part.tables.items():
        before, after = (_fingerprint(one, table, columns) for one in (source, target))
        if before != after:
            raise AssistantError(
                f"The copy of the {part.what} differs in {table}, so they stay where they are."
            )
        counts[table] = before[0]
    return MovedRows(sum(counts.values()), counts)


def _fingerprint(source: Transaction, table: str, columns: Columns) -> tuple[int, int]:
    """The number of rows, and the sum of their hashes: engines sort texts in ways of their own."""
    count = total = 0
    for rows in _rows(source, table, columns):
        for row in rows:
            hashed = hashlib.sha256(repr(row).encode("utf-8", "backslashreplace"))
            total += int.from_bytes(hashed.digest())
        count += len(rows)
    return count, total % (1 << _ALL)


def _rows(source: Transaction, table: str, columns: Columns) -> Iterator[list[tuple[Any, ...]]]:
    if columns.key:
        found = batches(source, table, columns.all, columns.key.split())
    else:
        found = iter([source.execute(f"SELECT {columns.others.replace(' ', ', ')} FROM {table}")
                      .fetchall()])  # fmt: skip
    for rows in found:
        yield [tuple(map(_same, row)) for row in rows]


def _same(value: Any) -> Any:
    """As it is on either engine: PostgreSQL has no zero bytes in texts."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _count_on(part: Part, target: Transaction) -> None:
    """New rows get numbers after those that were copied in."""
    for table, column in part.numbered.items():
        target.execute(
            f"SELECT setval(pg_get_serial_sequence('{SCHEMA}.{table}', '{column}'),"
            f" (SELECT coalesce(max({column}), 0) + 1 FROM {table}), FALSE)"
        )


def _put(new: Path, file: Path) -> None:
    try:
        new.replace(file)
    except OSError as error:
        raise AssistantError(
            f"{file} could not be put in its place: {error.strerror}. Make its folder writable, and"
            " try again."
        ) from error
    keep_names(file.parent)


def _unlink(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise AssistantError(
            f"{file} could not be deleted: {error.strerror}. End other commands, and try again."
        ) from error
    keep_names(file.parent)
