"""Replaces the rows of a catalogue by rebuilt ones, inside one transaction.

The tables of the new catalogue are there under a prefix, see `Engine.beside`: it holds documents
that were read anew, documents that were `kept` with their passages, and for these a `vector` of
each passage, if the model is another; some are kept because reading them again has `failed`.
"""

from collections.abc import Collection

from vectorstore.catalog import rows
from vectorstore.catalog.engine import Engine, Transaction

MADE = "SELECT sha256 FROM {0}document UNION SELECT sha256 FROM {0}kept"  # of which catalogue
_SAME = ("id", "sha256", "name", "added", "superseded_by", "sketch", "dated")  # they stay unchanged


def swap(database: Engine, connection: Transaction, next: str, maker: str) -> None:
    """Put all in place; `maker` is who made it."""
    _swap_documents(database, connection, next)
    _swap_kept(connection, next)
    connection.execute("UPDATE meta SET value = ? WHERE key = 'made_by'", (maker,))
    connection.execute(
        f"INSERT INTO meta VALUES ('anew', '1') ON CONFLICT (key) DO UPDATE SET {rows.COUNTED}"
    )


def _swap_kept(connection: Transaction, next: str) -> None:
    connection.execute(
        f"UPDATE chunk SET vector = new.vector FROM {next}vector AS new WHERE new.id = chunk.id"
        # Documents kept before their reader changed have left vectors of the old passages.
        f" AND document_id IN (SELECT document.id FROM document JOIN {next}kept USING (sha256))"
    )
    connection.execute(
        f"UPDATE document SET reader = kept.reader FROM {next}kept"
        " WHERE kept.sha256 = document.sha256"
    )
    connection.execute(
        f"UPDATE document SET status = failed.status FROM {next}failed"
        " WHERE failed.sha256 = document.sha256"
    )


def _swap_documents(database: Engine, connection: Transaction, next: str) -> None:
    """The rows that belong to a document come from the new catalogue; the document stays."""
    connection.execute(
        "CREATE TEMP TABLE pair AS SELECT new.id AS new, document.id AS old"
        f" FROM {next}document AS new JOIN document ON document.sha256 = new.sha256"
    )
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM sheet").fetchone()
    for table in ("page", "chunk", "sheet"):
        connection.execute(f"DELETE FROM {table} WHERE document_id IN (SELECT old FROM pair)")
        changed = {"document_id": "pair.old", "id": f"new.id + {last}"}
        if table == "chunk":
            del changed["id"]  # it is derived from the file's bytes
        _copy_rows(database, connection, next, table, changed)
    columns = _listed(database, "cell", {"sheet_id"})
    connection.execute(
        f"INSERT INTO cell (sheet_id, {columns}) SELECT new.sheet_id + {last}, {columns}"
        f" FROM {next}cell AS new JOIN {next}sheet AS sheet ON sheet.id = new.sheet_id"
        " JOIN pair ON pair.new = sheet.document_id"
    )
    _swap_words(connection, next)
    _copy_facts(database, connection, next)
    connection.execute("DROP TABLE pair")


def _swap_words(connection: Transaction, next: str) -> None:
    connection.execute(
        "INSERT INTO chunk_words (rowid, text) SELECT chunk.rowid, words.text FROM chunk"
        f" JOIN {next}chunk AS new ON new.id = chunk.id"
        f" JOIN {next}chunk_words AS words ON words.rowid = new.rowid"
    )
    connection.execute("DELETE FROM card_words WHERE rowid IN (SELECT old FROM pair)")
    connection.execute(
        "INSERT INTO card_words (rowid, text) SELECT pair.old, words.text"
        f" FROM {next}card_words AS words JOIN pair ON pair.new = words.rowid"
    )


def _copy_rows(
    database: Engine, connection: Transaction, next: str, table: str, changed: dict[str, str]
) -> None:
    # A row of `chunk` gets a number of its own here, on any engine.
    columns = [column for column in _columns(database, table) if column != "rowid"]
    values = ", ".join(changed.get(column, f'new."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    connection.execute(
        f"INSERT INTO {table} ({names}) SELECT {values} FROM {next}{table} AS new"
        " JOIN pair ON pair.new = new.document_id"
    )


def _copy_facts(database: Engine, connection: Transaction, next: str) -> None:
    columns = _listed(database, "document", _SAME)
    connection.execute(
        f"UPDATE document SET ({columns}) = (SELECT {columns} FROM {next}document AS new"
        " WHERE new.sha256 = document.sha256) WHERE id IN (SELECT old FROM pair)"
    )


def _listed(database: Engine, table: str, without: Collection[str]) -> str:
    return ", ".join(f'"{column}"' for column in _columns(database, table, without))


def _columns(database: Engine, table: str, without: Collection[str] = ()) -> list[str]:
    return [column for column in database.columns(table) if column not in without]
