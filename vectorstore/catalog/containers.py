"""Files inside files in the catalogue: which archives were read completely."""

import json
from collections.abc import Sequence

from ingest.containers import Omitted
from vectorstore.catalog.engine import Engine, Transaction

_AT_WORK = ""  # in place of the hash, until all parts are in the library
_IN_PART = "!"  # in front of the hash, when a part failed: read again when it is added again


class Containers:
    """Rows of the table `container`; a file without files inside has none."""

    def __init__(self, database: Engine) -> None:
        self._database = database

    def finished(self, place: str, sha256: str) -> bool:
        """Whether nothing inside is left to read."""
        row = self._database.one("SELECT sha256 FROM container WHERE path = ?", place)
        return row is None or row[0] == sha256

    def unfinished(self) -> list[str]:
        """Places of files that a killed run has not read completely."""
        found = self._database.all("SELECT path FROM container WHERE sha256 = ?", _AT_WORK)
        return [row[0] for row in found]

    def left_out(self, place: str) -> list[Omitted]:
        """Files inside that are not read, with the reason; the same in every run."""
        row = self._database.one("SELECT left_out FROM container WHERE path = ?", place)
        return [Omitted(*omitted) for omitted in json.loads(row[0])] if row else []

    def finish(self, place: str, sha256: str, omitted: Sequence[Omitted], failed: bool) -> None:
        self._database.write(
            "UPDATE container SET sha256 = ?, left_out = ? WHERE path = ?",
            (_IN_PART if failed else "") + sha256,
            json.dumps([(left.name, left.reason) for left in omitted]),
            place,
        )


def begin(connection: Transaction, place: str, inside: bool) -> None:
    """Mark the beginning, in the file's own transaction. `inside`: it has files inside."""
    if inside:
        connection.execute(
            "INSERT INTO container VALUES (?, ?, '[]') ON CONFLICT (path) DO UPDATE"
            " SET sha256 = excluded.sha256",
            (place, _AT_WORK),
        )
    else:
        connection.execute("DELETE FROM container WHERE path = ?", (place,))
