"""Stands before the API: who may not come in gets no route.

A web page that a person has open can send requests to this machine, also under a name of its own
(DNS rebinding); so the names of the server and the origin of a page are compared first.
"""

import re
from collections.abc import Callable, Mapping
from json import dumps
from logging import getLogger
from typing import Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException

from assistant.entrance import asgi
from assistant.entrance.asgi import Asgi, Receive, Scope, Send
from assistant.entrance.guests import WAIT, Guests, TooManyTries, Tries
from assistant.errors import AssistantError
from assistant.team.accounts import LOCAL, VISITOR, Person
from assistant.team.api.errors import body
from assistant.team.api.shelf import PERSON
from assistant.team.tokens import Tokens

_OPEN = ("/healthz", "/readyz", "/metrics")  # for who watches the server; the last has a token
_OWN = ("same-origin", "none")
_LOOKS_UP = 4  # requests whose token is looked up at once
# A page of another site may not show what it loads from here, nor take it for another type.
_CLOSED = {
    "cross-origin-resource-policy": "same-origin", "x-content-type-options": "nosniff",
}  # fmt: skip
_LARGEST = 4 << 20  # bytes of a request, but for files
_ADDS = re.compile(r"/api/libraries/[^/]+/documents")  # a POST there brings files

_Judged = tuple[Person | None, tuple[int, str] | None]

log = getLogger(__name__)


class Guard:
    """An ASGI application before another one.

    While there are `tokens` of people, each request needs one, or one that a provider has `signed`.
    Otherwise, without `guests` all who reach it are owners: it must not be reached from another
    machine. Which of the two it is each request asks anew.
    """

    def __init__(
        self, inner: Asgi, hosts: asgi.Hosts, guests: Guests | None = None,
        tokens: Callable[[], Tokens | None] = lambda: None,
        signed: Callable[[str], Person | None] = lambda token: None,
    ) -> None:  # fmt: skip
        self._inner, self._hosts, self._guests, self._tokens = inner, hosts, guests, tokens
        self._signed = signed
        self._tries = Tries()
        # Threads that no work takes; those that may wait for a provider keep nobody else from one.
        self._looking, self._signing = CapacityLimiter(_LOOKS_UP), CapacityLimiter(_LOOKS_UP)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        asked, send = asgi.headers_of(scope), asgi.answering_with(send, _CLOSED)
        person, refusal = await self._judged(scope, asked)
        if refusal:
            await _refuse(send, *refusal)
        elif _announced(asked) > (most := _most(scope, person)):
            await _refuse(send, 413, _too_large(most))
        else:
            state = {**scope.get("state", {}), PERSON: person}
            # No route knows a cookie, and FastAPI would parse them all by http.cookies.
            inner = asgi.with_headers({**scope, "state": state}, without=("cookie",))
            await self._inner(inner, _limited(receive, most), send)

    async def _judged(self, scope: Scope, asked: Mapping[str, str]) -> _Judged:
        """Who asks; or the status and the sentence that turn the request away."""
        if refusal := self._elsewhere(asked):
            return None, (403, refusal)
        if scope["path"] in _OPEN:
            return VISITOR, None
        place = (scope.get("client") or ("", 0))[0]
        scheme, _, given = asked.get("authorization", "").partition(" ")
        token = given.strip() if scheme.lower() == "bearer" else ""
        threads = self._signing if is_signed(token) else self._looking
        try:
            return await run_sync(self._known, asked, token, place, limiter=threads)
        except TooManyTries:
            return None, (429, f"Too many wrong tokens. Wait {WAIT:.0f} seconds.")
        except AssistantError as error:
            log.warning("%s", error)  # which names a server that strangers need not know
            return None, (503, "Accounts cannot be looked up at the moment. Try again later.")

    def _elsewhere(self, asked: Mapping[str, str]) -> str:
        """Why a request that a page of another site has sent is turned away; empty if it is not.
        For a picture, a script or a style a browser tells no `Origin`, but its `Sec-Fetch-Site`,
        which is "none" where a person has typed the address."""
        host = asked.get("host", "")
        if not self._hosts.admit(host):
            return "This is Pincite, and it is not known by that name (--host NAME)."
        site, origin = asked.get("sec-fetch-site", "none"), asked.get("origin")
        if site not in _OWN or (origin is not None and not asgi.is_same_origin(origin, host)):
            return "Web pages of other origins have no access."
        return ""

    def _known(self, asked: Mapping[str, str], token: str, place: str) -> _Judged:
        """The same, of who may ask. Raises TooManyTries, AssistantError."""
        tokens = self._tokens()
        if tokens is None and self._guests is None:
            if any(name in asked for name in asgi.PROXIED):
                told = "Behind a proxy, Pincite asks for a token: start it with --host NAME."
                return None, (403, told)
            return LOCAL, None
        person = self._holder(token, place, tokens) if token else None
        shown = "that the terminal shows" if tokens is None else "of `pincite tokens add`"
        told = f"Send the token {shown}: Authorization: Bearer TOKEN."
        return person, None if person else (401, told)

    def _holder(self, token: str, place: str, tokens: Tokens | None) -> Person | None:
        """Raises TooManyTries for a wrong token too many, AssistantError."""
        if tokens is None:
            role = self._guests.judged(token, place) if self._guests else None
            return {"owner": LOCAL, "visitor": VISITOR, None: None}[role]
        person = tokens.person(token) or self._signed(token)
        if person is None:
            self._tries.wrong(place)
        return person


def is_signed(token: str) -> bool:
    """Whether it has the form of a provider's token (RFC 7519)."""
    return token.count(".") == 2


def _most(scope: Scope, person: Person | None) -> int:
    """Who may not add files need not send any: a form is read before its route is asked."""
    brings = scope["method"] == "POST" and _ADDS.fullmatch(scope["path"])
    may = person is not None and person.changes
    return asgi.LARGEST * asgi.BYTES if brings and may else _LARGEST


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
    wait = {"retry-after": f"{WAIT:.0f}"} if status == 429 else {}
    await asgi.answer(send, status, dumps(body(why, status)), wait, "application/json")
