"""Who has signed in, known again by a cookie. The cookie itself is kept nowhere."""

import hashlib
import secrets
import time
from collections.abc import Callable

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.storage.sqlite_file import Place
from assistant.team.accounts import Accounts, person_of, plain
from assistant.team.database import ACCOUNTS, AccountsDatabase, Person
from assistant.team.provider import Claims, NotSignedIn
from assistant.wiring.stores import place_of_part

LASTS = 7 * 24 * 3600.0  # seconds after which one signs in again
IDLE = 24 * 3600.0  # seconds without a request that end a session, too
_NOTED = 60.0  # seconds between two notes that a session is in use


class Sessions(AccountsDatabase):
    """Of a home."""

    def __init__(self, place: Place, clock: Callable[[], float] = time.time) -> None:
        """`clock` tells seconds since 1970."""
        super().__init__(place)
        self._clock = clock

    def start(self, person: Person) -> str:
        """The cookie of a new session. Sessions that have ended are deleted."""
        cookie, now = secrets.token_urlsafe(32), self._clock()
        with self._connected() as connection:
            connection.execute(
                "DELETE FROM session WHERE made < ? OR seen < ?", (now - LASTS, now - IDLE)
            )
            connection.execute(
                "INSERT INTO session (digest, person, made, seen) VALUES (?, ?, ?, ?)",
                (digest(cookie), person.id, now, now),
            )
        return cookie

    def person(self, session: str) -> Person | None:
        """Whose session it is, by the digest of its cookie; None once it has ended."""
        now = self._clock()
        with self._reading() as connection:
            row = connection.execute(
                "SELECT person, seen FROM session WHERE digest = ? AND made > ? AND seen > ?",
                (session, now - LASTS, now - IDLE),
            ).fetchone()
            found = person_of(connection, row[0]) if row else None
        if row and row[1] < now - _NOTED:
            with self._connected() as connection:
                connection.execute("UPDATE session SET seen = ? WHERE digest = ?", (now, session))
        return found

    def end(self, session: str) -> None:
        """Sign out."""
        with self._connected() as connection:
            connection.execute("DELETE FROM session WHERE digest = ?", (session,))


def sessions(settings: Settings) -> Sessions:
    """Of a home."""
    return Sessions(place_of_part(settings, ACCOUNTS))


def digest(secret: str) -> str:
    """Random secrets need no slow hash: nobody can try 2**128 of them."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


# -- Who of a home it is that a provider has named


class SignedIn:
    """Matches claims with the accounts of a home."""

    def __init__(self, accounts: Accounts, claim: str, makes: bool) -> None:
        """By the name in `claim`; `makes`: who has no account becomes a reader."""
        self._accounts, self._claim, self._makes = accounts, claim, makes

    def person(self, claims: Claims) -> Person:
        """Raises NotSignedIn for who has no account here, and AssistantError where they cannot be
        looked up."""
        name = self._name(claims)
        if known := self._accounts.find(name):
            return known
        if self._makes:
            return self._accounts.add(name, secrets.token_urlsafe(32), "reader")
        raise NotSignedIn(f"There is no account {name!r} here. An owner can add one.")

    def _name(self, claims: Claims) -> str:
        name = str(claims.get(self._claim) or "")
        if self._claim == "email" and claims.get("email_verified") is not True:
            raise NotSignedIn("The provider has not verified the address of this person.")
        try:
            return plain(name)
        except AssistantError as error:
            raise NotSignedIn(str(error)) from error


def signed_in(settings: Settings, accounts: Accounts) -> SignedIn:
    """By the settings."""
    return SignedIn(accounts, settings.oidc_claim, settings.oidc_makes_readers)
