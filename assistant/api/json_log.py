"""Log lines as JSON on standard error, for programs that collect them."""

import json
import logging
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """A line each: time, level, where, what; what a record is `about` in fields of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        about = getattr(record, "about", {})
        row = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "from": record.name,
            "message": record.getMessage(), **about,
        }  # fmt: skip
        if record.exc_info:
            row["error"] = self.formatException(record.exc_info)
        return json.dumps(row)


def install() -> None:
    """For all loggers of this process, in the place of what they had."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("uvicorn.error", "assistant.api.watching"):
        logging.getLogger(name).setLevel(logging.INFO)
