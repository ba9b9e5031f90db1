"""What one person may see: the only place where that is decided, for the app, the API and MCP.

Who opens a library for a person asks here first. A library that they may not see is not there: it
is in no list, and asked for by its name it gives the same answer as one that never was.
"""

from collections.abc import Callable, Mapping

from assistant.accounts.accounts import Accounts, Holder, holders
from assistant.accounts.person import Person
from assistant.storage.whose import EVERYBODY, Whose
from vectorstore.errors import LibraryError, UnknownLibrary
from vectorstore.federation.names import is_joined, parts


class NotAllowed(LibraryError):
    """The person's role does not allow it."""


class Permitted:
    """The libraries of a home as a person sees them; asked anew each time, so that a right that is
    taken away is gone at once."""

    def __init__(
        self, person: Person, there: Callable[[], list[str]], accounts: Accounts | None = None
    ) -> None:
        """`there` names all libraries of the home. Without `accounts` everybody sees them all."""
        self.person = person
        self._there = there
        self._shares: Callable[[], Mapping[str, frozenset[Holder]]] = (
            accounts.shares if accounts else dict
        )

    def names(self) -> list[str]:
        """The libraries that they see, by name."""
        shares = self._shares()
        return [name for name in self._there() if self._sees(name, shares)]

    def check(self, library: str) -> None:
        """Raises UnknownLibrary for one that they do not see, or that is not there."""
        if library not in (seen := self.names()):
            raise UnknownLibrary(library, seen)

    def check_each(self, name: str) -> None:
        """The same for all libraries of a name, which may be a joined one."""
        for library in (parts(name) if is_joined(name) else []) or [name]:
            self.check(library)

    def check_change(self) -> None:
        """Raises NotAllowed for who may only read."""
        if not self.person.changes:
            raise NotAllowed("Your role is reader. Editors and owners add and remove documents.")

    def check_new(self, library: str) -> None:
        """Raises UnknownLibrary for who may not make libraries.

        Owners see all of them. Others would learn from a name that is taken that there is one.
        """
        if not self.person.owns or self.person.only is not None:
            self.check(library)

    @property
    def whose(self) -> Whose:
        """Their conversations and receipts, as long as they see the library."""
        return Whose(self.person.id, self._reads) if self.person.id else EVERYBODY

    def _reads(self, library: str) -> bool:
        # Passages that came with the question belong to no library.
        shares = self._shares()
        return all(self._sees(name, shares) for name in parts(library))

    def _sees(self, library: str, shares: Mapping[str, frozenset[Holder]]) -> bool:
        person, belongs = self.person, shares.get(library)
        if person.only is not None and library not in person.only:
            return False
        return person.owns or not belongs or bool(belongs & holders(person))
