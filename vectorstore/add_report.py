"""What is told of an `add`: how far it is, what became of each file, and the sum of it."""

from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["added", "updated", "moved", "removed", "failed"]


@dataclass(frozen=True)
class Progress:
    """Where a long run is: the file in work, how many are done, and what is being done."""

    file: str
    done: int
    total: int
    stage: str
    page: int = 0  # read so far, of a file whose reader tells it
    pages: int = 0  # 0: nobody knows how many there are

    @property
    def anew(self) -> bool:
        """Is it about a document that is in the library already?"""
        return self.stage.endswith("anew")


@dataclass(frozen=True)
class Failure:
    """A file that did not get in, and the reason as a sentence."""

    path: str
    error: str


@dataclass(frozen=True)
class Change:
    """What became of one file."""

    outcome: Outcome
    document: str
    detail: str = ""  # the old name of what moved, the reason of what failed


@dataclass(frozen=True)
class Superseded:
    """A document of which there is a newer version."""

    document: str
    by: str


@dataclass(frozen=True)
class Incomplete:
    """A document that got in, of which something could not be read."""

    document: str
    status: str  # a sentence


@dataclass(frozen=True)
class Hidden:
    """A document that got in and says something that is no evidence."""

    document: str
    characters: int
    generated: bool = False  # a model has made it; else its readers do not see those characters


@dataclass
class AddSummary:
    """What an `add` did."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0  # their file has another path or name by now
    removed: int = 0  # their file has become one that is known already, or is gone
    cancelled: int = 0  # files that were not read because somebody stopped the run
    failed: list[Failure] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # documents whose file is no longer there
    superseded: list[Superseded] = field(default_factory=list)
    incomplete: list[Incomplete] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    pages: int = 0
    chunks: int = 0
    seconds: float = 0.0
