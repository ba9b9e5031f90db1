"""The types of an ASGI application, and what the headers of a request say.

See https://asgi.readthedocs.io/en/latest/specs/main.html.
"""

import ipaddress
import re
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

# How much may come at once, in megabytes: for app, API and the proxy before them.
LARGEST = 500  # a request with files for a library
ATTACHED = 64  # a file of a question, which who may only read sends as well
BYTES = 1 << 20  # of a megabyte

PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


def headers_of(scope: Scope) -> dict[str, str]:
    """The headers of a request by their names in small letters. What came more than once is joined:
    two hosts, origins, tokens or lengths are none that fits. The time is linear in their size."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name, value in scope["headers"]:
        found[name.decode("latin-1").lower()].append(value.decode("latin-1"))
    return {name: ("; " if name == "cookie" else ", ").join(all) for name, all in found.items()}


def cookie_of(header: str, name: str) -> str:
    """The value of a cookie in a `Cookie` header; empty where it has none. Ours need no quotes:
    taking those away takes http.cookies a time that grows with the square of their number."""
    pairs = (pair.strip().partition("=") for pair in header.split(";"))
    return next((value for key, _, value in pairs if key == name), "")


def with_headers(scope: Scope, *given: tuple[str, str], without: Collection[str] = ()) -> Scope:
    """The request with `given` headers instead of those of the same names, and `without`
    others."""
    names = {name.encode() for name in (*(name for name, _ in given), *without)}
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in names]
    added = [(name.encode(), value.encode("latin-1")) for name, value in given]
    return {**scope, "headers": [*kept, *added]}


def answering_with(send: Send, more: Mapping[str, str]) -> Send:
    """With `more` headers on each answer, also on refusals and errors."""
    added = [(name.encode(), value.encode("latin-1")) for name, value in more.items()]

    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await send(message)

    return sent


async def answer(
    send: Send, status: int, body: str | bytes, more: Mapping[str, str] = {},
    kind: str = "text/plain",
) -> None:  # fmt: skip
    """A whole answer, with `more` headers."""
    data = body if isinstance(body, bytes) else body.encode()
    given = {
        "content-type": f"{kind}; charset=utf-8", "content-length": str(len(data)),
        "cache-control": "no-store", **more,
    }  # fmt: skip
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": data})


# -- The names under which the server may be asked for
# A page of another site can point its own name at this machine (DNS rebinding). The browser then
# takes the app for a part of that site, and only the `Host` header still tells them apart.

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")  # internationalised ones in their ASCII form
_USUAL = {"http": 80, "https": 443}


class Hosts:
    """The admitted names of a server that listens on an address.

    `names` are further ones, such as the name of a reverse proxy.
    """

    def __init__(self, address: str, names: Iterable[str] = ()) -> None:
        self.names = LOOPBACK | {_plain(name) for name in (address, *names)}
        if not is_loopback(address):
            own = socket.gethostname()
            self.names |= {_plain(own), _plain(f"{own}.local")}
        # An address in numbers cannot be pointed elsewhere; a machine with several, or behind
        # another that passes connections on, cannot tell which of them are its own.
        self.any_number = is_wildcard(address)
        # Whoever asks sits at this machine: no other one reaches it, nor does a proxy with a name.
        self.only_here = not self.any_number and all(map(is_loopback, self.names))

    def admit(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        name = _split(host, 80)[0]
        return name in self.names or (self.any_number and _is_number(name))


def is_loopback(address: str) -> bool:
    """Whether nobody but this machine reaches what listens there."""
    name = _plain(address)
    return name == "localhost" or (_is_number(name) and ipaddress.ip_address(name).is_loopback)


def is_name(text: str) -> bool:
    """Whether it is an address in numbers, or a name such as browsers send it."""
    return _is_number(text) or bool(_NAME.fullmatch(text.lower()))


def is_wildcard(address: str) -> bool:
    """Whether it stands for all addresses of the machine."""
    name = _plain(address)
    return _is_number(name) and ipaddress.ip_address(name).is_unspecified


def is_same_origin(origin: str, host: str) -> bool:
    """Whether an `Origin` header names a page of this server, asked for by `host`."""
    try:
        scheme, place = urlsplit(origin).scheme, urlsplit(origin).netloc
    except ValueError:
        return False
    if scheme not in _USUAL or origin != f"{scheme}://{place}":
        return False
    usual = _USUAL[scheme]
    return bool(place) and _split(place, usual) == _split(host, usual) != ("", None)


def _split(place: str, usual: int) -> tuple[str, int | None]:
    """The name and the port of `name:port`; an empty name for what is no such thing."""
    try:
        parts = urlsplit(f"//{place}")
        name, port = parts.hostname or "", parts.port or usual
    except ValueError:
        return "", None
    clean = parts.netloc == place and "@" not in place and not any(map(str.isspace, place))
    return (_plain(name), port) if clean else ("", None)


def _plain(name: str) -> str:
    return name.strip().strip("[]").lower().rstrip(".")


def _is_number(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return "%" not in name  # anything may stand behind it
