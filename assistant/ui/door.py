"""Stands before Streamlit's server: who does not belong here gets no page and no WebSocket.

Streamlit itself compares `Host` with a list for its WebSocket alone, admits origins on any port of
this machine, knows no password, and lets others frame its page.
"""

import asyncio
import base64
import functools
import hashlib
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

from assistant.entrance import asgi
from assistant.entrance.asgi import Asgi, Hosts, Receive, Scope, Send, cookie_of, headers_of
from assistant.entrance.guests import ROLE_HEADER, WAIT, Guests, TooManyTries, sealed
from assistant.errors import AssistantError
from assistant.i18n import translation
from assistant.i18n.translation import N_, _
from assistant.team.members import BACK, LASTS, START, Elsewhere, Members
from assistant.team.provider import NotSignedIn

# -- The headers of every response: the page loads nothing from elsewhere, and nobody frames it

# Streamlit's frontend makes its styles while it runs, its components are modules in blobs, and
# the charts of Vega read their data from there.
_POLICY = (
    "default-src 'self'",
    "script-src 'self' blob: {scripts}",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "media-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self' blob: data: {sockets}",
    "worker-src 'self' blob:",
    "frame-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_FIXED = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), payment=(), usb=(), microphone=(self)",
}
_BASE = "<script>window.__streamlit = { BACKEND_BASE_URL: location.origin };</script>"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def response_headers(host: str, page: str) -> dict[str, str]:
    """The headers for an answer to `host`, whose page may run its own inline scripts.

    `host` was admitted before: it holds nothing that could end a directive.
    """
    # Browsers before 2022 do not take a WebSocket of the same place for 'self'. A source cannot be
    # an IPv6 address.
    sockets = "" if host.startswith("[") else f"ws://{host} wss://{host}"
    policy = "; ".join(_POLICY).format(sockets=sockets, scripts=_hashes(page))
    return {**_FIXED, "content-security-policy": policy}


@functools.cache
def streamlit_page() -> str:
    """The page of the app: that of Streamlit, with the address of its server, and with the style of
    what is there before the first drawing, so that nothing moves then. By itself it looks below the
    address of each page first, and every miss is an error in the browser's console."""
    import streamlit

    file = Path(streamlit.__file__).with_name("static") / "index.html"
    first = (_HERE / "browser" / "first.css").read_text("utf-8")
    head = f"<head>\n    {_BASE}\n    <style>{first}</style>"
    return file.read_text("utf-8").replace("<head>", head, 1)


@functools.cache
def _hashes(page: str) -> str:
    """As the policy names scripts: https://www.w3.org/TR/CSP3/#grammardef-hash-source"""
    found = (hashlib.sha256(script.encode()).digest() for script in _INLINE.findall(page))
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in found)


# What nobody needs here: figures about the server, runs of the pages and a way to drive them.
_CLOSED = ("/_stcore/metrics", "/_stcore/script-health-check", "/_stcore/agent")
_HEALTH = "/_stcore/health"  # says "ok" to whoever watches the server
_TOO_MANY = N_("Too many wrong tokens. Wait {seconds} seconds, and try again.")
_NOT_THERE = N_("The sign-in did not succeed, or there is no account for you here. Ask an owner.")
_PROXY = "Behind a proxy, Pincite asks for a token: start it with --host NAME."
_AWAY = N_("Accounts cannot be looked up at the moment. Try again later.")
_FORM = 4096  # bytes of a form with a token

log = logging.getLogger(__name__)


# Who lets people in: by a token of this process, or by their accounts.
Entrance = Guests | Members


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
            with translation.speaking(
                translation.best_language(headers_of(scope).get("accept-language", ""))
            ):
                told = _(_AWAY)
            await _refuse(scope, send, 503, told)

    async def _led(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = headers_of(scope)
        if refusal := self._refusal(asked):
            await _refuse(scope, send, 403, refusal)
        elif scope["path"].startswith(_CLOSED):
            await _refuse(scope, send, 404, "There is nothing here.")
        elif scope["path"] == _HEALTH:
            await self._pass_on(scope, asked, sealed("visitor"), receive, send)
        elif (entrance := await asyncio.to_thread(self._entrance)) is None:
            if any(name in asked for name in asgi.PROXIED):
                await _refuse(scope, send, 403, _PROXY)
                return
            await self._pass_on(scope, asked, sealed("owner"), receive, send)
        else:
            await self._let_in(scope, asked, entrance, receive, send)

    async def _pass_on(
        self, scope: Scope, asked: dict[str, str], mark: str, receive: Receive, send: Send
    ) -> None:
        """With who it is in a header, in the place of any that the client has sent."""
        page = response_headers(asked.get("host", ""), streamlit_page())
        await self._inner(_marked(scope, asked, mark), receive, asgi.answering_with(send, page))

    def _refusal(self, asked: dict[str, str]) -> str:
        """Why a request is turned away; empty if it is not."""
        host = asked.get("host", "")
        if not self._hosts.admit(host):
            return "This is Pincite, and it is not known by that name (pincite app --host NAME)."
        if "origin" in asked and not asgi.is_same_origin(asked["origin"], host):
            return "Pages of other origins have no access."
        return ""

    async def _let_in(
        self, scope: Scope, asked: dict[str, str], entrance: Entrance, receive: Receive, send: Send
    ) -> None:
        """Let in who has a known cookie; others get the form."""
        form = asgi.answering_with(send, response_headers(asked["host"], entrance.form.page("")))
        cookie = cookie_of(asked.get("cookie", ""), cookie_name(scope))
        if entrance.elsewhere and scope["path"] in (START, BACK):
            await _provide(scope, asked, entrance, entrance.elsewhere, form)
        elif mark := await asyncio.to_thread(entrance.mark, cookie):
            await self._pass_on(scope, asked, mark, receive, send)
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
    return asgi.with_headers(scope, (ROLE_HEADER, mark), ("cookie", kept))


async def _refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": why})  # policy violation
        return
    await asgi.answer(send, status, why)


async def _answer(send: Send, status: int, body: str, more: Mapping[str, str] = {}) -> None:
    await asgi.answer(send, status, body, more, "text/html")


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


# -- Stands between door and Streamlit: files on their way into the app's memory
# Streamlit keeps what is uploaded in memory until the tab has gone, and takes a file for any id
# from who has a tab, whether or not a page has drawn a field for it. It cannot be asked which
# fields are drawn: it makes ids for whoever asks for them. So the bytes are bounded.

_PATH = "/_stcore/upload_file/"
_NO_LENGTH = 411, "Say how long the file is (Content-Length)."
_TOO_LARGE = 413, "This file is larger than you may send."
_FULL = 507, "The app holds too many files now. Take some away, or try again later."


class Uploads:
    """An ASGI application before another one. For each sign-in it counts what its tabs hold and
    what is on its way."""

    def __init__(
        self, inner: Asgi, adds: Callable[[str], bool], held: Callable[[str], int],
        most: Callable[[], int],
    ) -> None:  # fmt: skip
        """`adds`: whether who has a mark of the door may add files to libraries. `held` are the
        bytes of a tab, of all tabs for an empty name; `most` those that the app has room for."""
        self._inner, self._adds, self._held, self._most = inner, adds, held, most
        self._coming: Counter[str] = Counter()  # bytes, by the cookie of the door
        self._whose: dict[str, str] = {}  # the cookie of each tab that holds files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See https://asgi.readthedocs.io/en/latest/specs/www.html."""
        if not (scope.get("path", "").startswith(_PATH) and scope.get("method") == "PUT"):
            await self._inner(scope, receive, send)
            return
        asked = headers_of(scope)
        adds = await asyncio.to_thread(self._adds, asked.get(ROLE_HEADER, ""))
        who = cookie_of(asked.get("cookie", ""), cookie_name(scope))
        self._note(scope["path"].removeprefix(_PATH).partition("/")[0], who)
        length = asked.get("content-length", "")
        with self._room(who, int(length) if length.isdecimal() else -1, adds) as refusal:
            if refusal:
                await asgi.answer(send, *refusal)
            else:
                await self._inner(scope, receive, send)

    def _note(self, tab: str, who: str) -> None:
        kept = {each: owner for each, owner in self._whose.items() if self._held(each)}
        self._whose = {**kept, tab: who}

    @contextmanager
    def _room(self, who: str, size: int, adds: bool) -> Iterator[tuple[int, str] | None]:
        """Room for so many bytes while they come; or why there is none."""
        refusal = self._refusal(who, size, adds)
        size = 0 if refusal else size
        self._coming[who] += size
        try:
            yield refusal
        finally:
            self._coming[who] -= size
            self._coming += Counter()  # forgets who is at zero

    def _refusal(self, who: str, size: int, adds: bool) -> tuple[int, str] | None:
        """Who may only read has room for one of their largest files; and all of them for a half of
        what there is, so that the other half is left to who adds."""
        if size < 0:
            return _NO_LENGTH
        if size > (asgi.LARGEST if adds else asgi.ATTACHED) * asgi.BYTES:
            return _TOO_LARGE
        if self._coming.total() + self._held("") + size > self._most() // (1 if adds else 2):
            return _FULL
        tabs = [tab for tab, owner in self._whose.items() if owner == who]
        own = self._coming[who] + sum(map(self._held, tabs)) + size
        return None if adds or own <= asgi.ATTACHED * asgi.BYTES else _FULL


# -- The page of the app, and what browsers need to install it beside others: a manifest and icons
# https://www.w3.org/TR/appmanifest/; `tab.js` names the manifest to the browser.

# The addresses of the pages. Streamlit keeps what a person chose for each address apart.
PAGES = ("", "library", "sheet", "measure", "settings")
MANIFEST = "/pincite.webmanifest"
_HERE = Path(__file__).parent
_FILES = {  # the colours of the manifest are those of the light theme: it knows one
    MANIFEST: ("pincite.webmanifest", "application/manifest+json"),
    "/pincite-icon.svg": ("icon.svg", "image/svg+xml"),
    "/pincite-icon-512.png": ("icon-512.png", "image/png"),
}
_KEPT = "max-age=86400"  # seconds; a newer version may have another icon


def with_manifest(inner: Asgi) -> Asgi:
    """An application that answers for these files and for the pages, and passes on all else."""

    async def answered(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path in _FILES:
            name, kind = _FILES[path]
            how = {"content-type": kind, "cache-control": _KEPT}
            await asgi.answer(send, 200, (_HERE / name).read_bytes(), how)
        elif scope["type"] == "http" and path.removeprefix("/") in PAGES:
            await _answer(send, 200, streamlit_page(), {"cache-control": "no-cache"})
        else:
            await inner(scope, receive, send)

    return answered
