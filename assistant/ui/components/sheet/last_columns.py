"""The columns that a person asked last in a library, so that another day begins with them."""

from collections.abc import Sequence

from assistant.build import sheets
from assistant.sheet.column import Column
from assistant.ui import resources


def read(library: str) -> list[str]:
    """A column each; nothing for visitors, who are not told apart. Raises PinciteError."""
    return sheets.asked(resources.settings()).of(resources.person().id, library) if _told() else []


def keep(library: str, columns: Sequence[Column]) -> None:
    """In the place of those before; nothing of visitors. Raises PinciteError."""
    if _told():
        sheets.asked(resources.settings()).put(resources.person().id, library, columns)


def _told() -> bool:
    """Whether this person is told from others."""
    person = resources.person()
    return bool(person.id) or person.owns
