"""Who a visitor is. The door writes it into a header of the connection, and the pages read it."""

import hmac
import secrets
from typing import Literal

Role = Literal["owner", "visitor"]
HEADER = "x-pincite-role"

# Only this process knows it, so that nobody who reaches Streamlit past the door can claim a role.
_SEAL = secrets.token_hex(16)


def sealed(role: Role) -> str:
    """The value of the header."""
    return f"{role} {_SEAL}"


def sealed_session(session: str) -> str:
    """The value for who has signed in: which session it is."""
    return f"session:{session} {_SEAL}"


def session_of(value: str) -> str:
    """The session that the door has written; empty for anything else."""
    kind, _, session = value.partition(" ")[0].partition(":")
    right = kind == "session" and hmac.compare_digest(
        value.encode(), sealed_session(session).encode()
    )
    return session if right else ""


def unsealed(value: str) -> Role | None:
    """The role that the door has written; None for anything else."""
    for role in ("owner", "visitor"):
        if hmac.compare_digest(value.encode(), sealed(role).encode()):
            return role
    return None
