"""Receipts of a library that has another name now."""

import json

from assistant.contract.renaming import with_library
from assistant.receipts.record import Receipts

_OF = (
    "json_valid(receipt) AND (json_extract(receipt, '$.library') = ?"
    " OR json_extract(receipt, '$.library') LIKE '%,%')"
)


class RenamedReceipts(Receipts):
    """Of all people of a home."""

    def rename_library(self, old: str, new: str) -> None:
        """What was of one library is of another one. Raises AssistantError."""
        with self._connected() as connection:
            # Others who change these wait from here on; then they are as the others have left them.
            connection.execute(f"UPDATE receipt SET person = person WHERE {_OF}", (old,))
            rows = connection.execute(
                f"SELECT number, receipt FROM receipt WHERE {_OF}", (old,)
            ).fetchall()
            for number, text in rows:
                row = json.loads(text)
                row = (
                    {**row, "library": new}
                    if row["library"] == old
                    else with_library(row, old, new)
                )
                connection.execute(
                    "UPDATE receipt SET receipt = ? WHERE number = ?", (json.dumps(row), number)
                )
