"""The key of a model server, or the password of a database: of the settings, else of the system's
keyring."""

from assistant.models.server.address import Served, ServerAddress
from assistant.settings import Settings

SERVICE = "pincite"


def key_of(address: ServerAddress, settings: Settings, role: Served = "chat") -> str:
    """Empty where there is none: the key of one role is not given to the server of another.

    A keyring that is locked, or missing as on most servers, has none: then the server says that it
    wants one.
    """
    keys = {"chat": settings.chat_key, "embedding": settings.embedding_key}
    if given := keys[role].get_secret_value():
        return given
    return kept(address.place)


def kept(place: str) -> str:
    """What the keyring has for a server; empty where there is none."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:  # the extra `server` brings it
        return ""
    try:
        return keyring.get_password(SERVICE, place) or ""
    except KeyringError:
        return ""


def keep(place: str, password: str) -> bool:
    """Put a password into the keyring; False where there is none that takes it."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return False
    try:
        keyring.set_password(SERVICE, place, password)
    except KeyringError:  # also that there is no backend
        return False
    return True
