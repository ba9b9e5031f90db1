"""What fetching asks of a server, and its errors in a sentence."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from assistant.sources.address import Address
from assistant.sources.errors import SourceFailed
from assistant.sources.landing import Entry, Row


class Client(Protocol):
    """A server that was signed in to."""

    whole: bool  # whether the last list named all: what is missing there is gone

    def entries(self) -> Iterator[Entry]:
        """All mails or files. Raises SourceFailed."""

    def read(self, entry: Entry, known: Row | None) -> Iterator[bytes] | None:
        """The bytes of one; None where it is as it was. Raises LeftOut, or SourceFailed."""

    def close(self) -> None: ...


@contextmanager
def told(address: Address) -> Iterator[None]:
    """Errors of the network name the server and the remedy. Raises SourceFailed."""
    server = f"{address.host}:{address.port}"
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise SourceFailed(
            f"The certificate of {server} is not valid ({error.verify_message}): check the"
            " address, or install the certificate of its authority on this machine."
        ) from error
    except ssl.SSLError as error:
        raise SourceFailed(
            f"{server} speaks no TLS that is safe ({error.reason}): check the port."
        ) from error
    except socket.gaierror as error:
        raise SourceFailed(
            f"The host {address.host} is not found: check the address and the network."
        ) from error
    except TimeoutError as error:
        raise SourceFailed(f"{server} did not answer in time: try again later.") from error
    except (OSError, EOFError) as error:
        why = getattr(error, "strerror", None) or error  # without the number
        raise SourceFailed(
            f"{server} cannot be reached, or broke off ({why}): try again later."
        ) from error
