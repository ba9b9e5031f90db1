"""The names under which the server may be asked for.

A page of another site can point its own name at this machine (DNS rebinding). The browser then
takes the app for a part of that site, and only the `Host` header still tells them apart.
"""

import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

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
