"""Who of a home it is that a provider has named."""

import secrets

from assistant.accounts.accounts import Accounts, plain
from assistant.accounts.person import Person
from assistant.accounts.provider import Claims, NotSignedIn
from assistant.errors import AssistantError
from assistant.settings import Settings


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
