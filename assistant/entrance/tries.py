"""Counts wrong guesses, and makes who guessed too often wait. Knows no HTTP."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assistant.errors import AssistantError

TRIES = 5  # wrong guesses from one place, after which it waits
WAIT = 60.0  # seconds
_MOST = 10_000  # places that are remembered; the oldest are forgotten


class TooManyTries(Exception):
    """Nobody may try from that place for a while."""


class Tries:
    """Of a server. A place is an address, or whatever else is guessed for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = TRIES) -> None:
        self._clock, self._allowed = clock, most
        self._lock = threading.Lock()
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def begin(self, place: str) -> None:
        """A guess counts as wrong until it is `right`: many that are judged at once are no more
        than the others. Raises TooManyTries."""
        now, key = self._clock(), _neighbourhood(place)
        with self._lock:
            recent = [at for at in self._wrong.pop(key, ()) if at > now - WAIT]
            self._wrong[key] = recent if len(recent) >= self._allowed else [*recent, now]
            while len(self._wrong) > _MOST:
                self._wrong.popitem(last=False)
            if len(recent) >= self._allowed:
                raise TooManyTries

    @contextmanager
    def guess(self, place: str) -> Iterator[None]:
        """`begin`; and where nobody could be looked up, which raises AssistantError, there was no
        guess."""
        self.begin(place)
        try:
            yield
        except AssistantError:
            self.right(place)
            raise

    def right(self, place: str) -> None:
        """The last guess from there was no guess."""
        with self._lock:
            if recent := self._wrong.get(_neighbourhood(place)):
                recent.pop()


def _neighbourhood(place: str) -> str:
    """The address; of IPv6 its network, because a single machine has 2**64 addresses."""
    try:
        address = ipaddress.ip_address(place.partition("%")[0])
    except ValueError:
        return place
    return str(ipaddress.ip_network((address, 64), False)) if address.version == 6 else place
