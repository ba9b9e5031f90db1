"""The password of a source: of a variable of that source alone, else of the system's keyring."""

import os

from assistant.models.server.key import keep, kept
from assistant.settings import SOURCE_PASSWORD
from assistant.sources.address import Address, parsed
from assistant.sources.errors import SourceFailed
from assistant.sources.store import Source


def variable(name: str) -> str:
    """The environment variable with the password of a source, and of no other."""
    return f"{SOURCE_PASSWORD}{name.replace('-', '_').upper()}"


def has_password(source: Source) -> bool:
    """Or needs none."""
    address = parsed(source.address)
    return not address.user or bool(_found(source, address))


def password_of(source: Source) -> str:
    """Empty for a server that is asked without a user. Raises SourceFailed."""
    address = parsed(source.address)
    found = _found(source, address) if address.user else ""
    if address.user and not found:
        raise SourceFailed(
            f"There is no password for {address.place}: set {variable(source.name)}, or keep it in"
            f" the keyring of the system (`keyring set pincite {address.place}`).",
            "password",
        )
    return found


def keep_password(source: Source, password: str) -> None:
    """In the keyring. Raises SourceFailed where there is none, or where a variable goes first."""
    if os.environ.get(variable(source.name), password) != password:
        raise SourceFailed(
            f"The password of {source.name} is in {variable(source.name)}: change it there, and"
            " start the app again.",
            "password",
        )
    if not keep(parsed(source.address).place, password):
        raise SourceFailed(
            "This machine has no keyring that keeps a password: start the app with the password in"
            f" {variable(source.name)}, and leave this field empty.",
            "password",
        )


def _found(source: Source, address: Address) -> str:
    return os.environ.get(variable(source.name)) or kept(address.place)
