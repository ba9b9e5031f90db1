"""Lets people with an account in by name and password. Knows no HTTP."""

from collections.abc import Mapping
from dataclasses import replace

from assistant.accounts.accounts import Accounts
from assistant.accounts.audit import Audit
from assistant.accounts.person import VISITOR
from assistant.accounts.sessions import Sessions, digest
from assistant.entrance.elsewhere import START, Elsewhere
from assistant.entrance.form import Field, Form
from assistant.entrance.roles import sealed_session
from assistant.entrance.tries import Tries
from assistant.i18n.translation import N_

_BY_NAME, _BY_PLACE = 10, 30  # wrong passwords a minute; behind a proxy all have one place


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
        self, accounts: Accounts, sessions: Sessions, audit: Audit,
        elsewhere: Elsewhere | None = None,
    ) -> None:  # fmt: skip
        """`elsewhere`: a provider where they may sign in, too."""
        self.elsewhere = elsewhere
        if elsewhere:
            self.form = replace(self.form, elsewhere=elsewhere.place, path=START)
        self._accounts, self._sessions, self._audit = accounts, sessions, audit
        self._names, self._places = Tries(most=_BY_NAME), Tries(most=_BY_PLACE)

    def enter(self, fields: Mapping[str, str], place: str) -> str | None:
        """The cookie of a new session; None for a wrong name or password. Raises TooManyTries."""
        name = fields.get("name", "").strip().casefold()
        with self._places.guess(place), self._names.guess(f"name {name}"):
            person = self._accounts.signs_in(name, fields.get("password", ""))
        if person is None:
            self._audit.note(VISITOR, "failed to sign in", what=place)
            return None
        self._places.right(place)
        self._names.right(f"name {name}")
        self._audit.note(person, "signed in", what=place)
        return self._sessions.start(person)

    def mark(self, cookie: str) -> str | None:
        """What the pages are told of who has that cookie; None where its session has ended."""
        session = digest(cookie)
        return sealed_session(session) if cookie and self._sessions.person(session) else None
