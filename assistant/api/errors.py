"""Errors as the JSON that OpenAI's clients read: `{"error": {"message", "type", "code"}}`."""

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ingest.errors import PinciteError
from vectorstore.errors import LibraryBusy, LibraryError, UnknownDocument

Body = dict[str, dict[str, Any]]


class UnknownLibrary(LibraryError):
    """A request names a library that is not there."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        there = f"Libraries: {', '.join(known)}." if known else "There is none yet."
        super().__init__(f"There is no library {name!r}. {there}")


def body(message: str, status: int) -> Body:
    """An error for a client: a sentence for people, and the status as its code."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": status}}


def install(app: FastAPI) -> None:
    """Errors of ours, of the framework and of its validation become the same JSON."""

    @app.exception_handler(PinciteError)
    async def ours(_: Request, error: PinciteError) -> JSONResponse:
        return _response(str(error), status_of(error))

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        return _response(str(error.detail), error.status_code, dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    async def misused(_: Request, error: RequestValidationError) -> JSONResponse:
        return _response("; ".join(map(_told, error.errors())), 400)


def status_of(error: PinciteError) -> int:
    """The HTTP status that says the same as an error."""
    if isinstance(error, LibraryBusy):
        return 409
    return 404 if isinstance(error, UnknownDocument | UnknownLibrary) else 400


def _response(message: str, status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body(message, status), status, headers)


def _told(error: Any) -> str:
    """What is wrong with which field: "messages.0.role: Field required"."""
    place = ".".join(str(part) for part in error["loc"] if part != "body")
    return f"{place}: {error['msg']}" if place else str(error["msg"])
