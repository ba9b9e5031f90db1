"""A conversation is a tree: a question that was edited or asked again begins a branch beside the
old one. One branch is shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Parents = Mapping[int, int]  # the turn before each turn; 0 before the first


@dataclass(frozen=True)
class KeptTurn:
    """A turn of the branch that is shown."""

    number: int
    answer: dict[str, Any]  # the answer document
    parent: int  # the turn before it; 0 for the first
    versions: tuple[int, ...]  # turns in its place, of all branches, oldest first; itself, too


def to_end(parents: Parents, number: int) -> int:
    """The last turn of the branch with a turn: from there on the newest ones."""
    while after := _after(parents, number):
        number = max(after)
    return number


def to_begin(parents: Parents, number: int) -> list[int]:
    """The turns up to this one, oldest first."""
    path: list[int] = []
    while number in parents and number not in path:
        path.append(number)
        number = parents[number]
    return path[::-1]


def versions(parents: Parents, number: int) -> tuple[int, ...]:
    """The turns in the place of this one."""
    return tuple(sorted({number, *_after(parents, parents[number])}))


def _after(parents: Parents, number: int) -> list[int]:
    # A turn is younger than the one before it; files of older versions may say otherwise.
    return [turn for turn, parent in parents.items() if parent == number and turn > number]
