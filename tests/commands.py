"""What a command of the command line did, as tests look at it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Pincite = Callable[..., Ran]


def refused(ran: Ran, status: int = 1) -> str:
    """The one sentence that a refused command leaves, on standard error only."""
    assert (ran.status, ran.out) == (status, "")
    (line,) = ran.err.splitlines()
    assert line.startswith("pincite: ")
    return line.removeprefix("pincite: ")
