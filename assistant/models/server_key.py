"""The key of a model server: of the settings, else of the system's keyring."""

from assistant.models.server_address import ServerAddress
from assistant.settings import Settings

SERVICE = "pincite"


def key_of(address: ServerAddress, settings: Settings) -> str:
    """Empty where there is none. A keyring that is locked, or missing as on most servers, has
    none: then the server says that it wants one."""
    if given := settings.chat_key.get_secret_value():
        return given
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:  # the extra `server` brings it
        return ""
    try:
        return keyring.get_password(SERVICE, address.place) or ""
    except KeyringError:
        return ""
