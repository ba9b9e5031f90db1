"""Lets people in by a token, and knows them again by a cookie. Knows no HTTP.

Nothing is stored: tokens and cookies end with the process.
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from assistant.ui.door.roles import Role

TRIES = 5  # wrong tokens from one place, after which it waits
WAIT = 60.0  # seconds
_STAY = 7 * 24 * 3600.0  # seconds after which a cookie is no longer known
_MOST = 10_000  # cookies and places that are remembered; the oldest are forgotten


class TooManyTries(Exception):
    """Nobody may try from that place for a while."""


class Guests:
    """The tokens of a server, and who has come in with one of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.tokens: dict[Role, str] = {
            "owner": secrets.token_urlsafe(18),
            "visitor": secrets.token_urlsafe(18),
        }
        self._clock = clock
        self._lock = threading.Lock()
        self._cookies: OrderedDict[bytes, tuple[Role, float]] = OrderedDict()
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def come_in(self, token: str, place: str) -> str | None:
        """A new cookie for a right token; None for a wrong one.

        `place` is the address it was sent from. Raises TooManyTries.
        """
        role = self.judged(token, place)
        if role is None:
            return None
        with self._lock:
            cookie = secrets.token_urlsafe(32)
            self._cookies[_digest(cookie)] = role, self._clock() + _STAY
            _forget_oldest(self._cookies)
            return cookie

    def judged(self, token: str, place: str) -> Role | None:
        """Who the holder of a token is; None for a wrong one. `place` is the address it was sent
        from. Raises TooManyTries."""
        with self._lock:
            wrong = self._wrong_of(place)
            if len(wrong) >= TRIES:
                raise TooManyTries
            role = self._role_of(token)
            if role is None:
                self._wrong[_neighbourhood(place)] = [*wrong, self._clock()]
                _forget_oldest(self._wrong)
            return role

    def known(self, cookie: str) -> Role | None:
        """Who the holder of a cookie is."""
        # Found by its hash: how long that takes tells nothing about the cookies that there are.
        with self._lock:
            role, until = self._cookies.get(_digest(cookie), (None, 0.0))
        return role if self._clock() < until else None

    def _role_of(self, token: str) -> Role | None:
        """Every token is compared, in the same time whatever was sent."""
        given, found = _digest(token), None
        for role, right in self.tokens.items():
            if hmac.compare_digest(given, _digest(right)):
                found = role
        return found

    def _wrong_of(self, place: str) -> list[float]:
        since = self._clock() - WAIT
        return [at for at in self._wrong.get(_neighbourhood(place), ()) if at > since]


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _neighbourhood(place: str) -> str:
    """The address; of IPv6 its network, because a single machine has 2**64 addresses."""
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return place
    return str(ipaddress.ip_network((address, 64), False)) if address.version == 6 else place


def _forget_oldest(
    kept: OrderedDict[bytes, tuple[Role, float]] | OrderedDict[str, list[float]],
) -> None:
    while len(kept) > _MOST:
        kept.popitem(last=False)
