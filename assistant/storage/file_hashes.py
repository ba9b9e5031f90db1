"""The hashes of models' files on this machine, so that one of gigabytes is read only once."""

from pathlib import Path

from assistant.errors import AssistantError
from assistant.models.verified_file import sha256_of
from assistant.storage.sqlite_file import Kept

FILE = "hashes.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS file_hash (
    path     TEXT PRIMARY KEY,
    bytes    INTEGER NOT NULL,
    modified INTEGER NOT NULL,         -- nanoseconds
    sha256   TEXT NOT NULL
) WITHOUT ROWID;
"""


class FileHashes(Kept):
    """Known files are hashed again when their size or time has changed."""

    def __init__(self, home: Path) -> None:
        """Each use raises AssistantError when the file cannot be read or written."""
        super().__init__(home / FILE, _SCHEMA, "hashes of models")

    def sha256(self, path: Path) -> str:
        """Of a file. Raises AssistantError."""
        try:
            about = path.stat()
        except OSError as error:
            raise AssistantError(f"The model's file {path} cannot be read: {error}.") from error
        known = (str(path.resolve()), about.st_size, about.st_mtime_ns)
        with self._connected() as connection:
            row = connection.execute(
                "SELECT sha256 FROM file_hash WHERE path = ? AND bytes = ? AND modified = ?", known
            ).fetchone()
        if row:
            return str(row[0])
        digest = sha256_of(path)
        with self._connected() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO file_hash (path, bytes, modified, sha256)"
                " VALUES (?, ?, ?, ?)",
                (*known, digest),
            )
        return digest
