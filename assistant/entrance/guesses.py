"""Counts guesses of passwords, which can be guessed and are dear to compare: for all processes of a
home, and all servers of a team, together."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from assistant.accounts.accounts import folded
from assistant.accounts.database import PART, Database
from assistant.accounts.sessions import digest
from assistant.build.stores.home_tables import place
from assistant.entrance.tries import WAIT, TooManyTries, neighbourhood
from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.storage.sqlite_file import Place
from vectorstore.catalog.engine import Transaction

_BY_NAME, _BY_PLACE = 10, 30  # wrong ones a minute; behind a proxy that is not known all have one
_Limits = tuple[tuple[str, int], ...]  # whose guesses, and how many of them


class Guesses(Database):
    """Of a home."""

    def __init__(self, place: Place, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells seconds since 1970."""
        super().__init__(place)
        self._clock = clock

    @contextmanager
    def guess(self, name: str, place: str) -> Iterator[None]:
        """Around a guess, of the password for a name, from an address. It counts as wrong until it
        is `right`: many that are judged at once are no more than the others. Where nobody could be
        looked up, which raises AssistantError, there was no guess. Raises TooManyTries."""
        limits = _limits(name, place)
        self._begin(limits)
        try:
            yield
        except AssistantError:
            with suppress(AssistantError):
                self._take_back(limits)
            raise

    def right(self, name: str, place: str) -> None:
        """The last guess was the right password."""
        self._take_back(_limits(name, place))

    def _begin(self, limits: _Limits) -> None:
        now = self._clock()
        with self._connected() as connection:
            for whose, most in limits:
                recent = [at for at in _times(connection, whose) if at > now - WAIT]
                if len(recent) >= most:
                    raise TooManyTries
                _keep(connection, whose, [*recent, now])
            connection.execute("DELETE FROM guess WHERE last <= ?", (now - WAIT,))

    def _take_back(self, limits: _Limits) -> None:
        with self._connected() as connection:
            for whose, _ in limits:
                _keep(connection, whose, _times(connection, whose)[:-1])


def guesses(settings: Settings) -> Guesses:
    """Of a home."""
    return Guesses(place(settings, PART))


def _limits(name: str, place: str) -> _Limits:
    """Of a name only a digest: people type passwords into its field, too."""
    return (
        (f"place {neighbourhood(place)}", _BY_PLACE),
        (f"name {digest(folded(name))}", _BY_NAME),
    )


def _times(connection: Transaction, whose: str) -> list[float]:
    """When they were; who else counts them waits for the end of this transaction."""
    row = connection.execute(
        "INSERT INTO guess (whose, times, last) VALUES (?, '[]', 0)"
        " ON CONFLICT (whose) DO UPDATE SET whose = excluded.whose RETURNING times",
        (whose,),
    ).fetchone()
    found: list[float] = json.loads(row[0])
    return found


def _keep(connection: Transaction, whose: str, times: list[float]) -> None:
    connection.execute(
        "UPDATE guess SET times = ?, last = ? WHERE whose = ?",
        (json.dumps(times), max(times, default=0.0), whose),
    )
