"""Passwords as Argon2id hashes, with the parameters of RFC 9106. The home of argon2."""

import threading
import unicodedata
from functools import cache
from typing import TYPE_CHECKING

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from argon2 import PasswordHasher


LEAST, MOST = 10, 256  # characters

# A hash takes 64 MB: many who sign in at once wait for each other.
_one_at_a_time = threading.Lock()


def check(password: str) -> None:
    """Raises AssistantError for a new password that is too short or too long."""
    if not LEAST <= len(password) <= MOST:
        raise AssistantError(f"A password has {LEAST} to {MOST} characters. Choose another one.")


def hashed(password: str) -> str:
    """With a salt of its own."""
    with _one_at_a_time:
        return _hasher().hash(_plain(password))


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the password of a kept hash. None, for a person who is not there, takes as
    long as any other."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(password) > MOST:
        return False
    with _one_at_a_time:
        try:
            return _hasher().verify(kept or _nobody(), _plain(password)) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


@cache
def _hasher() -> "PasswordHasher":
    try:
        from argon2 import PasswordHasher, profiles
    except ModuleNotFoundError as error:
        raise AssistantError(
            "Accounts need the package argon2-cffi. Install pincite[serve]; in a clone, "
            "`python3 scripts/set_up.py serve` does it."
        ) from error
    return PasswordHasher.from_parameters(profiles.RFC_9106_LOW_MEMORY)


@cache
def _nobody() -> str:
    return _hasher().hash("a password of nobody")


def _plain(password: str) -> str:
    """Keyboards write the same letter in several ways (RFC 8265, 4.2)."""
    return unicodedata.normalize("NFC", password)
