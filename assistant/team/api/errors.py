"""Errors as the JSON that OpenAI's clients read: `{"error": {"message", "type", "code"}}`."""

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

import assistant.errors
import vectorstore.errors
from assistant.libraries.uploads import NotFollowed
from assistant.sources.address import UnknownSource
from assistant.team.api.turns import TooManyRequests
from assistant.team.rights import LimitReached, NotAllowed
from ingest.errors import PinciteError

log = logging.getLogger(__name__)

Body = dict[str, dict[str, Any]]


class Problem(BaseModel):
    """What went wrong: a sentence for people, and the status as its code."""

    message: str
    type: str
    param: str | None
    code: int


class Failed(BaseModel):
    """The answer to a request that failed."""

    error: Problem


_WHERE = ("body", "query", "path", "header")  # what stands before the name of a field
_NO_OBJECT = ("missing", "model_attributes_type", "dict_type")  # of a whole body
# A body may have as many mistakes, and names as long, as fit into it.
_MOST_TOLD = 3
_LONGEST_PLACE = 100  # characters

_STATUS: dict[type[PinciteError], int] = {
    TooManyRequests: 429,
    LimitReached: 429,
    vectorstore.errors.UnknownDocument: 404,
    vectorstore.errors.UnknownLibrary: 404,
    UnknownSource: 404,
    NotFollowed: 404,
    assistant.errors.NotThere: 404,
    NotAllowed: 403,
    vectorstore.errors.LibraryBusy: 409,
    vectorstore.errors.LibraryAway: 503,
    assistant.errors.TablesAway: 503,
    assistant.errors.TablesBusy: 409,
    assistant.errors.TablesNotWritable: 500,
    vectorstore.errors.HomeNotWritable: 500,
    assistant.errors.ModelRuntimeMissing: 500,
    assistant.errors.ModelUnusable: 500,
}


class NotDone(assistant.errors.AssistantError):
    """What a client of OpenAI's protocol asks for, and this server does not do."""

    def __init__(self, param: str, sentence: str) -> None:
        """`param` is the field that asks for it."""
        super().__init__(f"{param}: {sentence}")
        self.param = param


def body(message: str, status: int, param: str | None = None) -> Body:
    """An error for a client: a sentence for people, and the status as its code."""
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": message, "type": kind, "param": param, "code": status}}


def of(error: PinciteError) -> Body:
    """The same of an error of ours."""
    return body(str(error), status_of(error), getattr(error, "param", None))


def install(app: FastAPI) -> None:
    """Errors of ours, of the framework and of its validation become the same JSON."""

    @app.exception_handler(PinciteError)
    async def ours(_: Request, error: PinciteError) -> JSONResponse:
        wait = {"retry-after": str(error.seconds)} if isinstance(error, LimitReached) else {}
        return JSONResponse(of(error), status_of(error), wait)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        headers = dict(error.headers or {})
        return _response(_sentence(request, error, headers), error.status_code, headers)

    @app.exception_handler(RequestValidationError)
    async def misused(_: Request, error: RequestValidationError) -> JSONResponse:
        wrong = error.errors()
        more = [f"and {len(wrong) - _MOST_TOLD:,} more"] if len(wrong) > _MOST_TOLD else []
        return _response("; ".join([*map(_told, wrong[:_MOST_TOLD]), *more]), 400)

    @app.exception_handler(Exception)
    async def unforeseen(_: Request, error: Exception) -> JSONResponse:
        log.error("a request failed", exc_info=error)
        return _response("The request failed unexpectedly. The server's log has the details.", 500)


def status_of(error: PinciteError) -> int:
    """The HTTP status that says the same as an error."""
    return next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 400)


def _response(message: str, status: int, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse(body(message, status), status, headers)


def _sentence(request: Request, error: HTTPException, headers: dict[str, str]) -> str:
    """What the framework says with a number alone is said with the way on."""
    if error.detail == HTTPStatus.NOT_FOUND.phrase:
        return "There is nothing at this address: /openapi.json lists what there is."
    if error.detail == HTTPStatus.METHOD_NOT_ALLOWED.phrase:
        takes = headers.get("Allow") or headers.get("allow") or "another method"
        return f"This address does not take {request.method}, but {takes}."
    return str(error.detail)


def _told(error: Any) -> str:
    """What is wrong with which field: "messages.0.role: Field required"."""
    kind, *field = error["loc"] or ("body",)
    if error["type"] == "json_invalid":
        return f"The body is not JSON: {error['ctx']['error']}."
    if not field and error["type"] in _NO_OBJECT:
        return "Send a body of JSON, an object, with content-type: application/json."
    place = ".".join(str(part) for part in (field if kind in _WHERE else error["loc"]))
    place = place[:_LONGEST_PLACE]
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such field. /openapi.json names those that there are."
    return f"{place}: {error['msg']}" if place else str(error["msg"])
