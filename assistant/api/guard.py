"""Stands before the API: who may not come in gets no route.

A web page that a person has open can send requests to this machine, also under a name of its own
(DNS rebinding); so the names of the server and the origin of a page are compared first.
"""

import re
from collections.abc import Callable, Mapping
from json import dumps
from logging import getLogger
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from assistant.accounts.person import LOCAL, VISITOR, Person
from assistant.accounts.tokens import Tokens
from assistant.api.errors import body
from assistant.api.shelf import PERSON
from assistant.entrance.asgi import PROXIED, Asgi, Receive, Scope, Send, headers_of, with_headers
from assistant.entrance.guests import Guests
from assistant.entrance.hosts import Hosts, is_same_origin
from assistant.entrance.tries import WAIT, TooManyTries, Tries
from assistant.errors import AssistantError
from assistant.uploads.sizes import BYTES, LARGEST

_OPEN = ("/healthz", "/readyz", "/metrics")  # for who watches the server; the last has a token
_LARGEST = 4 << 20  # bytes of a request, but for files
_ADDS = re.compile(r"/api/libraries/[^/]+/documents")  # a POST there brings files

log = getLogger(__name__)


class Guard:
    """An ASGI application before another one.

    While there are `tokens` of people, each request needs one, or one that a provider has `signed`.
    Otherwise, without `guests` all who reach it are owners: it must not be reached from another
    machine. Which of the two it is each request asks anew.
    """

    def __init__(
        self, inner: Asgi, hosts: Hosts, guests: Guests | None = None,
        tokens: Callable[[], Tokens | None] = lambda: None,
        signed: Callable[[str], Person | None] = lambda token: None,
    ) -> None:  # fmt: skip
        self._inner, self._hosts, self._guests, self._tokens = inner, hosts, guests, tokens
        self._signed = signed
        self._tries = Tries()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        asked = headers_of(scope)
        person, refusal = await run_in_threadpool(self._judged, scope, asked)
        if refusal:
            await _refuse(send, *refusal)
        elif _announced(asked) > (most := _most(scope, person)):
            await _refuse(send, 413, _too_large(most))
        else:
            state = {**scope.get("state", {}), PERSON: person}
            # No route knows a cookie, and FastAPI would parse them all by http.cookies.
            inner = with_headers({**scope, "state": state}, without=("cookie",))
            await self._inner(inner, _limited(receive, most), send)

    def _judged(
        self, scope: Scope, asked: Mapping[str, str]
    ) -> tuple[Person | None, tuple[int, str] | None]:
        """Who asks; or the status and the sentence that turn the request away."""
        host = asked.get("host", "")
        if not self._hosts.admit(host):
            return None, (403, "This is Pincite, and it is not known by that name (--host NAME).")
        if "origin" in asked and not is_same_origin(asked["origin"], host):
            return None, (403, "Web pages of other origins have no access.")
        if scope["path"] in _OPEN:
            return VISITOR, None
        place = (scope.get("client") or ("", 0))[0]
        try:
            return self._known(asked, place, self._tokens())
        except TooManyTries:
            return None, (429, f"Too many wrong tokens. Wait {WAIT:.0f} seconds.")
        except AssistantError as error:
            log.warning("%s", error)  # which names a server that strangers need not know
            return None, (503, "Nobody can be looked up just now. Try again later.")

    def _known(
        self, asked: Mapping[str, str], place: str, tokens: Tokens | None
    ) -> tuple[Person | None, tuple[int, str] | None]:
        """The same, of who may ask. Raises TooManyTries, AssistantError."""
        if tokens is None and self._guests is None:
            if any(name in asked for name in PROXIED):
                told = "Behind a proxy, Pincite asks for a token: start it with --host NAME."
                return None, (403, told)
            return LOCAL, None
        token = _bearer(asked)
        person = self._holder(token, place, tokens) if token else None
        shown = "that the terminal shows" if tokens is None else "of `pincite tokens add`"
        told = f"Send the token {shown}: Authorization: Bearer TOKEN."
        return person, None if person else (401, told)

    def _holder(self, token: str, place: str, tokens: Tokens | None) -> Person | None:
        """Raises TooManyTries, AssistantError."""
        if tokens is None:
            role = self._guests.judged(token, place) if self._guests else None
            return {"owner": LOCAL, "visitor": VISITOR, None: None}[role]
        with self._tries.guess(place):
            person = tokens.person(token) or self._signed(token)
        if person:
            self._tries.right(place)
        return person


def _bearer(asked: Mapping[str, str]) -> str:
    scheme, _, token = asked.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _most(scope: Scope, person: Person | None) -> int:
    """Who may not add files need not send any: a form is read before its route is asked."""
    brings = scope["method"] == "POST" and _ADDS.fullmatch(scope["path"])
    return LARGEST * BYTES if brings and person is not None and person.changes else _LARGEST


def _too_large(most: int) -> str:
    return f"A request here has at most {most:,} bytes."


def _announced(asked: Mapping[str, str]) -> int:
    length = asked.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 20 else 0


def _limited(receive: Receive, most: int) -> Receive:
    """The request's bytes; raises HTTPException for one that sends more than a number of them."""
    got = 0

    async def received() -> Any:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > most:
            raise HTTPException(413, _too_large(most))
        return message

    return received


async def _refuse(send: Send, status: int, why: str) -> None:
    data = dumps(body(why, status)).encode()
    headers = {"content-type": "application/json", "content-length": str(len(data))}
    if status == 429:
        headers["retry-after"] = f"{WAIT:.0f}"
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": data})
