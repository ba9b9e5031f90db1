"""Tables of a home that stay together: in an SQLite file, or in PostgreSQL for a team."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Columns(NamedTuple):
    """Of a table, by their names with blanks between them."""

    key: str  # names a row; empty: nothing does
    others: str

    @property
    def all(self) -> tuple[str, ...]:
        return (*self.key.split(), *self.others.split())


@dataclass(frozen=True)
class Part:
    """What is kept in a file NAME.sqlite of the home, or in a database that several homes share."""

    name: str
    what: str  # its contents, for people
    postgres: str  # makes the tables; {collation} stands for one that knows all alphabets
    tables: Mapping[str, Columns] = field(hash=False)
    numbered: Mapping[str, str] = field(default_factory=dict, hash=False)  # columns that count on
