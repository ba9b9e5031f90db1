"""The people of a home, or of the team that it belongs to: accounts, rights and sign-in, built from
settings. Whatever is built raises AssistantError where the tables are in another place than the
settings say.
"""

import math
import time
from collections.abc import Callable
from functools import partial

from assistant.settings import Settings
from assistant.storage.conversation_tables import CONVERSATIONS
from assistant.team.accounts import ACCOUNTS, Accounts, Person
from assistant.team.members import Guesses
from assistant.team.provider import Claims, Provider, named_person
from assistant.team.rights import Limits
from assistant.team.tokens import Sessions, Tokens
from assistant.wiring.places import place_of_part

PARTS = ACCOUNTS, CONVERSATIONS  # of a home, beside its libraries
PAUSE = 1.0  # seconds


def home_accounts(settings: Settings) -> Accounts:
    """The accounts of a home, with the audit log. The tables are made where they are missing."""
    return Accounts(place_of_part(settings, ACCOUNTS), settings.audit_days)


def accounts_if_any(settings: Settings) -> Accounts | None:
    """The accounts; None where nobody has one: then nobody has to sign in. Raises AssistantError
    where it cannot be known."""
    found = home_accounts(settings)
    return found if found.is_there() and found.any() else None


class Known:
    """The accounts of a home that a running process serves. Any thread may ask."""

    def __init__(self, settings: Settings, pause: float = PAUSE) -> None:
        """That nobody has an account counts for `pause` seconds: a page asks many times."""
        self._settings, self._pause = settings, pause
        self._found: Accounts | None = None
        self._none_until = -math.inf

    def now(self) -> Accounts | None:
        """None as long as nobody has an account, which any process may change at any moment; from
        then on everybody has to sign in, for as long as this process runs. Raises
        AssistantError where it cannot be known."""
        began = time.monotonic()
        if self._found is None and began >= self._none_until:
            if found := accounts_if_any(self._settings):
                self._found = found  # never taken back, whatever another thread found before
            else:
                self._none_until = began + self._pause
        return self._found


def sessions(settings: Settings) -> Sessions:
    """The sessions of people who have signed in to the app."""
    return Sessions(place_of_part(settings, ACCOUNTS))


def tokens(settings: Settings) -> Tokens:
    """The API tokens of people."""
    return Tokens(place_of_part(settings, ACCOUNTS))


def guesses(settings: Settings) -> Guesses:
    """The counter of wrong passwords."""
    return Guesses(place_of_part(settings, ACCOUNTS))


def limits(settings: Settings) -> Limits:
    """The counters of questions and added files."""
    return Limits(
        place_of_part(settings, ACCOUNTS), settings.questions_an_hour, settings.added_mb_a_day
    )


def provider(settings: Settings) -> Provider | None:
    """The OpenID provider where people sign in; None where the settings name none."""
    if not settings.oidc_issuer:
        return None
    secret = settings.oidc_secret.get_secret_value()
    return Provider(settings.oidc_issuer, settings.oidc_client, secret)


def signed_in(settings: Settings, accounts: Accounts) -> Callable[[Claims], Person]:
    """What matches people of the provider with accounts, see `named_person`."""
    return partial(named_person, accounts, settings.oidc_claim, settings.oidc_makes_readers)
