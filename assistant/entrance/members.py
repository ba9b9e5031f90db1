"""Lets people with an account in by name and password. Knows no HTTP."""

from collections.abc import Mapping
from dataclasses import replace

from assistant.accounts.accounts import Accounts
from assistant.accounts.audit import Audit
from assistant.accounts.person import VISITOR
from assistant.accounts.sessions import Sessions, digest
from assistant.entrance.elsewhere import START, Elsewhere
from assistant.entrance.form import Field, Form
from assistant.entrance.guesses import Guesses
from assistant.entrance.roles import sealed_session
from assistant.i18n.translation import N_


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
        self, accounts: Accounts, sessions: Sessions, guesses: Guesses, audit: Audit,
        elsewhere: Elsewhere | None = None,
    ) -> None:  # fmt: skip
        """`elsewhere`: a provider where they may sign in, too."""
        self.elsewhere = elsewhere
        if elsewhere:
            self.form = replace(self.form, elsewhere=elsewhere.place, path=START)
        self._accounts, self._sessions, self._audit = accounts, sessions, audit
        self._guesses = guesses

    def enter(self, fields: Mapping[str, str], place: str) -> str | None:
        """The cookie of a new session; None for a wrong name or password. Raises TooManyTries."""
        name = fields.get("name", "")
        with self._guesses.guess(name, place):
            person = self._accounts.signs_in(name, fields.get("password", ""))
        if person is None:
            self._audit.note(VISITOR, "failed to sign in", what=place)
            return None
        self._guesses.right(name, place)
        self._audit.note(person, "signed in", what=place)
        return self._sessions.start(person)

    def mark(self, cookie: str) -> str | None:
        """What the pages are told of who has that cookie; None where its session has ended."""
        session = digest(cookie)
        return sealed_session(session) if cookie and self._sessions.person(session) else None
