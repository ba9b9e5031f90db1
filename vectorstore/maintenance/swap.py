"""Replaces the rows of a catalogue by rebuilt ones, inside one transaction.

The new catalogue is attached as `next`: it holds documents that were read anew, documents that
were `kept` with their passages, and for these a `vector` of each passage, if the model is another;
some are kept because reading them again has `failed`.
"""

from collections.abc import Collection

from vectorstore.catalog.database import Transaction

MADE = "SELECT sha256 FROM {0}document UNION SELECT sha256 FROM {0}kept"  # of which catalogue
_SAME = ("id", "sha256", "name", "added", "superseded_by", "sketch", "dated")  # they stay unchanged


def swap(connection: Transaction, maker: str) -> None:
    """Put all in place; `maker` is who made it."""
    _swap_documents(connection)
    _swap_kept(connection)
    connection.execute("UPDATE meta SET value = ? WHERE key = 'made_by'", (maker,))
    connection.execute(
        "INSERT INTO meta VALUES ('anew', '1') ON CONFLICT (key) DO UPDATE SET value = value + 1"
    )


def _swap_kept(connection: Transaction) -> None:
    connection.execute(
        "UPDATE chunk SET vector = new.vector FROM next.vector AS new WHERE new.id = chunk.id"
        # Documents kept before their reader changed have left vectors of the old passages.
        " AND document_id IN (SELECT document.id FROM document JOIN next.kept USING (sha256))"
    )
    connection.execute(
        "UPDATE document SET reader = kept.reader FROM next.kept"
        " WHERE kept.sha256 = document.sha256"
    )
    connection.execute(
        "UPDATE document SET status = failed.status FROM next.failed"
        " WHERE failed.sha256 = document.sha256"
    )


def _swap_documents(connection: Transaction) -> None:
    """The rows that belong to a document come from the new catalogue; the document stays."""
    connection.execute(
        "CREATE TEMP TABLE pair AS SELECT new.id AS new, document.id AS old"
        " FROM next.document AS new JOIN document ON document.sha256 = new.sha256"
    )
    (last,) = connection.execute("SELECT coalesce(max(id), 0) FROM sheet").fetchone()
    for table in ("page", "chunk", "sheet"):
        connection.execute(f"DELETE FROM {table} WHERE document_id IN (SELECT old FROM pair)")
        _copy_rows(connection, table, {"document_id": "pair.old", "id": f"new.id + {last}"})
    columns = ", ".join(_columns(connection, "cell", {"sheet_id"}))
    connection.execute(
        f"INSERT INTO cell (sheet_id, {columns}) SELECT new.sheet_id + {last}, {columns}"
        " FROM next.cell AS new JOIN next.sheet AS sheet ON sheet.id = new.sheet_id"
        " JOIN pair ON pair.new = sheet.document_id"
    )
    connection.execute(
        "INSERT INTO chunk_words (rowid, text) SELECT chunk.rowid, words.text FROM chunk"
        " JOIN next.chunk AS new ON new.id = chunk.id"
        " JOIN next.chunk_words AS words ON words.rowid = new.rowid"
    )
    connection.execute("DELETE FROM card_words WHERE rowid IN (SELECT old FROM pair)")
    connection.execute(
        "INSERT INTO card_words (rowid, text) SELECT pair.old, words.text"
        " FROM next.card_words AS words JOIN pair ON pair.new = words.rowid"
    )
    _copy_facts(connection)
    connection.execute("DROP TABLE pair")


def _copy_rows(connection: Transaction, table: str, changed: dict[str, str]) -> None:
    if table == "chunk":
        changed = {"document_id": changed["document_id"]}  # its id is derived from the file's bytes
    columns = _columns(connection, table)
    values = ", ".join(changed.get(column, f"new.{column}") for column in columns)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM next.{table} AS new"
        " JOIN pair ON pair.new = new.document_id"
    )


def _copy_facts(connection: Transaction) -> None:
    columns = ", ".join(_columns(connection, "document", _SAME))
    connection.execute(
        f"UPDATE document SET ({columns}) = (SELECT {columns} FROM next.document AS new"
        " WHERE new.sha256 = document.sha256) WHERE id IN (SELECT old FROM pair)"
    )


def _columns(connection: Transaction, table: str, without: Collection[str] = ()) -> list[str]:
    rows = connection.execute(f"SELECT name FROM pragma_table_info('{table}', 'main')").fetchall()
    return [row[0] for row in rows if row[0] not in without]
