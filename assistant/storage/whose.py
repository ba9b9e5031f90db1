"""Whose rows of a shared file are meant."""

from collections.abc import Callable
from dataclasses import dataclass


def _any(_: str) -> bool:
    return True


@dataclass(frozen=True)
class Whose:
    """A person's conversations and receipts; with an empty `person` those of a home without
    accounts, and of the command line."""

    person: str = ""  # their id
    sees: Callable[[str], bool] = _any  # whether they may read a library of that name


EVERYBODY = Whose()
