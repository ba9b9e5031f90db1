"""Files that held a run until it was interrupted: they wait until a person names them.

A file counts when it has been in work for a minute, so that many kills of a healthy run count
nothing, and is forgotten when it comes to an end, even to a failure.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from vectorstore.catalog import rows
from vectorstore.catalog.engine import Engine
from vectorstore.errors import LibraryError, WorkersAway

SLOW = 60.0  # seconds in work
MOST = 2  # interruptions after which a file waits


class Attempts:
    """Rows of the table `attempt`."""

    def __init__(self, database: Engine) -> None:
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
        """They came to an end."""
        where, listed = f"FROM attempt WHERE path {rows.AMONG}", rows.listed(paths)
        if self._database.one(f"SELECT 1 {where}", listed):
            self._database.write(f"DELETE {where}", listed)

    def before(self) -> dict[str, tuple[str, int]]:
        """By path: the sha256 of the bytes, and how often they did not come to an end."""
        rows = self._database.all("SELECT path, sha256, times FROM attempt")
        return {path: (sha256, times) for path, sha256, times in rows}

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
