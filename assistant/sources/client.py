"""What fetching asks of a server, and its errors in a sentence."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from assistant.sources.address import Address, LeftOut, Refused, SourceFailed
from assistant.sources.landing import Entry, Row

# -- How much a server may give: it may be hostile, or broken

MOST_BYTES = 500 << 20  # of a file, as of one that is dropped into the app
MOST_MAIL_BYTES = 100 << 20  # of a mail, which is held in memory meanwhile
MOST_ENTRIES = 200_000  # mails or files of a source
MOST_DEPTH = 20  # folders in folders
MOST_LISTED = 32 << 20  # bytes of one answer that is no mail and no file
SILENCE = 60.0  # seconds without a byte
LONGEST = 3600.0  # seconds for one mail or file: a server that drips is no faster than none


class Deadline:
    """When one answer has to be there."""

    def __init__(self) -> None:
        self._end = time.monotonic() + LONGEST

    def check(self) -> None:
        """Raises TimeoutError."""
        if time.monotonic() > self._end:
            raise TimeoutError


class Client(Protocol):
    """A server that was signed in to."""

    whole: bool  # whether the last list named all: what is missing there is gone
    left_out: list[tuple[str, LeftOut]]  # folders that the last list is without, and why

    def entries(self, check: Callable[[], None] = ...) -> Iterator[Entry]:
        """All mails or files; `check` is called before each request, and may raise. Raises
        SourceFailed."""

    def check(self) -> None:
        """Whether it lets the folder or mailbox be listed. Raises SourceFailed."""

    def read(self, entry: Entry, known: Row | None) -> Iterator[bytes] | None:
        """The bytes of one; None where it is as it was. Raises LeftOut, or SourceFailed."""

    def named(self, entry: Entry, fetched: Path) -> Sequence[str]:
        """The path of one under which people know it, from the file that was fetched."""

    def close(self) -> None: ...


def go_on() -> None:
    """A check that never ends a listing."""


def refused(address: Address) -> Refused:
    """The server does not take the user or the password."""
    return Refused(
        f"{address.host} refuses the user {address.user!r} or the password: check them, some"
        " servers want a password made for programs.",
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
            f"{server} speaks no TLS that is safe ({error.reason}): check the port.", "server"
        ) from error
    except socket.gaierror as error:
        raise SourceFailed(
            f"The host {address.host} is not found: check the address and the network.", "server"
        ) from error
    except TimeoutError as error:
        raise SourceFailed(
            f"{server} did not answer in time: try again later.", "server"
        ) from error
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or error  # without the number
        raise SourceFailed(
            f"{server} cannot be reached, or broke off ({why}): try again later.", "server"
        ) from error
