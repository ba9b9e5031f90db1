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


def unsealed(value: str) -> Role | None:
    """The role that the door has written; None for anything else."""
    for role in ("owner", "visitor"):
        if hmac.compare_digest(value.encode(), sealed(role).encode()):
            return role
    return None
