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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assistant.i18n import translation
from assistant.i18n.translation import N_, _

if TYPE_CHECKING:
    import jinja2

# -- The page on which people sign in, in the language of their browser


@dataclass(frozen=True)
class Field:
    """An input; the browser's keeper of passwords knows what it is by `autocomplete`."""

    name: str
    label: str
    autocomplete: str
    type: str = "password"


@dataclass(frozen=True)
class Form:
    """A sign-in form; all texts are marked with `N_`, and translated when the page is made."""

    fields: tuple[Field, ...]
    button: str
    wrong: str  # the sentence for who is not let in
    where: str = ""  # where to find what the form asks for
    elsewhere: str = ""  # a provider where one may sign in instead, and the path to it:
    path: str = ""

    def page(self, accepted: str, notice: str = "") -> str:
        """`accepted`: the header Accept-Language. `notice`: what went wrong before."""
        spoken = translation.best_language(accepted)
        with translation.speaking(spoken):
            return _template().render(
                lang=spoken, form=self, _=_,
                notice=_(notice, seconds=f"{WAIT:.0f}") if notice else "",
                elsewhere=_("Sign in with {place}", place=self.elsewhere),
            )  # fmt: skip


@cache
def _template() -> "jinja2.Template":
    import jinja2

    text = Path(__file__).with_name("sign_in.html").read_text(encoding="utf-8")
    made: jinja2.Template = jinja2.Template(text, autoescape=True, trim_blocks=True)
    return made


# -- Who a visitor is. The door writes it into a header of the connection, and the pages read it.

Role = Literal["owner", "visitor"]
ROLE_HEADER = "x-pincite-role"

# Only this process knows it, so that nobody who reaches Streamlit past the door can claim a role.
_SEAL = secrets.token_hex(16)


def sealed(who: str) -> str:
    """The value of the role header, with the seal of this process: a role, or for who has signed in
    which session it is."""
    return f"{who} {_SEAL}"


def unsealed(value: str) -> str:
    """The role or the session that the door has written; empty for anything else."""
    who = value.partition(" ")[0]
    return who if hmac.compare_digest(value.encode(), sealed(who).encode()) else ""


# -- Counts wrong guesses of secrets that are random: who guesses too often has to wait, and a
# right one is still let in. Of passwords see `guesses`. Knows no HTTP.

TRIES = 5  # wrong guesses from one place, after which it waits
WAIT = 60.0  # seconds
_MOST_PLACES = 10_000  # places that are remembered; the oldest are forgotten


class TooManyTries(Exception):
    """A wrong guess too many from that place, for a while."""


class Tries:
    """Counts wrong guesses on a server. A place is the address of the client."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def wrong(self, place: str) -> None:
        """Count a wrong guess, which was looked up before. Raises TooManyTries, and counts nothing
        then."""
        now, key = self._clock(), neighbourhood(place)
        with self._lock:
            recent = [at for at in self._wrong.pop(key, ()) if at > now - WAIT]
            self._wrong[key] = recent if len(recent) >= TRIES else [*recent, now]
            while len(self._wrong) > _MOST_PLACES:
                self._wrong.popitem(last=False)
            if len(recent) >= TRIES:
                raise TooManyTries


def neighbourhood(place: str) -> str:
    """The address; of IPv6 its network, because a single machine has 2**64 addresses."""
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return place
    return str(ipaddress.ip_network((address, 64), False)) if address.version == 6 else place


_STAY = 7 * 24 * 3600.0  # seconds after which a cookie is no longer known
_MOST = 10_000  # cookies that are remembered; the oldest are forgotten


class Guests:
    """The tokens of a server, and who has come in with one of them."""

    elsewhere = None  # no provider where they may sign in instead

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
        """A new cookie for a form with a right token; None for a wrong one.

        `place` is the address it was sent from. Raises TooManyTries.
        """
        role = self.judged(fields.get("token", "").strip(), place)
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
        given, found = _digest(token), None
        for role, right in self.tokens.items():  # all, in the same time whatever was sent
            if hmac.compare_digest(given, _digest(right)):
                found = role
        if found is None:
            self._tries.wrong(place)
        return found

    def mark(self, cookie: str) -> str | None:
        """The header that tells the pages who has that cookie; None for an unknown one."""
        # Found by its hash: how long that takes tells nothing about the cookies that there are.
        with self._lock:
            role, until = self._cookies.get(_digest(cookie), (None, 0.0))
        return sealed(role) if role and self._clock() < until else None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
