"""Lets people with an account in by name and password. Knows no HTTP."""

import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace

from assistant.entrance.guests import WAIT, Field, Form, TooManyTries, neighbourhood, sealed
from assistant.errors import AssistantError
from assistant.i18n.translation import N_
from assistant.team.accounts import VISITOR, Accounts, AccountsDatabase, Person, folded
from assistant.team.provider import Begun, Claims, NotSignedIn, Provider
from assistant.team.tokens import Sessions, digest
from vectorstore.database.schema import Transaction

# -- Lets people in who sign in at a provider, and binds each sign-in to the browser that began it.
# Knows no HTTP.

START, BACK = "/oidc/start", "/oidc/callback"
LASTS = 600.0  # seconds that a person has at the provider
_MOST = 10_000  # sign-ins at once; the oldest are forgotten


class Elsewhere:
    """The provider of a home, at the door of its app."""

    def __init__(
        self, provider: Provider, people: Callable[[Claims], Person], sessions: Sessions,
        accounts: Accounts, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.place = provider.place  # for people: where they sign in
        self._provider, self._people = provider, people
        self._sessions, self._accounts, self._clock = sessions, accounts, clock
        self._lock = threading.Lock()
        self._begun: OrderedDict[str, tuple[Begun, float]] = OrderedDict()

    def begin(self, back: str) -> tuple[str, str]:
        """Where the browser goes, and a cookie by which it is known again. Raises NotSignedIn."""
        begun, cookie = Begun(), secrets.token_urlsafe(24)
        address = self._provider.begin(begun, back)
        with self._lock:
            self._begun[digest(cookie)] = begun, self._clock() + LASTS
            while len(self._begun) > _MOST:
                self._begun.popitem(last=False)
        return address, cookie

    def finish(self, said: Mapping[str, str], cookie: str, back: str) -> str:
        """The cookie of a new session. Raises NotSignedIn; each sign-in ends once."""
        try:
            person = self._people(self._claims(said, cookie, back))
        except NotSignedIn as error:
            self._accounts.note(VISITOR, "failed to sign in", what=str(error))
            raise
        self._accounts.note(person, "signed in", what=self.place)
        return self._sessions.start(person)

    def _claims(self, said: Mapping[str, str], cookie: str, back: str) -> Claims:
        with self._lock:
            begun, until = self._begun.pop(digest(cookie), (None, 0.0))
        state = said.get("state", "").encode("utf-8", "surrogatepass")
        if begun is None or self._clock() > until:
            raise NotSignedIn("The sign-in did not begin in this browser, or too long ago.")
        if not secrets.compare_digest(state, begun.state.encode()):
            raise NotSignedIn("The sign-in did not begin in this browser.")
        if not (code := said.get("code", "")):
            raise NotSignedIn(f"{self.place} refused: {said.get('error', '')[:200]}")
        return self._provider.finish(begun, code, back)


# -- Counts guesses of passwords, which can be guessed and are dear to compare: for all processes of
# a home, and all servers of a team, together.

_BY_NAME, _BY_PLACE = 10, 30  # wrong ones a minute; behind a proxy that is not known all have one


class Guesses(AccountsDatabase):
    """The wrong guesses of the last minute, by name and by place."""

    @contextmanager
    def guess(self, name: str, place: str) -> Iterator[None]:
        """Around a guess, of the password for a name, from an address. It counts as wrong until it
        is `right`: many that are judged at once are no more than the others. Where nobody could be
        looked up, which raises AssistantError, there was no guess. Raises TooManyTries."""
        now = self._clock()
        with self._connected() as connection:
            for whose, most in _limits(name, place):
                recent = [at for at in _times(connection, whose) if at > now - WAIT]
                if len(recent) >= most:
                    raise TooManyTries
                _keep(connection, whose, [*recent, now])
            connection.execute("DELETE FROM guess WHERE last <= ?", (now - WAIT,))
        try:
            yield
        except AssistantError:
            with suppress(AssistantError):
                self.right(name, place)
            raise

    def right(self, name: str, place: str) -> None:
        """The last guess was the right password, or none."""
        with self._connected() as connection:
            for whose, _ in _limits(name, place):
                _keep(connection, whose, _times(connection, whose)[:-1])


def _limits(name: str, place: str) -> tuple[tuple[str, int], ...]:
    """Whose guesses, and how many of them. Of a name only a digest: people type passwords into its
    field, too."""
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


class Members:
    """The people of a home, at the door of its app."""

    form = Form(
        (
            Field("name", N_("Name"), "username", type="text"),
            Field("password", N_("Password"), "current-password"),
        ),
        N_("Sign in"),
        wrong=N_("That is not the name and the password of an account."),
    )

    def __init__(
        self, accounts: Accounts, sessions: Sessions, guesses: Guesses,
        elsewhere: Elsewhere | None = None,
    ) -> None:  # fmt: skip
        """`elsewhere`: a provider where they may sign in, too."""
        self.elsewhere = elsewhere
        if elsewhere:
            self.form = replace(self.form, elsewhere=elsewhere.place, path=START)
        self._accounts, self._sessions = accounts, sessions
        self._guesses = guesses

    def enter(self, fields: Mapping[str, str], place: str) -> str | None:
        """The cookie of a new session; None for a wrong name or password. Raises TooManyTries."""
        name = fields.get("name", "")
        with self._guesses.guess(name, place):
            person = self._accounts.signs_in(name, fields.get("password", ""))
        if person is None:
            self._accounts.note(VISITOR, "failed to sign in", what=place)
            return None
        self._guesses.right(name, place)
        self._accounts.note(person, "signed in", what=place)
        return self._sessions.start(person)

    def mark(self, cookie: str) -> str | None:
        """What the pages are told of who has that cookie; None where its session has ended."""
        session = digest(cookie)
        return sealed(session) if cookie and self._sessions.person(session) else None
