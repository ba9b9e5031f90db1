"""The address of a mailbox or of a WebDAV folder, as a person writes it."""

import imaplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, quote, unquote, urlsplit

from assistant.errors import AssistantError
from ingest.platform.process import is_this_machine

# -- What can go wrong with a source

Field = Literal["", "server", "user", "password", "folder"]


class SourceFailed(AssistantError):
    """A source is named wrongly, or its server does not give what it has."""

    def __init__(self, sentence: str, field: Field = "") -> None:
        """`field` is what has to be put right, where one thing has: "folder" is also a mailbox."""
        super().__init__(sentence)
        self.field: Field = field


class UnknownSource(SourceFailed):
    """There is no source of that name."""


class Refused(SourceFailed):
    """The server does not take the user or the password."""


class LeftOut(SourceFailed):
    """One mail, file or folder below cannot be fetched; the others can."""

    def __init__(self, reason: str, field: Field = "") -> None:
        """The end of a sentence. Named by its keyword, `make messages` finds it."""
        super().__init__(reason, field)


Kind = Literal["imap", "webdav"]

_STARTTLS = "imap+starttls"  # TLS from the second command on (RFC 8314 calls it legacy)
_SCHEMES: dict[str, tuple[Kind, bool, int]] = {  # kind, TLS, usual port
    "imaps": ("imap", True, 993),
    _STARTTLS: ("imap", True, 143),
    "imap": ("imap", False, 143),
    "webdavs": ("webdav", True, 443),
    "https": ("webdav", True, 443),
    "webdav": ("webdav", False, 80),
    "http": ("webdav", False, 80),
}
_MAILBOX, _FOLDER = "imaps://user@mail.example.org/INBOX", "webdavs://user@files.example.org/papers"


@dataclass(frozen=True)
class Address:
    """Where a source is. `path` is a mailbox, or begins with "/" and is quoted as in a URL."""

    kind: Kind
    secure: bool
    user: str
    host: str
    port: int
    path: str
    starttls: bool = False  # it is secure, but begins in the open

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
    """The parts of an address. Raises SourceFailed, which says how to correct it."""
    shown = _shown(text)
    if not text.isprintable() or " " in text:
        raise SourceFailed(
            f"{shown!r} has characters that no address may have: write a space as %20.", "server"
        )
    parts, host, port = _split(text, shown)
    kind, secure, usual = _SCHEMES[parts.scheme]
    found = Address(
        kind, secure, _plain(parts.username or "", shown), host, port or usual,
        _path(kind, parts.path, shown), parts.scheme == _STARTTLS,
    )  # fmt: skip
    _check(found, shown)
    return found


def written(kind: Kind, server: str, user: str, folder: str, starttls: bool = False) -> str:
    """The address of what a person fills into a form. The server is a name, `name:port`, or a whole
    address, in which a user and a folder may stand already. Raises SourceFailed."""
    scheme, _, rest = server.strip().rpartition("://")
    place, _, path = rest.partition("/")
    named, _, host = place.rpartition("@")
    if not host:
        raise SourceFailed("Write the name of the server, such as mail.example.org.", "server")
    if kind == "imap" and not (user.strip() or named):
        raise SourceFailed("Write the user whose mailbox it is.", "user")
    if starttls and scheme not in ("", _STARTTLS):
        raise SourceFailed(
            f"The server is written with {scheme}://, and STARTTLS is chosen: leave one of them"
            " out.",
            "server",
        )
    usual = "webdavs" if kind == "webdav" else _STARTTLS if starttls else "imaps"
    who = quote(user.strip(), safe="") or named
    ways = [quote(path.strip("/"), safe="/%"), quote(folder.strip(" /"), safe="/")]
    return f"{scheme or usual}://{f'{who}@' if who else ''}{host}/{'/'.join(filter(None, ways))}"


def _split(text: str, shown: str) -> tuple[SplitResult, str, int | None]:
    """Its parts, its host as DNS has it, and its port. Raises SourceFailed."""
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
        host = host if host.isascii() else host.encode("idna").decode()
    except ValueError:  # UnicodeError is one
        raise _no_address(shown) from None
    if parts.scheme not in _SCHEMES or not host:
        raise _no_address(shown)
    if parts.password is not None:
        raise SourceFailed(
            f"The address of {host} has a password in it, where others can read it: leave it out,"
            " and keep it in the keyring of the system.",
            "server",
        )
    if parts.query or parts.fragment:
        raise SourceFailed(f"{shown!r} has a ? or #: write them as %3F and %23.", "server")
    return parts, host, port


def _check(found: Address, shown: str) -> None:
    """Raises SourceFailed for one that would give the password away, or has no user."""
    if not found.secure and not is_this_machine(found.host):
        raise SourceFailed(
            f"{shown!r} would send the password unencrypted: use"
            f" {f'imaps:// or {_STARTTLS}' if found.kind == 'imap' else 'webdavs'}://.",
            "server",
        )
    if found.kind == "imap" and not found.user:
        raise SourceFailed(
            f"{shown!r} names no user: write it before the host, as in {_MAILBOX}.", "user"
        )


def _no_address(text: str) -> SourceFailed:
    why = f"{text!r} is not the address of a source: write it as {_MAILBOX} or as {_FOLDER}."
    return SourceFailed(why, "server")


def _shown(text: str) -> str:
    """Without what could be a password: all between a colon and the last @, since a password that
    was not quoted may have any signs."""
    scheme, slashes, rest = text.partition("://") if "://" in text else ("", "", text)
    who, at, host = rest.rpartition("@")
    user, colon, _ = who.partition(":")
    return f"{scheme}{slashes}{user}{colon and ':…'}{at}{host}"


def _path(kind: Kind, path: str, text: str) -> str:
    plain = _plain(path, text)
    if kind == "imap":
        return plain.strip("/") or "INBOX"
    if any(part in (".", "..") for part in plain.split("/")):
        raise SourceFailed(f"{text!r} has a . or .. in its path: write the path without.", "folder")
    return quote(f"/{plain.strip('/')}")


def _plain(quoted: str, text: str) -> str:
    plain = unquote(quoted)
    if not plain.isprintable():
        raise SourceFailed(
            f"{text!r} has characters that no address may have: write it again.", "server"
        )
    return plain


def refused(address: Address) -> Refused:
    """The server does not take the user or the password."""
    return Refused(
        f"{address.host} refuses the user {address.user!r} or the password: check them, some"
        " servers require an app password.",
        "password",
    )


@contextmanager
def told(address: Address) -> Iterator[None]:
    """Errors of the network name the server and the remedy. Raises SourceFailed."""
    server = f"{address.host}:{address.port}"
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise SourceFailed(
            f"The certificate of {server} is not valid ({error.verify_message}): check the"
            " address, or install the certificate of its authority on this machine.",
            "server",
        ) from error
    except ssl.SSLError as error:
        raise SourceFailed(
            f"{server} offers no safe TLS ({error.reason}): check the port.", "server"
        ) from error
    except socket.gaierror as error:
        raise SourceFailed(
            f"The host {address.host} is not found: check the address and the network.", "server"
        ) from error
    except TimeoutError as error:
        raise SourceFailed(
            f"{server} did not answer in time: try again later.", "server"
        ) from error
    except (OSError, EOFError, imaplib.IMAP4.abort) as error:
        why = getattr(error, "strerror", None) or str(error)[:200]  # without the number
        raise SourceFailed(
            f"{server} cannot be reached, or closed the connection ({why}): try again later.",
            "server",
        ) from error
