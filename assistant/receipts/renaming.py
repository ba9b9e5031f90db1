"""Receipts of a library that has another name now."""

import json

from assistant.contract.renaming import with_library
from assistant.receipts.record import Receipts


class RenamedReceipts(Receipts):
    """Of all people of a home."""

    def rename_library(self, old: str, new: str) -> None:
        """What was of one library is of another one. Raises AssistantError."""
        with self._connected() as connection:
            connection.execute(
                "UPDATE receipt SET receipt = json_set(receipt, '$.library', ?)"
                " WHERE json_valid(receipt) AND receipt ->> '$.library' = ?", (new, old),
            )  # fmt: skip
            several = connection.execute(
                "SELECT number, receipt FROM receipt"
                " WHERE json_valid(receipt) AND receipt ->> '$.library' LIKE '%,%'"
            ).fetchall()
            for number, text in several:
                row = with_library(json.loads(text), old, new)
                connection.execute(
                    "UPDATE receipt SET receipt = ? WHERE number = ?", (json.dumps(row), number)
                )
