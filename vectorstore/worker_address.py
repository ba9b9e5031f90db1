"""The address of a Ray cluster: `ray://host:10001`, or `host:6379` on a machine that belongs to
it.
"""

import re
import socket
from dataclasses import dataclass

from vectorstore.errors import WorkersAway

_FORM = re.compile(
    r"(?P<client>ray://)?(?P<host>\[[0-9a-f:.]+\]|[\w.-]+):(?P<port>\d{1,5})/?", re.IGNORECASE
)
_PORT_CONNECTS = 5.0  # seconds after which nobody is there


@dataclass(frozen=True)
class RayAddress:
    """The host and port at which a Ray cluster answers, and by which protocol."""

    host: str
    port: int
    client: bool  # by Ray's client, from any machine

    @property
    def place(self) -> str:
        """The address as people and Ray read it: `ray://host:10001`, or `host:6379`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ray://' if self.client else ''}{host}:{self.port}"

    def knock(self) -> None:
        """Raises WorkersAway where nothing listens. Ray itself would try for a minute, from native
        code; this is seen by the guard of Python's sockets."""
        try:
            socket.create_connection((self.host, self.port), _PORT_CONNECTS).close()
        except OSError as error:
            raise away(self, reason="do not answer") from error


def parsed(text: str) -> RayAddress | None:
    """The address that a text is; None where it is not one."""
    found = _FORM.fullmatch(text)
    if not found or not 0 < int(found["port"]) < 65536:
        return None
    return RayAddress(found["host"].strip("[]"), int(found["port"]), bool(found["client"]))


def away(address: RayAddress, reason: str) -> WorkersAway:
    """The error of workers of which no more can be expected."""
    return WorkersAway(
        f"The workers at {address.place} {reason}. Start Ray there, or take the setting `workers` "
        "away: then this machine reads. The next `pincite add` goes on."
    )
