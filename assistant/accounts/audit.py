"""Who asked, saw, added and removed what: JSON lines in the home, for the time after.

Words of questions are not written: they belong to the person. The answer's id is, which leads to
the receipt.
"""

import json
import logging
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

from assistant.accounts.person import Person

_BYTES, _FILES = 10 << 20, 10  # a file of 10 MB, and nine older ones


class Audit:
    """Written by one process: each has a file of its own."""

    def __init__(self, folder: Path, process: str) -> None:
        """`process` names the file: "app", "serve", "commands"."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{process}.jsonl"
        # Opened by the first line. The logger is no other one's child: nothing else writes here.
        self._log = logging.Logger(f"audit {file}")
        self._handler = RotatingFileHandler(
            file, maxBytes=_BYTES, backupCount=_FILES - 1, encoding="utf-8", delay=True
        )
        self._log.addHandler(self._handler)

    def close(self) -> None:
        """Release the file; a further line opens it again."""
        self._handler.close()

    def note(self, person: Person, did: str, library: str = "", what: str = "") -> None:
        """A line. `what` is a document, a page, an answer's id or the name of a person."""
        row = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "person": person.name, "token": person.token, "did": did, "library": library,
            "what": what,
        }  # fmt: skip
        self._log.info(json.dumps({name: text for name, text in row.items() if text}))
