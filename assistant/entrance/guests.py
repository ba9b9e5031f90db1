"""Lets people in by a token, and knows them again by a cookie. Knows no HTTP.

Nothing is stored: tokens and cookies end with the process.
"""

import hashlib
import hmac
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from assistant.entrance.form import Field, Form
from assistant.entrance.roles import Role, sealed
from assistant.entrance.tries import Tries
from assistant.i18n.translation import N_

_STAY = 7 * 24 * 3600.0  # seconds after which a cookie is no longer known
_MOST = 10_000  # cookies that are remembered; the oldest are forgotten


class Guests:
    """The tokens of a server, and who has come in with one of them."""

    elsewhere = None

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.tokens: dict[Role, str] = {
            "owner": secrets.token_urlsafe(18),
            "visitor": secrets.token_urlsafe(18),
        }
        self._clock = clock
        self._lock = threading.Lock()
        self._cookies: OrderedDict[bytes, tuple[Role, float]] = OrderedDict()
        self._tries = Tries(clock)

    form = Form(
        (Field("token", N_("Token"), "off"),),
        N_("Come in"),
        wrong=N_("That is not the token that the terminal shows."),
        where=N_("The terminal in which Pincite runs shows a token."),
    )

    def enter(self, fields: Mapping[str, str], place: str) -> str | None:
        """See `come_in`; the token is in the form's field of that name."""
        return self.come_in(fields.get("token", "").strip(), place)

    def mark(self, cookie: str) -> str | None:
        """What the pages are told of who has that cookie; None for nobody."""
        role = self.known(cookie)
        return sealed(role) if role else None

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
            while len(self._cookies) > _MOST:
                self._cookies.popitem(last=False)
            return cookie

    def judged(self, token: str, place: str) -> Role | None:
        """Who the holder of a token is; None for a wrong one. `place` is the address it was sent
        from. Raises TooManyTries for a wrong one too many."""
        role = self._role_of(token)
        if role is None:
            self._tries.wrong(place)
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


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
