"""Links versions of a document when they are added; the newer one is preferred.

Likeness alone does not tell: quarterly reports of one company share .64 of their runs of words,
two versions of a policy .22. So the names have a say.
"""

import hashlib
import json
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import SequenceMatcher
from functools import cmp_to_key, lru_cache
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.document.model import Document, Page
from ingest.language import dates
from ingest.language.dates import MONTH, YEAR
from vectorstore.add_report import Superseded
from vectorstore.catalog import tags
from vectorstore.catalog.catalog import INSIDE
from vectorstore.database.schema import Database, Transaction

# -- A document's words in 528 bytes, to estimate how alike documents are without reading them
# MinHash (Broder 1997) over runs of five words, in numpy: datasketch's import alone takes 0.8 s.

_HASHES = 128  # the standard error of a likeness of .25 is .04, of .9 is .03
_RUN = 5
_FEWEST = 20  # words; shorter forms are alike and yet different
_PRIME = np.uint64((1 << 61) - 1)
_BLOCK = 1024  # runs hashed at once: 1 MB of memory, a few times
_SEED = np.random.default_rng(5)
_FACTORS = _SEED.integers(1, 1 << 29, _HASHES, dtype=np.uint64)  # times 32 bits: below 2 ** 61
_SUMMANDS = _SEED.integers(0, 1 << 60, _HASHES, dtype=np.uint64)
_IN_RUN = _SEED.integers(1, 1 << 63, _RUN, dtype=np.uint64) | np.uint64(1)  # modulo 2 ** 64
_DIGEST = 16  # bytes of a hash of all words, by which equal texts are recognised

_WORD = re.compile(r"\w+")

Sketches = NDArray[np.uint32]  # one row a document


def sketch(document: Document) -> bytes | None:
    """The sketch; None when there are too few words."""
    codes = np.fromiter(
        (zlib.crc32(w.encode()) for p in document.pages for w in _WORD.findall(p.text.lower())),
        np.uint32,
    )
    if len(codes) < _FEWEST:
        return None
    smallest = np.full(_HASHES, np.iinfo(np.uint64).max, np.uint64)
    for start in range(0, len(codes) - _RUN + 1, _BLOCK):
        words = codes[start : start + _BLOCK + _RUN - 1].astype(np.uint64)
        runs = np.lib.stride_tricks.sliding_window_view(words, _RUN) @ _IN_RUN >> np.uint64(32)
        mixed = (runs[:, None] * _FACTORS + _SUMMANDS) % _PRIME & np.uint64(0xFFFFFFFF)
        smallest = np.minimum(smallest, mixed.min(axis=0))
    return hashlib.sha256(codes.tobytes()).digest()[:_DIGEST] + smallest.astype("<u4").tobytes()


def same_words(one: bytes, other: bytes) -> bool:
    """Whether two sketches are of documents with the same words."""
    return one[:_DIGEST] == other[:_DIGEST]


def table(sketches: Iterable[bytes]) -> Sketches:
    """Sketches as an array of shape (documents, hashes)."""
    joined = b"".join(sketch[_DIGEST:] for sketch in sketches)
    return np.frombuffer(joined, "<u4").reshape(-1, _HASHES)


def likeness(one: bytes, others: Sketches) -> NDArray[np.float64]:
    """The estimated share of runs that are in both documents, of all runs in either."""
    return np.asarray((table([one]) == others).mean(axis=1))


# -- Decides by the names of two files whether they are versions of one document or two documents
# `Policy v1` and `Policy v2` are versions of one document, `Handbook 2023` and `Handbook 2024`,
# too; `2023 Q1` and `2023 Q3` are two reports.

_VERSION_NUMBER = re.compile(
    r"\b(?:version|ver|revision|rev|v)[ ._-]?(\d+(?:[._]\d+)*)(?=[^\w]|_|$)", re.IGNORECASE
)
_OLDER = re.compile(r"\b(?:draft|old|previous|superseded|entwurf|alt)\b", re.IGNORECASE)
_NEWER = re.compile(
    r"\b(?:final|new|updated|revised|latest|current|signed|neu|aktuell)\b", re.IGNORECASE
)
_COPY = re.compile(r"\b(?:copy(?: of)?|kopie)\b|\(\d{1,2}\)$", re.IGNORECASE)
_PERIOD = re.compile(
    rf"\d{{4}}-\d\d-\d\d|\b{YEAR}(?:\d{{4}})?\b|\bq[1-4]\b|\bh[12]\b|\bfy\d\d(?:\d\d)?\b"
    rf"|\b{MONTH}\b|\b\d\d?\.\d\d?\.\d{{4}}\b",
    re.IGNORECASE,
)
_YEAR = re.compile(YEAR)
# Documents that are valid until the next one; a report of another year stays true.
_STANDING = re.compile(
    r"\b(?:handbook|manual|polic(?:y|ies)|guide(?:line)?s?|rules|regulations?|terms|statutes"
    r"|general conditions|conditions of|bylaws|code of conduct|procedures?|price ?list|tariffs?"
    r"|fee schedule|catalog(?:ue)?)\b"
)
# "Monetary policy report 2023", "Working conditions survey 2023".
_OF_A_TIME = re.compile(
    r"\b(?:reports?|reviews?|surveys?|stud(?:y|ies)|statistics|results|minutes|meetings?|audits?"
    r"|accounts|statements?|cases|evaluations?|outlook|conference|newsletter)\b"
)


@dataclass(frozen=True)
class VersionName:
    """What the name of a file says of the version that it holds."""

    base: str  # without marks of versions and periods
    periods: tuple[str, ...]  # years, quarters, months, days
    number: tuple[int, ...]  # of the version, () when there is none
    rank: int  # -1 a draft, 1 a final one
    marked: bool  # it mentions a version


def parsed(name: str) -> VersionName:
    """Parses a file's name; folders before it and the suffix do not count."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name.rsplit("/", 1)[-1]).replace("_", " ")
    numbers = _VERSION_NUMBER.findall(stem)
    rank = bool(_NEWER.search(stem)) - bool(_OLDER.search(stem))
    base = stem
    for mark in (_VERSION_NUMBER, _OLDER, _NEWER, _COPY):
        base = mark.sub(" ", base)
    periods = tuple(sorted(found.lower() for found in _PERIOD.findall(base)))
    marked = bool(numbers) or rank != 0 or bool(_COPY.search(stem))
    number = tuple(map(int, re.split(r"[._]", numbers[-1]))) if numbers else ()
    base = " ".join(re.findall(r"\w+", _PERIOD.sub(" ", base).lower()))
    return VersionName(base, periods, number, rank, marked)


def one_document(one: VersionName, other: VersionName) -> bool:
    """Whether the names say that these are versions of the same document.

    Two version numbers decide, whatever the dates. Without them a period distinguishes reports.
    """
    if not one.base or one.base != other.base:
        return False
    if one.number and other.number:
        return True
    if _of_years(one, other):
        return bool(_STANDING.search(one.base)) and not _OF_A_TIME.search(one.base)
    return one.periods == other.periods and (one.marked or other.marked)


def older(one: VersionName, other: VersionName) -> bool | None:
    """Whether the first is the older one; None when the names do not say."""
    if one.base != other.base:
        return None
    if one.number and other.number and one.number != other.number:
        return one.number < other.number
    if _of_years(one, other):
        return one.periods < other.periods
    if one.rank != other.rank:
        return one.rank < other.rank
    return None


def _of_years(one: VersionName, other: VersionName) -> bool:
    """Whether the names differ in the one year that each has."""
    years = [v.periods[0] for v in (one, other) if len(v.periods) == 1]
    return len(years) == 2 and years[0] != years[1] and all(map(_YEAR.fullmatch, years))


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

    def __init__(self, database: Database) -> None:
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
        self._catch_up()
        near = [self._ids[i] for i in (likeness(words, self._table) >= BY_NAME).nonzero()[0]]
        (new,) = self._versions([id])
        others = self._versions(self._possible(new, [other for other in near if other != id]))
        return self._chain(connection, new, [other for other in others if _same(new, other)])

    def _catch_up(self) -> None:
        """Load the sketches of documents that were added since the last one."""
        last = max(self._ids, default=0)
        rows = self._database.all(
            "SELECT id, sketch FROM document WHERE id > ? AND sketch IS NOT NULL ORDER BY id", last
        )
        if rows:
            self._ids += [row[0] for row in rows]
            self._table = np.concatenate([self._table, table(row[1] for row in rows)])

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
        links = [(max(before, key=_by_age), new)] if before else []
        links += [(new, min(after, key=_by_age))] if after else []
        for old, by in links:
            connection.execute(
                "UPDATE document SET superseded_by = ? WHERE id = ?", (by.id, old.id)
            )
        if before:
            tags.pass_on(connection, max(before, key=_by_age).id, new.id)
        return [Superseded(old.name, by.name) for old, by in links]


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


@cmp_to_key
def _by_age(one: _Version, other: _Version) -> int:
    return -1 if _is_older(one, other) else 1


# -- Two pages of versions of a document: which belong together, and which lines differ

_DIGITS = re.compile(r"\d+")
_PAIRS = 9_000_000  # of words: what compares word by word takes a second for them at worst
_AROUND = 1  # pages before and behind: a version breaks its pages elsewhere

_MARGIN = 0.12  # of the page's height, above and below, where running heads and footers stand
_REPEATS = 3  # pages, and more than half of all, that have one
_SAME_PLACE = 4  # points
_RUNNING = "running head or footer"


def without_running_lines(pages: Sequence[Page]) -> list[Page]:
    """The pages of a document, with the lines hidden that most of them have at the same place at
    their top or bottom, whatever number is in them: they belong to no page's text."""
    having = Counter(key for page in pages for key in {*_margins(page).values()})
    enough = max(_REPEATS, len(pages) // 2 + 1)
    return [
        replace(page, lines=tuple(
            replace(line, hidden=line.hidden or _RUNNING) if having[margins.get(at, "")] >= enough
            else line for at, line in enumerate(page.lines)
        ))
        for page in pages for margins in [_margins(page)]
    ]  # fmt: skip


def _margins(page: Page) -> dict[int, str]:
    """What stands at the top and bottom of a page, and where, by the index of the line."""
    near = page.height * _MARGIN
    return {
        at: f"{round(line.box.y0 / _SAME_PLACE)} {_DIGITS.sub('0', line.text.casefold())}"
        for at, line in enumerate(page.lines)
        if page.height and not near < (line.box.y0 + line.box.y1) / 2 < page.height - near
    }


def closest_page(page: Page, others: Sequence[Page], lines: Collection[int] = ()) -> int:
    """The number of the page of another version that belongs to `page`, above all to these lines
    of it; of equal ones the one whose number is nearest. 1 when there is none."""
    whole = {word for word, _ in _placed(page)}
    told = {word for word, at in _placed(page) if at in lines}

    def fit(other: Page) -> tuple[float, int]:
        words = set(_page_words(other))
        held = len(told & words) / len(told) if told else 0.0
        return _likeness(whole, words) + held, -abs(other.number - page.number)

    return max(others, key=fit).number if others else 1


def closest_line(page: Page, lines: Collection[int], other: Page) -> int | None:
    """The index of the line of `other` that shares most words with these lines of `page`; None
    where none shares any."""
    wanted = {word for word, at in _placed(page) if at in lines}
    found: dict[int, set[str]] = {}
    for word, at in _placed(other):
        found.setdefault(at, set()).add(word)
    best = max(found, key=lambda at: _likeness(found[at], wanted), default=None)
    return best if best is not None and found[best] & wanted else None


def _likeness(one: set[str], other: set[str]) -> float:
    """The share of the words of either that are in both: 0 to 1."""
    return len(one & other) / len(one | other) if one | other else 0.0


def around(pages: Sequence[Page], number: int) -> list[Page]:
    """A page and those beside it."""
    return [page for page in pages if abs(page.number - number) <= _AROUND]


def changed_lines(page: Page, others: Sequence[Page]) -> list[int]:
    """The indexes of the lines of a page that have a word which pages of another version, in their
    order, do not have at its place. A line that is only broken elsewhere is none of them."""
    placed = _placed(page)
    here, there = (
        [word for word, _ in placed],
        [word for one in others for word in _page_words(one)],
    )
    if len(here) * len(there) > _PAIRS:
        return _new_lines(page, others)
    changes = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    lines = sorted(
        line for what, start, end, _, _ in changes if what != "equal"
        for _, line in placed[start:end]
    )  # fmt: skip
    return [line for line, _ in groupby(lines)]


def _page_words(page: Page) -> list[str]:
    return [word for word, _ in _placed(page)]


def _placed(page: Page) -> list[tuple[str, int]]:
    """Each word with the index of its line."""
    return [
        (word.casefold(), at)
        for at, line in enumerate(page.lines) if not line.hidden
        for word in line.text.split()
    ]  # fmt: skip


def _new_lines(page: Page, others: Sequence[Page]) -> list[int]:
    known = {" ".join(line.text.casefold().split()) for one in others for line in one.lines}
    return [
        at for at, line in enumerate(page.lines)
        if not line.hidden and " ".join(line.text.casefold().split()) not in known
    ]  # fmt: skip
