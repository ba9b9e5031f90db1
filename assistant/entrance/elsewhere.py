"""Lets people in who sign in at a provider, and binds each sign-in to the browser that began it.
Knows no HTTP."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

from assistant.accounts.audit import Audit
from assistant.accounts.person import VISITOR
from assistant.accounts.provider import Begun, NotSignedIn, Provider
from assistant.accounts.sessions import Sessions, digest
from assistant.accounts.signed_in import SignedIn

START, BACK = "/oidc/start", "/oidc/callback"
LASTS = 600.0  # seconds that a person has at the provider
_MOST = 10_000  # sign-ins at once; the oldest are forgotten


class Elsewhere:
    """The provider of a home, at the door of its app."""

    def __init__(
        self, provider: Provider, people: SignedIn, sessions: Sessions, audit: Audit,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._provider, self._people = provider, people
        self._sessions, self._audit, self._clock = sessions, audit, clock
        self._lock = threading.Lock()
        self._begun: OrderedDict[str, tuple[Begun, float]] = OrderedDict()

    @property
    def place(self) -> str:
        """For people: where they sign in."""
        return self._provider.place

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
            person = self._people.person(self._claims(said, cookie, back))
        except NotSignedIn as error:
            self._audit.note(VISITOR, "failed to sign in", what=str(error))
            raise
        self._audit.note(person, "signed in", what=self.place)
        return self._sessions.start(person)

    def _claims(self, said: Mapping[str, str], cookie: str, back: str) -> Mapping[str, object]:
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
