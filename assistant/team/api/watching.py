"""What whoever runs a server watches: figures for Prometheus, and a log line for each request.

Neither has a word of a person: routes are named by their kind, without libraries and documents.
"""

import hmac
import json
import logging
import re
import time
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from assistant.entrance.asgi import Asgi, Receive, Scope, Send
from assistant.entrance.guests import WAIT, TooManyTries, Tries
from assistant.team.api.served_libraries import Libraries

_ROUTES = {
    "chat": r"/v1/chat/completions", "embeddings": r"/v1/embeddings", "models": r"/v1/models.*",
    "ask": r"/api/.*/ask", "search": r"/api/.*/search", "pages": r"/api/.*/pages/[^/]*",
    "documents": r"/api/.*/documents.*",
    "own": r"/api/.*conversations.*|/api/receipts/.*",
    "libraries": r"/api/libraries", "mcp": r"/mcp.*",
    "health": r"/healthz|/readyz|/metrics",
}  # fmt: skip
# Seconds: a search takes tens of milliseconds, an answer of a small machine a minute.
_STEPS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)

log = logging.getLogger(__name__)


class Figures:
    """Counts and durations of one server's requests."""

    def __init__(self, libraries: Libraries) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "pincite_requests", "Requests that were answered.", ["route", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "pincite_request_seconds", "Until the last byte of the answer.", ["route"],
            buckets=_STEPS, registry=self._registry,
        )  # fmt: skip
        running = Gauge(
            "pincite_answers_running", "At work or waiting for their turn.",
            registry=self._registry,
        )  # fmt: skip
        running.set_function(lambda: libraries.turns["answers"].here)
        loaded = Gauge(
            "pincite_model_loaded", "Whether the chat model is in memory.", registry=self._registry
        )
        loaded.set_function(lambda: float(libraries.loaded))
        self._token = libraries.settings.metrics_token.get_secret_value()
        self._tries = Tries()

    def watched(self, inner: Asgi) -> Asgi:
        """The same application, whose answers are counted and timed."""

        async def asked(scope: Scope, receive: Receive, send: Send) -> None:
            status, begun = 500, time.monotonic()

            async def sent(message: Scope) -> None:
                nonlocal status
                status = message.get("status", status)
                await send(message)

            try:
                await inner(scope, receive, sent)
            finally:
                if scope["type"] == "http":
                    self._note(scope, status, time.monotonic() - begun)

        return asked

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_of(scope["path"])
        self._requests.labels(route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        about = {"route": route, "method": scope["method"], "status": status,
                 "ms": round(seconds * 1000, 1)}  # fmt: skip
        log.info("request", extra={"about": about})

    def page(self, request: Request) -> Response:
        """All figures as Prometheus reads them. Raises HTTPException without the token of the
        settings, or where they have none."""
        if not self._token:
            raise HTTPException(404, "Set PINCITE_METRICS_TOKEN to offer figures here.")
        place = request.client.host if request.client else ""
        given = request.headers.get("authorization", "").encode()
        if hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)
        try:
            self._tries.wrong(place)
        except TooManyTries:
            told = f"Too many wrong tokens. Wait {WAIT:.0f} seconds."
            raise HTTPException(429, told, {"retry-after": f"{WAIT:.0f}"}) from None
        raise HTTPException(401, "Send PINCITE_METRICS_TOKEN: Authorization: Bearer TOKEN.")


def route_of(path: str) -> str:
    """The kind of a path: of a few, whatever clients send."""
    found = (name for name, pattern in _ROUTES.items() if re.fullmatch(pattern, path))
    return next(found, "other")


# -- Log lines as JSON on standard error, for programs that collect them


class JsonLines(logging.Formatter):
    """A line each: time, level, where, what; what a record is `about` in fields of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        about = getattr(record, "about", {})
        row = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "from": record.name,
            "message": record.getMessage(), **about,
        }  # fmt: skip
        if record.exc_info:
            row["error"] = self.formatException(record.exc_info)
        return json.dumps(row)


def install_json_log() -> None:
    """Log JSON from all loggers of this process, replacing their handlers."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in ("uvicorn.error", "assistant.team.api.watching"):
        logging.getLogger(name).setLevel(logging.INFO)
