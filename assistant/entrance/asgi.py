"""The types of an ASGI application, and what the headers of a request say.

See https://asgi.readthedocs.io/en/latest/specs/main.html.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

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
    """The request with `given` headers in the place of those of the same names, and `without`
    others."""
    names = {name.encode() for name in (*(name for name, _ in given), *without)}
    kept = [(name, value) for name, value in scope["headers"] if name.lower() not in names]
    added = [(name.encode(), value.encode("latin-1")) for name, value in given]
    return {**scope, "headers": [*kept, *added]}


async def answer(
    send: Send, status: int, body: str, more: Mapping[str, str] = {}, kind: str = "text/plain"
) -> None:
    """A whole answer, with `more` headers."""
    data = body.encode()
    given = {
        "content-type": f"{kind}; charset=utf-8", "content-length": str(len(data)),
        "cache-control": "no-store", **more,
    }  # fmt: skip
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in given.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": data})
