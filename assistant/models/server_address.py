"""The address of a model server, as a person gives it: `http://127.0.0.1:8080/v1#name`.

The part after # names a model of the server, where it has several.
"""

from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

from assistant.errors import ModelUnusable
from assistant.settings import Settings
from ingest.platform.process import is_this_machine

Served = Literal["chat", "embedding"]  # the roles that a server can have

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class ServerAddress:
    """Where a server that speaks OpenAI's protocol answers, and which of its models."""

    url: str  # without the name of the model
    host: str
    port: int
    model: str = ""

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for the name of a model or a path. Raises ModelUnusable for an address that is
        none."""
        if not text.lower().startswith(("http://", "https://")):
            return None
        try:
            parts = urlsplit(text)
            port = parts.port or _PORTS[parts.scheme]
        except ValueError as error:
            raise ModelUnusable(f"{text} is no address of a server: {error}.") from error
        if not parts.hostname or parts.username or parts.password or parts.query:
            raise ModelUnusable(
                f"{text} is no address of a server. One looks like http://127.0.0.1:8080/v1; its "
                "key, if it wants one, is the setting chat_key or embedding_key."
            )
        url = f"{parts.scheme}://{parts.netloc}{parts.path}".rstrip("/")
        return cls(url, parts.hostname, port, parts.fragment)

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine."""
        return is_this_machine(self.host)

    @property
    def place(self) -> str:
        """Host and port, as people are shown them: `127.0.0.1:8080`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.url}#{self.model}" if self.model else self.url


# -- The key of a model server, or the password of a database: of the settings, else of the system's
# keyring.

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

        return keyring.get_password(SERVICE, place) or ""
    except ImportError:  # the extra `server` brings it
        return ""
    except keyring.errors.KeyringError:
        return ""


def keep(place: str, password: str) -> bool:
    """Put a password into the keyring; False where there is none that takes it."""
    try:
        import keyring

        keyring.set_password(SERVICE, place, password)
    except ImportError:
        return False
    except keyring.errors.KeyringError:  # also that there is no backend
        return False
    return True
