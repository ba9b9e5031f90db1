"""Overwrites what was deleted from a catalogue, so that none of its bytes is left in the file.

SQLite leaves deleted rows in its file, and full-text search keeps the words of deleted rows until
it merges its parts. `secure_delete` overwrites rows, but not what SQLite left beside them when it
moved rows from page to page: therefore the file is written anew.
"""

import logging

from vectorstore.catalog import rows
from vectorstore.catalog.engine import Engine, Transaction

_DELETED = "deleted"  # in `meta`: how often something was deleted since the file was last wiped
_LAST = "SELECT id, rowid FROM chunk ORDER BY rowid DESC LIMIT 1"

log = logging.getLogger(__name__)


def mark(connection: Transaction) -> None:
    """Something is deleted, in this transaction: a killed process leaves the wiping to others."""
    connection.execute(
        f"INSERT INTO meta VALUES (?, '1') ON CONFLICT (key) DO UPDATE SET {rows.COUNTED}",
        (_DELETED,),
    )


def wipe(database: Engine) -> bool:
    """Overwrite what was deleted, if anything was; it takes a second for 60 MB.

    False when another process still reads an older state. Raises LibraryError.
    """
    deleted = database.one("SELECT value FROM meta WHERE key = ?", _DELETED)
    if deleted is None:
        return True
    database.merge_words()
    last = database.one(_LAST)
    if not database.write_anew():
        return False
    _keep_numbers(database, last)
    database.write("DELETE FROM meta WHERE key = ? AND value = ?", _DELETED, *deleted)
    return True


def _keep_numbers(database: Engine, last: tuple[str, int] | None) -> None:
    """SQLite may, but does not, number rows anew that other tables know by number.

    It would change the last number, because something was deleted before it.
    """
    if last is None:
        return
    now = database.one("SELECT rowid FROM chunk WHERE id = ?", last[0])
    if now is not None and now[0] != last[1]:
        log.warning("SQLite numbered passages anew; their words are written again.")
        put_words_again(database)


def put_words_again(database: Engine) -> None:
    """Write the words of all passages, as `Catalog.put` does for those of a document."""
    with database.transaction() as connection:
        connection.execute("DELETE FROM chunk_words")
        rows.insert_words(connection)
