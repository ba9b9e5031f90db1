"""An OpenID provider, at which people of a home sign in. The home of authlib and joserfc.

The authorization code flow with PKCE: https://openid.net/specs/openid-connect-core-1_0.html and
RFC 7636. What comes back is believed by its signature alone.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import httpx

from assistant.errors import AssistantError
from assistant.security.network_guard import permit
from assistant.team.accounts import Accounts, Person, plain
from ingest.platform.process import is_secure

_SILENCE = 10.0  # seconds without an answer of the provider
_KNOWN = 3600.0  # seconds in which its description and keys are believed
_AGAIN = 30.0  # the same of keys that do not fit a token
_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]  # none that a public key could forge
_LEEWAY = 60  # seconds that clocks may differ
_PORTS = {"http": 80, "https": 443}
_REASON = "sign-in"

Claims = Mapping[str, Any]
Found = TypeVar("Found")


class NotSignedIn(AssistantError):
    """The provider did not say who it is, or what it said cannot be believed."""


@dataclass(frozen=True)
class Begun:
    """A sign-in that has begun; only the browser in which it did may end it."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))


class Provider:
    """Of one issuer and one client; for all threads of a process."""

    def __init__(self, issuer: str, client: str, secret: str) -> None:
        """The network guard lets the issuer through from now on."""
        self.issuer, self.client = issuer.rstrip("/"), client
        self.place = urlsplit(self.issuer).hostname or self.issuer  # for people
        self._secret = secret
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Any]] = {}  # by address, with when it came
        _permit(issuer)

    def begin(self, begun: Begun, back: str) -> str:
        """Where the browser goes; it comes `back` to that address. Raises NotSignedIn."""
        with self._client(back) as client:
            found: tuple[str, str] = client.create_authorization_url(
                self._fact("authorization_endpoint"), state=begun.state, nonce=begun.nonce,
                code_verifier=begun.verifier,
            )  # fmt: skip
            return found[0]

    def finish(self, begun: Begun, code: str, back: str) -> Claims:
        """Who has signed in. Raises NotSignedIn."""
        from authlib.integrations.base_client import OAuthError

        try:
            with self._client(back) as client:
                token = client.fetch_token(
                    self._fact("token_endpoint"), code=code, code_verifier=begun.verifier
                )
        except (httpx.HTTPError, OAuthError, OSError, ValueError) as error:
            raise NotSignedIn(f"{self.issuer} did not end the sign-in: {error}.") from error
        claims = self.claims(str(token.get("id_token", "")))
        if not secrets.compare_digest(str(claims.get("nonce", "")), begun.nonce):
            raise NotSignedIn(f"The token of {self.issuer} belongs to another sign-in.")
        return claims

    def claims(self, token: str) -> Claims:
        """What a token says that the issuer has signed for this client, and that has not run out.
        Raises NotSignedIn."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY, iss={"essential": True, "value": self._fact("issuer")},
            aud={"essential": True, "value": self.client}, exp={"essential": True},
        )  # fmt: skip
        for age in (_KNOWN, _AGAIN):  # a provider changes its keys from time to time
            try:
                keys = self._get(self._fact("jwks_uri"), age, KeySet.import_key_set)  # type: ignore[arg-type]
                found = jwt.decode(token, keys, algorithms=_ALGORITHMS)
                rules.validate(found.claims)
                return found.claims
            except (
                JoseError,
                KeyError,
                TypeError,
                ValueError,
            ) as error:  # also of what has no keys
                refused = error
        raise NotSignedIn(f"{self.issuer} did not issue this token for this Pincite: {refused}.")

    def _client(self, back: str) -> Any:
        from authlib.integrations.httpx_client import OAuth2Client

        return OAuth2Client(
            self.client, self._secret or None, scope="openid profile email", redirect_uri=back,
            code_challenge_method="S256", timeout=_SILENCE, trust_env=False,
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
        )  # fmt: skip

    def _fact(self, name: str) -> str:
        """Of the issuer's description of itself."""
        place = f"{self.issuer}/.well-known/openid-configuration"
        facts = self._get(place, _KNOWN, self._described)
        value = str(facts.get(name, ""))
        if not value:
            raise NotSignedIn(f"{self.issuer} does not say its {name}.")
        if not is_secure(value):
            raise NotSignedIn(f"{self.issuer} has its {name} at an address without https://.")
        _permit(value)
        return value

    def _described(self, facts: dict[str, Any]) -> dict[str, Any]:
        if str(facts.get("issuer", "")).rstrip("/") != self.issuer:
            raise NotSignedIn(f"The server at {self.issuer} names itself as another issuer.")
        return facts

    def _get(self, address: str, age: float, checked: Callable[[dict[str, Any]], Found]) -> Found:
        """What was there at most so many seconds ago, as `checked` returns it, which raises an
        error for what is not to be kept."""
        with self._lock:
            at, found = self._known.get(address, (0.0, None))
            if found is not None and time.monotonic() - at < age:
                return cast(Found, found)
            try:
                answer = httpx.get(address, timeout=_SILENCE, trust_env=False)
                answer.raise_for_status()
                found = answer.json()
            except (httpx.HTTPError, OSError, ValueError) as error:
                raise NotSignedIn(f"{address} cannot be read: {error}. Try again later.") from error
            if not isinstance(found, dict):
                raise NotSignedIn(f"{address} is not what an OpenID provider has there.")
            kept = checked(found)
            self._known[address] = time.monotonic(), kept
            return kept


def _permit(address: str) -> None:
    parts = urlsplit(address)
    if parts.hostname and parts.scheme in _PORTS:
        permit(parts.hostname, parts.port or _PORTS[parts.scheme], _REASON)


def named_person(accounts: Accounts, claim: str, makes: bool, claims: Claims) -> Person:
    """Who of a home it is that a provider has named in a `claim`; `makes`: who has no account
    becomes a reader. Raises NotSignedIn for who has no account here, and AssistantError where they
    cannot be looked up."""
    if claim == "email" and claims.get("email_verified") is not True:
        raise NotSignedIn("The provider has not verified the address of this person.")
    try:
        name = plain(str(claims.get(claim) or ""))
    except AssistantError as error:
        raise NotSignedIn(str(error)) from error
    if known := accounts.find(name):
        return known
    if makes:
        return accounts.add(name, secrets.token_urlsafe(32), "reader")
    raise NotSignedIn(f"There is no account {name!r} here. An owner can add one.")
