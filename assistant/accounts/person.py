"""A person as the rest of the program sees one, and what each role may do."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

Role = Literal["reader", "editor", "owner"]
ROLES: tuple[Role, ...] = get_args(Role)  # each may do what those before it may


@dataclass(frozen=True)
class Person:
    """Who asks. The empty `id` is whoever uses a machine without accounts."""

    id: str
    name: str
    role: Role
    groups: frozenset[str] = frozenset()
    only: frozenset[str] | None = None  # the libraries of a program's token; None: no such limit
    token: str = ""  # the name of that token

    @property
    def changes(self) -> bool:
        """Whether they may add and remove documents."""
        return self.role != "reader"

    @property
    def owns(self) -> bool:
        """Whether they may also measure, teach, fetch models and make libraries."""
        return self.role == "owner"

    def limited(self, role: Role, only: frozenset[str] | None, token: str) -> "Person":
        """The same person through a token, which gives no more than they have themselves."""
        least = min(self.role, role, key=ROLES.index)
        return replace(self, role=least, only=only, token=token)


LOCAL = Person("", "", "owner")
VISITOR = Person("", "", "reader")
