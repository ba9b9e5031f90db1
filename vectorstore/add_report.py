"""The report of an `add`: its progress, the result for each file, and the summary."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Literal

Outcome = Literal["added", "updated", "moved", "removed", "failed"]
_KINDS = 8  # that are named
REBUILDING, READING_AGAIN = "rebuilding", "reading again"  # the steps of a rebuild


@dataclass(frozen=True)
class AddProgress:
    """The progress of a long run: the file, the number of finished files, and the step."""

    file: str
    done: int
    total: int
    stage: str
    page: int = 0  # pages read so far, if the reader reports them
    pages: int = 0  # 0: the total is unknown

    @property
    def is_rebuild(self) -> bool:
        """Whether it concerns a document that is in the library already."""
        return self.stage in (REBUILDING, READING_AGAIN)


@dataclass(frozen=True)
class Failure:
    """A file that failed, and the reason as a sentence."""

    path: str
    error: str


@dataclass(frozen=True)
class LeftOut:
    """A file or folder that was found and not read, and why; those in archives are among the
    failures."""

    path: str
    reason: str


@dataclass(frozen=True)
class Change:
    """What an `add` did with one file, and the name of its document."""

    outcome: Outcome
    document: str
    detail: str = ""  # the old name after a move, the reason of a failure


@dataclass(frozen=True)
class Superseded:
    """A document with a newer version."""

    document: str
    by: str


@dataclass(frozen=True)
class Incomplete:
    """A document that was added although part of it could not be read."""

    document: str
    status: str  # a sentence


@dataclass(frozen=True)
class Hidden:
    """A document that was added and holds text that is no evidence."""

    document: str
    characters: int
    generated: bool = False  # made by a model; otherwise hidden from readers


@dataclass(frozen=True)
class KeptAs:
    """A file whose bytes are in the library under another name."""

    name: str  # of the file
    document: str


@dataclass
class AddSummary:
    """What an `add` did in all: counts, and lists of what a person should hear of."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    moved: int = 0  # their file has another path or name
    removed: int = 0  # their file now equals a known one, or is gone
    cancelled: int = 0  # files that were not read because the run was stopped
    failed: list[Failure] = field(default_factory=list)
    unsupported: list[str] = field(default_factory=list)  # paths of kinds that cannot be read
    left_out: list[LeftOut] = field(default_factory=list)  # such as pipes; these failed as well
    gone: list[str] = field(default_factory=list)  # documents whose file is gone
    superseded: list[Superseded] = field(default_factory=list)
    incomplete: list[Incomplete] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    kept_as: list[KeptAs] = field(default_factory=list)  # of the unchanged ones
    pages: int = 0
    chunks: int = 0
    seconds: float = 0.0
    languages: str = ""  # a sentence, when the model follows the languages of the library


def kinds(paths: Sequence[str]) -> str:
    """Files by their suffixes, the most frequent first: `3 files (2 .exe, 1 without a suffix)`."""
    count = Counter(PurePath(path).suffix.lower() or "without a suffix" for path in paths)
    told = ", ".join(f"{number:,} {suffix}" for suffix, number in count.most_common(_KINDS))
    more = ", …" if len(count) > _KINDS else ""
    return f"{len(paths):,} {'file' if len(paths) == 1 else 'files'} ({told}{more})"
