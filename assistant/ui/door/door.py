"""Stands before Streamlit's server: who does not belong here gets no page and no WebSocket.

Streamlit itself compares `Host` with a list for its WebSocket alone, admits origins on any port of
this machine, knows no password, and lets others frame its page.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Protocol
from urllib.parse import parse_qs

from assistant.accounts.provider import NotSignedIn
from assistant.entrance.asgi import (
    PROXIED,
    Asgi,
    Receive,
    Scope,
    Send,
    answer,
    cookie_of,
    headers_of,
    with_headers,
)
from assistant.entrance.elsewhere import BACK, LASTS, START, Elsewhere
from assistant.entrance.form import Form
from assistant.entrance.hosts import Hosts, is_same_origin
from assistant.entrance.roles import HEADER, sealed
from assistant.entrance.tries import WAIT, TooManyTries
from assistant.errors import AssistantError
from assistant.i18n import language
from assistant.i18n.translation import N_, _
from assistant.ui.door import headers

# What nobody needs here: figures about the server, runs of the pages and a way to drive them.
_CLOSED = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")
_HEALTH = "/_stcore/health"  # says "ok" to whoever watches the server
_TOO_MANY = N_("Too many wrong tokens. Wait {seconds} seconds, and try again.")
_NOT_THERE = N_("The sign-in did not succeed, or there is no account for you here. Ask an owner.")
_PROXY = "Behind a proxy, Pincite asks for a token: start it with --host NAME."
_AWAY = N_("Nobody can be looked up just now. Try again later.")
_FORM = 4096  # bytes of a form with a token

log = logging.getLogger(__name__)


class Entrance(Protocol):
    """Who lets people in: by a token of this process, or by their accounts."""

    @property
    def form(self) -> Form:
        """What they are asked."""

    @property
    def elsewhere(self) -> Elsewhere | None:
        """A provider where they may sign in instead."""

    def enter(self, fields: Mapping[str, str], place: str) -> str | None:
        """A new cookie for the right fields of the form. Raises TooManyTries."""

    def mark(self, cookie: str) -> str | None:
        """The header that tells the pages who has that cookie; None for nobody."""


class Door:
    """An ASGI application before another one.

    Without an entrance all who reach it are owners: it must not be reached from another machine.
    """

    def __init__(
        self, inner: Asgi, hosts: Hosts, entrance: Callable[[], Entrance | None] = lambda: None
    ) -> None:
        """Each request asks `entrance`, which raises AssistantError where it cannot be known."""
        self._inner = inner
        self._hosts = hosts
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if scope["type"] not in ("http", "websocket"):
            await self._inner(scope, receive, send)
            return
        try:
            await self._led(scope, receive, send)
        except AssistantError as error:
            log.warning("%s", error)  # which names a server that strangers need not know
            with language.speaking(language.best(headers_of(scope).get("accept-language", ""))):
                told = _(_AWAY)
            await _refuse(scope, send, 503, told)

    async def _led(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = headers_of(scope)
        host = asked.get("host", "")
        page = headers.of_response(host, headers.streamlit_page())
        if refusal := self._refusal(asked):
            await _refuse(scope, send, 403, refusal)
        elif scope["path"].startswith(_CLOSED):
            await _refuse(scope, send, 404, "There is nothing here.")
        elif scope["path"] == _HEALTH:
            await self._inner(
                _marked(scope, asked, sealed("visitor")), receive, _with_headers(send, page)
            )
        elif (entrance := await asyncio.to_thread(self._entrance)) is None:
            if any(name in asked for name in PROXIED):
                await _refuse(scope, send, 403, _PROXY)
                return
            await self._inner(
                _marked(scope, asked, sealed("owner")), receive, _with_headers(send, page)
            )
        else:
            await self._let_in(scope, asked, entrance, receive, send)

    def _refusal(self, asked: dict[str, str]) -> str:
        """Why a request is turned away; empty if it is not."""
        host = asked.get("host", "")
        if not self._hosts.admit(host):
            return "This is Pincite, and it is not known by that name (pincite app --host NAME)."
        if "origin" in asked and not is_same_origin(asked["origin"], host):
            return "Pages of other origins have no access."
        return ""

    async def _let_in(
        self, scope: Scope, asked: dict[str, str], entrance: Entrance, receive: Receive, send: Send
    ) -> None:
        """Who is known comes in; others are asked."""
        form = _with_headers(send, headers.of_response(asked["host"], entrance.form.page("")))
        cookie = cookie_of(asked.get("cookie", ""), cookie_name(scope))
        if entrance.elsewhere and scope["path"] in (START, BACK):
            await _provide(scope, asked, entrance, entrance.elsewhere, form)
        elif mark := await asyncio.to_thread(entrance.mark, cookie):
            page = headers.of_response(asked["host"], headers.streamlit_page())
            await self._inner(_marked(scope, asked, mark), receive, _with_headers(send, page))
        elif scope["type"] == "http" and scope["method"] == "POST":
            await _judge(scope, entrance, receive, form)
        elif "text/html" in asked.get("accept", "") and scope["type"] == "http":
            await _answer(form, 401, _page(scope, entrance))
        else:
            await _refuse(scope, form, 401, "Sign in first.")


async def _judge(scope: Scope, entrance: Entrance, receive: Receive, send: Send) -> None:
    """Let in who has sent the right form."""
    place = (scope.get("client") or ("", 0))[0]
    try:
        fields = await _fields(receive)
        cookie = await asyncio.to_thread(entrance.enter, fields, place)
    except TooManyTries:
        wait = {"retry-after": f"{WAIT:.0f}"}
        await _answer(send, 429, _page(scope, entrance, _TOO_MANY), wait)
        return
    if cookie is None:
        await _answer(send, 401, _page(scope, entrance, entrance.form.wrong))
        return
    # To the same address: a reference of a query alone cannot lead to another server.
    query = scope["query_string"].decode("latin-1")
    kept = _kept(cookie_name(scope), cookie, scope["scheme"])
    await _answer(send, 303, "", {"location": f"?{query}", "set-cookie": kept})


async def _provide(
    scope: Scope, asked: dict[str, str], entrance: Entrance, elsewhere: Elsewhere, send: Send
) -> None:
    """Send the browser to the provider, or let in who comes back from there."""
    scheme = scope["scheme"]  # as a proxy says it that is believed
    back, begun = f"{scheme}://{asked.get('host', '')}{BACK}", f"{cookie_name(scope)}_begun"
    try:
        if scope["path"] == START:
            place, cookie = await asyncio.to_thread(elsewhere.begin, back)
            kept = f"{_kept(begun, cookie, scheme)}; Max-Age={LASTS:.0f}"
        else:
            said = _first(scope["query_string"].decode("latin-1"))
            known = cookie_of(asked.get("cookie", ""), begun)
            place = "/"
            session = await asyncio.to_thread(elsewhere.finish, said, known, back)
            kept = _kept(cookie_name(scope), session, scheme)
    except NotSignedIn:  # the audit log says why
        await _answer(send, 401, _page(scope, entrance, _NOT_THERE))
        return
    await _answer(send, 303, "", {"location": place, "set-cookie": kept})


def _page(scope: Scope, entrance: Entrance, notice: str = "") -> str:
    return entrance.form.page(headers_of(scope).get("accept-language", ""), notice)


def _marked(scope: Scope, asked: Mapping[str, str], mark: str) -> Scope:
    """With who it is in a header, in the place of any that the client has sent. Cookies with a
    backslash are of other programs on this host; Starlette unquotes each by http.cookies."""
    pairs = asked.get("cookie", "").split(";")
    kept = ";".join(pair for pair in pairs if "\\" not in pair)
    return with_headers(scope, (HEADER, mark), ("cookie", kept))


def _with_headers(send: Send, more: dict[str, str]) -> Send:
    added = [(name.encode(), value.encode("latin-1")) for name, value in more.items()]

    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return sent


async def _refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})  # policy violation
        return
    await answer(send, status, why)


async def _answer(send: Send, status: int, body: str, more: Mapping[str, str] = {}) -> None:
    await answer(send, status, body, more, "text/html")


async def _fields(receive: Receive) -> dict[str, str]:
    """The fields of a form; none where there is no form, or it is too large."""
    data, more = b"", True
    while more:
        message = await receive()
        data += message.get("body", b"")
        more = message.get("more_body", False) and message["type"] == "http.request"
        if len(data) > _FORM:
            return {}
    return _first(data.decode("utf-8", "replace"))


def _first(query: str) -> dict[str, str]:
    """The first value of each name; none where there are too many."""
    try:
        fields = parse_qs(query, max_num_fields=10)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _kept(name: str, cookie: str, scheme: str) -> str:
    """The header that gives a cookie to the browser."""
    secure = "; Secure" if scheme in ("https", "wss") else ""
    return f"{name}={cookie}; Path=/; HttpOnly; SameSite=Lax{secure}"


def cookie_name(scope: Scope) -> str:
    """Browsers share cookies among the ports of a host, and two Pincites may run on it."""
    return f"pincite_{(scope.get('server') or ('', 0))[1]}"
