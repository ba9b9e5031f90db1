"""The learned ranking of a library and its measurement, as one JSON file of plain numbers.

Searches read it again when it has changed; deleting it discards all.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from vectorstore.retrieval.learned_ranker import FEATURES, Known, Learned

# -- A measure without and with learning, on the same questions


@dataclass(frozen=True)
class MeasuredChange:
    """Two means, and the 95 % interval of the difference."""

    before: float
    after: float
    low: float
    high: float

    @property
    def change(self) -> float:
        return self.after - self.before

    def summarise(self) -> str:
        """Both means with the interval, in one line for people."""
        interval = f"{self.change:+.3f}, 95 % interval {self.low:+.3f} to {self.high:+.3f}"
        return f"{self.before:.3f} → {self.after:.3f} ({interval})"


_OF_DATA = ValueError, TypeError, LookupError, AttributeError, RecursionError  # of a damaged file
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lesson:
    """The result of learning. None: not learned, or not measured."""

    made: str  # ISO 8601, UTC
    questions: int  # whose page is known
    rank: MeasuredChange | None = None  # of the first right page, reciprocal; by cross-validation
    hit: MeasuredChange | None = None  # right page among the first five
    ranking: Learned | None = None  # on


class Lessons:
    """What was learned for one library, in a JSON file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read: tuple[object, Lesson | None] = (None, None)

    def last(self) -> Lesson | None:
        """The last lesson; None when nothing was learned, or when it cannot be read."""
        try:
            about = self.file.stat()
        except OSError:
            return None
        state = (about.st_mtime_ns, about.st_size, about.st_ino)
        if self._read[0] != state:
            self._read = state, self._load()
        return self._read[1]

    def ranking(self) -> Learned | None:
        """The learned ranking for searches; None when none was learned."""
        lesson = self.last()
        return lesson.ranking if lesson else None

    def keep(self, lesson: Lesson) -> None:
        """Save a lesson, replacing the last. Raises AssistantError."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            beside = self.file.with_suffix(f".{os.getpid()}.part")
            beside.write_text(json.dumps(to_row(lesson)), "utf-8")
            beside.replace(self.file)  # at once: a reader sees the old one or the new one
        except OSError as error:
            raise AssistantError(f"{self.file} cannot be written: {error}.") from error

    def reset(self) -> None:
        """Restore the untouched ranking. Thumbs stay."""
        try:
            self.file.unlink(missing_ok=True)
        except OSError as error:
            raise AssistantError(f"{self.file} cannot be deleted: {error}.") from error

    def _load(self) -> Lesson | None:
        try:
            return _lesson(json.loads(self.file.read_text("utf-8")))
        except (OSError, *_OF_DATA) as error:
            log.warning("%s is not used: %s", self.file, error)
            return None


def lessons(folder: Path) -> Lessons:
    """The lessons of the library in a folder."""
    return Lessons(folder / "learned.json")


def to_row(lesson: Lesson) -> dict[str, Any]:
    """A lesson as JSON, as `Lessons` reads it."""
    return asdict(lesson) | {"ranking": lesson.ranking and _ranking_row(lesson.ranking)}


def _ranking_row(learned: Learned) -> dict[str, Any]:
    known = learned.known
    return {
        "weights": dict(zip(FEATURES, learned.weights, strict=True)),
        "documents": dict(known.documents),
        "pages": [[name, page, share] for (name, page), share in known.pages.items()],
        "sections": dict(known.sections), "embedder": learned.embedder,
    }  # fmt: skip


def _lesson(row: Mapping[str, Any]) -> Lesson:
    """Checks each number here, so that a search never meets an invalid one."""
    figures = {name: row[name] and _figure(row[name]) for name in ("rank", "hit")}
    ranking = row["ranking"] and _learned(row["ranking"])
    known = {one.name: row[one.name] for one in fields(Lesson)}  # others may have learned more
    return Lesson(**{**known, **figures, "ranking": ranking, "questions": int(row["questions"])})


def _figure(row: Mapping[str, Any]) -> MeasuredChange:
    return MeasuredChange(**{name: float(value) for name, value in row.items()})


def _learned(row: Mapping[str, Any]) -> Learned:
    """Raises KeyError for weights of other features than those of this version."""
    known = Known(
        {name: float(share) for name, share in row["documents"].items()},
        {(name, page): float(share) for name, page, share in row["pages"]},
        {word: float(share) for word, share in row["sections"].items()},
    )
    return Learned(tuple(float(row["weights"][name]) for name in FEATURES), known, row["embedder"])
