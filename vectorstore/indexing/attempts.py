"""Files that held a run until it was interrupted: they wait until a person names them.

A file counts when it has been in work for a minute, so that many kills of a healthy run count
nothing, and is forgotten when it comes to an end, even to a failure.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from vectorstore.catalog.database import Database
from vectorstore.errors import LibraryError

SLOW = 60.0  # seconds in work
MOST = 2  # interruptions after which a file waits


class Attempts:
    """Rows of the table `attempt`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def watched(self, path: str, sha256: str) -> Iterator[None]:
        """While a file is in work: it counts as interrupted unless this comes to an end.

        A wish to stop it, and an end of the process, are interruptions.
        """
        timer = threading.Timer(SLOW, self._count, (path, sha256))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def ended(self, path: str) -> None:
        """It came to an end."""
        if self._database.one("SELECT 1 FROM attempt WHERE path = ?", path):
            self._database.write("DELETE FROM attempt WHERE path = ?", path)

    def before(self) -> dict[str, tuple[str, int]]:
        """By path: the sha256 of the bytes, and how often they did not come to an end."""
        rows = self._database.all("SELECT path, sha256, times FROM attempt")
        return {path: (sha256, times) for path, sha256, times in rows}

    def _count(self, path: str, sha256: str) -> None:
        with suppress(LibraryError):  # the run itself will meet the error
            self._database.write(
                "INSERT INTO attempt VALUES (?, ?, 1) ON CONFLICT (path) DO UPDATE SET"
                " times = CASE sha256 WHEN excluded.sha256 THEN times + 1 ELSE 1 END,"
                " sha256 = excluded.sha256",
                path, sha256,
            )  # fmt: skip
