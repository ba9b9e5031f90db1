"""The queue of an `add` in the catalogue: each file has a state until it is in the library.

A killed run leaves its rows; the next run continues them.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from vectorstore.database.schema import Database, Transaction

State = Literal["waiting", "reading", "indexing", "failed", "cancelled"]
_COLUMNS = "path, name, state, error"
_PUT = (
    "INSERT INTO job (path, name, state) VALUES (?, ?, '{0}') ON CONFLICT (path) DO UPDATE"
    " SET state = '{0}', error = ''"
)


@dataclass(frozen=True)
class Job:
    """A file on its way into the library, or one that failed."""

    path: str
    name: str
    state: State
    error: str  # why it failed, as a sentence


class Jobs:
    """The rows of the table `job`. They do not change the library: its generation stays."""

    def __init__(self, database: Database, lock: Path) -> None:
        """A run holds `lock`, so that another one recognises leftover rows."""
        self._database = database
        self._lock = FileLock(lock, thread_local=False)

    def all(self) -> list[Job]:
        """All jobs, waiting, running or failed, ordered by path."""
        return self._some("TRUE ORDER BY path")

    def running(self) -> bool:
        """Whether any process runs an `add`."""
        if self._lock.is_locked:
            return True
        with alone(Path(self._lock.lock_file)) as nobody:
            return not nobody

    def run(self) -> AbstractContextManager[bool]:
        """Hold the lock during a run. Yields whether it is the only run: other rows are
        leftovers."""
        return _held(self._lock)

    def left_over(self, cancelled: bool) -> list[Job]:
        """Jobs that a killed run left undone; on request also those that were cancelled."""
        states = "('waiting', 'reading', 'indexing'" + (", 'cancelled')" if cancelled else ")")
        return self._some(f"state IN {states} ORDER BY path")

    def wait(self, files: Iterable[tuple[str, str]]) -> None:
        """Put (path, name) into the queue."""
        with self._database.transaction() as connection:
            connection.executemany(f"{_PUT.format('waiting')}, name = excluded.name", files)

    def set(self, path: str, state: State) -> None:
        self._database.note("UPDATE job SET state = ? WHERE path = ?", state, path)

    def fail(self, path: str, name: str, error: str) -> None:
        """Record the reason of a failure, also of a file that never waited."""
        with self._database.transaction() as connection:
            connection.execute(_PUT.format("failed"), (path, name))
            connection.execute("UPDATE job SET error = ? WHERE path = ?", (error, path))

    def cancel(self, paths: Sequence[str]) -> None:
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE job SET state = 'cancelled' WHERE path = ?", [(path,) for path in paths]
            )

    def settle(self, paths: Collection[str]) -> None:
        """Drop the jobs of files that turned out to be in the library."""
        query = "SELECT 1 FROM job WHERE path = ?"  # not all rows: this is done for each file
        if known := [path for path in paths if self._database.one(query, path)]:
            self.drop(known)

    def drop(self, paths: Iterable[str]) -> None:
        with self._database.transaction() as connection:
            for path in paths:
                leave(connection, path)

    def _some(self, where: str) -> list[Job]:
        found = self._database.all(f"SELECT {_COLUMNS} FROM job WHERE {where}")
        return [Job(*row) for row in found]


def leave(connection: Transaction, path: str) -> None:
    """Take a file out of the queue, inside of the transaction that puts it into the library."""
    connection.execute("DELETE FROM job WHERE path = ?", (path,))


def alone(path: Path, wait: float = 0) -> AbstractContextManager[bool]:
    """Whether no other process holds the same lock file; waits for it up to the given seconds."""
    return _held(FileLock(path), wait)


@contextmanager
def _held(lock: FileLock, wait: float = 0) -> Iterator[bool]:
    try:
        lock.acquire(timeout=wait)
        held = True
    except (Timeout, OSError):
        held = False
    try:
        yield held
    finally:
        if held:
            lock.release()
