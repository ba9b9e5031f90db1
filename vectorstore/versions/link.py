"""Links versions of a document when they are added; the newer one is preferred.

Likeness alone does not tell: quarterly reports of one company share .64 of their runs of words,
two versions of a policy .22 (docs/evaluation.md). So the names have a say.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache, reduce
from pathlib import Path

from ingest.document.model import Document
from ingest.language import dates
from vectorstore.add_report import Superseded
from vectorstore.catalog import tags
from vectorstore.catalog.engine import Engine, Transaction
from vectorstore.catalog.sources import INSIDE
from vectorstore.versions.minhash import joined, likeness, same_words, sketch, table, without
from vectorstore.versions.names import VersionName, older, one_document, parsed

BY_NAME = 0.12  # when the names say so
BY_TEXT = 0.9  # when the names are the same and mention no version

_DATES = ("modified", "created", "date")  # of Document.metadata


@dataclass(frozen=True)
class _Version:
    """What versions need of a document."""

    id: int
    name: str
    sketch: bytes
    dated: str
    folders: tuple[Path, ...]

    @property
    def parsed(self) -> VersionName:
        return parsed(self.name)


class Versions:
    """Finds and links versions; holds the library's sketches while files are added."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._ids: list[int] = []
        self._table = table([])

    def link(self, connection: Transaction, document: Document, path: Path) -> list[Superseded]:
        """Sketch, date and link a new document, in the same transaction."""
        words = sketch(document)
        (id,) = connection.execute(
            "UPDATE document SET sketch = ?, dated = ? WHERE sha256 = ? RETURNING id",
            (words, dated(document, path), document.sha256),
        ).fetchone()
        if words is None:
            return []
        self._unlearn(id)
        self._catch_up()
        near = [self._ids[i] for i in (likeness(words, self._table) >= BY_NAME).nonzero()[0]]
        (new,) = self._versions([id])
        others = self._versions(self._possible(new, [other for other in near if other != id]))
        return self._chain(connection, new, [other for other in others if _same(new, other)])

    def _unlearn(self, id: int) -> None:
        """Drop a sketch: SQLite reuses the number of the last document after its deletion."""
        if id in self._ids:
            index = self._ids.index(id)
            del self._ids[index]
            self._table = without(self._table, index)

    def _catch_up(self) -> None:
        """Load the sketches of documents that were added since the last one."""
        last = max(self._ids, default=0)
        rows = self._database.all(
            "SELECT id, sketch FROM document WHERE id > ? AND sketch IS NOT NULL ORDER BY id", last
        )
        if rows:
            self._ids += [row[0] for row in rows]
            learnt = table(row[1] for row in rows)
            self._table = joined(self._table, learnt)

    def _possible(self, new: _Version, near: Sequence[int]) -> list[int]:
        """Preselects the candidates for `_same`: a template may have thousands."""
        found = self._database.all(
            "SELECT id, name, sketch FROM document"
            " WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?)) ORDER BY id",
            json.dumps(near),
        )
        base = _base(new.name)
        return [
            id for id, name, words in found
            if _base(name) == base or same_words(words, new.sketch)
        ]  # fmt: skip

    def _versions(self, ids: Sequence[int]) -> list[_Version]:
        found = []
        for id in ids:
            row = self._database.one("SELECT name, sketch, dated FROM document WHERE id = ?", id)
            places = self._database.all("SELECT path FROM place WHERE document_id = ?", id)
            if row and row[1]:
                folders = tuple(Path(place[0].split(INSIDE)[0]).parent for place in places)
                found.append(_Version(id, row[0], row[1], row[2], folders))
        return found

    def _chain(
        self, connection: Transaction, new: _Version, others: list[_Version]
    ) -> list[Superseded]:
        """Insert the new version: each version points to the next newer one."""
        before = [other for other in others if _is_older(other, new)]
        after = [other for other in others if other not in before]
        links = [(_last(before), new)] if before else []
        links += [(new, _first(after))] if after else []
        for old, by in links:
            connection.execute(
                "UPDATE document SET superseded_by = ? WHERE id = ?", (by.id, old.id)
            )
        if before:
            tags.pass_on(connection, _last(before).id, new.id)
        return [Superseded(old.name, by.name) for old, by in links]


def superseded(database: Engine) -> dict[str, str]:
    """The sha256 of documents with a newer version -> the name of that version."""
    rows = database.all(
        "SELECT old.sha256, new.name FROM document AS old JOIN document AS new"
        " ON new.id = old.superseded_by"
    )
    return {row[0]: row[1] for row in rows}


def dated(document: Document, path: Path) -> str:
    """When a document was last changed: its own date, else the time of its file."""
    for key in _DATES:
        if found := dates.written(document.metadata.get(key, "")):
            return found
    try:
        seconds = path.stat().st_mtime
    except OSError:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M")


def _same(one: _Version, other: _Version) -> bool:
    """Whether they are versions of one document."""
    if same_words(one.sketch, other.sketch):
        return True
    if not any(_near(a, b) for a in one.folders for b in other.folders):
        return False  # a contract of another client, made from the same template
    alike = float(likeness(one.sketch, table([other.sketch]))[0])
    first, second = one.parsed, other.parsed
    if one_document(first, second):
        return alike >= BY_NAME
    same = first.base == second.base and first.periods == second.periods
    return same and alike >= BY_TEXT


@lru_cache(1 << 16)
def _base(name: str) -> str:
    return parsed(name).base


def _near(one: Path, other: Path) -> bool:
    """Whether the folders are the same, or one is inside the other, such as `archive/`."""
    return one.is_relative_to(other) or other.is_relative_to(one)


def _is_older(one: _Version, other: _Version) -> bool:
    by_name = older(one.parsed, other.parsed)
    if by_name is not None:
        return by_name
    return (one.dated, one.id) < (other.dated, other.id)


def _last(versions: list[_Version]) -> _Version:
    return reduce(lambda last, one: one if _is_older(last, one) else last, versions)


def _first(versions: list[_Version]) -> _Version:
    return reduce(lambda first, one: one if _is_older(one, first) else first, versions)
