"""The address of a mailbox or of a WebDAV folder, as a person writes it."""

from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from assistant.sources.errors import SourceFailed
from ingest.platform.loopback import is_this_machine

_SCHEMES: dict[str, tuple[Literal["imap", "webdav"], bool, int]] = {  # kind, TLS, usual port
    "imaps": ("imap", True, 993),
    "imap": ("imap", False, 143),
    "webdavs": ("webdav", True, 443),
    "https": ("webdav", True, 443),
    "webdav": ("webdav", False, 80),
    "http": ("webdav", False, 80),
}
_EXAMPLE = "as imaps://user@mail.example.org/INBOX or webdavs://user@files.example.org/papers is"


@dataclass(frozen=True)
class Address:
    """Where a source is. `path` is a mailbox, or begins with "/" and is quoted as in a URL."""

    kind: Literal["imap", "webdav"]
    secure: bool
    user: str
    host: str
    port: int
    path: str

    @property
    def place(self) -> str:
        """Under this name the keyring has the password."""
        return f"{self.user}@{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The beginning of each URL of a WebDAV server."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.secure else ''}://{host}:{self.port}"


def parsed(text: str) -> Address:
    """Raises SourceFailed with the remedy."""
    if not text.isprintable() or " " in text:
        raise SourceFailed(f"{text!r} has signs that no address has: write a space as %20.")
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise SourceFailed(f"{text!r} is no address, {_EXAMPLE}.") from None
    if parts.scheme not in _SCHEMES or not host:
        raise SourceFailed(f"{text!r} is no address of a source, {_EXAMPLE}.")
    if parts.password is not None:
        raise SourceFailed(
            f"The address of {host} has a password in it, where others can read it: leave it out,"
            " and keep it in the keyring of the system."
        )
    if parts.query or parts.fragment:
        raise SourceFailed(f"{text!r} has a ? or #: write them as %3F and %23.")
    kind, secure, usual = _SCHEMES[parts.scheme]
    try:
        host = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        raise SourceFailed(f"{text!r} names no host, {_EXAMPLE}.") from None
    found = Address(
        kind, secure, _plain(parts.username or "", text), host, port or usual,
        _path(kind, parts.path, text),
    )  # fmt: skip
    if not secure and not is_this_machine(host):
        raise SourceFailed(
            f"{text!r} would send the password in the open: use"
            f" {'imaps' if kind == 'imap' else 'webdavs'}://."
        )
    if kind == "imap" and not found.user:
        raise SourceFailed(f"{text!r} names no user: write it before the host, {_EXAMPLE}.")
    return found


def _path(kind: str, path: str, text: str) -> str:
    plain = _plain(path, text)
    if kind == "imap":
        return plain.strip("/") or "INBOX"
    if any(part in (".", "..") for part in plain.split("/")):
        raise SourceFailed(f"{text!r} has a . or .. in its path: write the path without.")
    return quote(f"/{plain.strip('/')}")


def _plain(quoted: str, text: str) -> str:
    plain = unquote(quoted)
    if not plain.isprintable():
        raise SourceFailed(f"{text!r} has signs that no address has: write it anew.")
    return plain
