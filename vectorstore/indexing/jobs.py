"""The queue of an `add` in the catalogue: each file has a state until it is in the library.

A killed run leaves its rows; the next run continues them, except for files that held several runs.
"""

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from vectorstore.catalog import rows
from vectorstore.database.schema import Database, Transaction
from vectorstore.errors import LibraryError, WorkersAway

State = Literal["waiting", "reading", "indexing", "failed", "cancelled"]
_COLUMNS = "path, name, state, error, changed"


@dataclass(frozen=True)
class Job:
    """A file on its way into the library, or one that failed."""

    path: str
    name: str
    state: State
    error: str  # why it failed, as a sentence
    changed: str  # ISO 8601, UTC


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
        now = _now()
        with self._database.transaction() as connection:
            connection.executemany(
                f"INSERT INTO job ({_COLUMNS}) VALUES (?, ?, 'waiting', '', ?) ON CONFLICT (path)"
                " DO UPDATE SET name = excluded.name, state = excluded.state, error = '',"
                " changed = excluded.changed",
                [(path, name, now) for path, name in files],
            )

    def set(self, path: str, state: State, error: str = "") -> None:
        self._database.note(
            "UPDATE job SET state = ?, error = ?, changed = ? WHERE path = ?",
            state, error, _now(), path,
        )  # fmt: skip

    def fail(self, path: str, name: str, error: str) -> None:
        """Record the reason of a failure, also of a file that never waited."""
        self._database.write(
            f"INSERT INTO job ({_COLUMNS}) VALUES (?, ?, 'failed', ?, ?) ON CONFLICT (path)"
            " DO UPDATE SET state = 'failed', error = excluded.error, changed = excluded.changed",
            path, name, error, _now(),
        )  # fmt: skip

    def cancel(self, paths: Sequence[str]) -> None:
        now = _now()
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE job SET state = 'cancelled', changed = ? WHERE path = ?",
                [(now, path) for path in paths],
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


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


# -- Files that held a run until it was interrupted: they wait until a person names them
# A file counts when it has been in work for a minute, so that many kills of a healthy run count
# nothing, and is forgotten when it comes to an end, even to a failure.

SLOW = 60.0  # seconds in work
MOST_ATTEMPTS = 2  # interruptions after which a file waits


class Attempts:
    """How often files held a run that was interrupted: the rows of the table `attempt`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def watched(self, files: Sequence[tuple[str, str]]) -> Iterator[None]:
        """While files (path, sha256) are in work: they count as interrupted unless this ends.

        A wish to stop it, and an end of the process, are interruptions.
        """
        timer = threading.Timer(SLOW, self._count, (files,))
        timer.daemon = True
        timer.start()
        try:
            yield
        except WorkersAway:  # which is not the fault of these files
            _stop(timer)
            self.ended(*(path for path, _ in files))
            raise
        finally:
            _stop(timer)

    def ended(self, *paths: str) -> None:
        """Delete the attempts of files that came to an end, read or failed, by their paths."""
        where, listed = f"FROM attempt WHERE path {rows.AMONG}", rows.listed(paths)
        if self._database.one(f"SELECT 1 {where}", listed):
            self._database.write(f"DELETE {where}", listed)

    def before(self) -> dict[str, tuple[str, int]]:
        """By path: the sha256 of the bytes, and how often they did not come to an end."""
        found = self._database.all("SELECT path, sha256, times FROM attempt")
        return {path: (sha256, times) for path, sha256, times in found}

    def _count(self, files: Sequence[tuple[str, str]]) -> None:
        # Of an error the run itself will hear.
        with suppress(LibraryError), self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO attempt VALUES (?, ?, 1) ON CONFLICT (path) DO UPDATE SET"
                " times = CASE attempt.sha256"
                " WHEN excluded.sha256 THEN attempt.times + 1 ELSE 1 END,"
                " sha256 = excluded.sha256",
                files,
            )


def _stop(timer: threading.Timer) -> None:
    timer.cancel()
    timer.join()  # otherwise it may count after `ended`
