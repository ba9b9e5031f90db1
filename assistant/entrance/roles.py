"""Who a visitor is. The door writes it into a header of the connection, and the pages read it."""

import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Literal

Role = Literal["owner", "visitor"]
ROLE_HEADER = "x-pincite-role"

# Only this process knows it, so that nobody who reaches Streamlit past the door can claim a role.
_SEAL = secrets.token_hex(16)


def sealed_role(role: Role) -> str:
    """The value of the header."""
    return f"{role} {_SEAL}"


def sealed_session(session: str) -> str:
    """The value for who has signed in: which session it is."""
    return f"session:{session} {_SEAL}"


def session_of(value: str) -> str:
    """The session that the door has written; empty for anything else."""
    kind, _, session = value.partition(" ")[0].partition(":")
    right = kind == "session" and hmac.compare_digest(
        value.encode(), sealed_session(session).encode()
    )
    return session if right else ""


def unsealed_role(value: str) -> Role | None:
    """The role that the door has written; None for anything else."""
    for role in ("owner", "visitor"):
        if hmac.compare_digest(value.encode(), sealed_role(role).encode()):
            return role
    return None


# -- Counts wrong guesses of secrets that are random: who guessed too often is told to wait, and a
# right one is let in all the same. Of passwords see `guesses`. Knows no HTTP.

TRIES = 5  # wrong guesses from one place, after which it waits
WAIT = 60.0  # seconds
_MOST = 10_000  # places that are remembered; the oldest are forgotten


class TooManyTries(Exception):
    """A wrong guess too many from that place, for a while."""


class Tries:
    """Of a server. A place is the address of who asks."""

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
            while len(self._wrong) > _MOST:
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
