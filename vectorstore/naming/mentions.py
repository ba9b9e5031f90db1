"""Which documents a text names, by the names that they have.

A name counts if it is distinctive in this library: one that all documents have says nothing, nor
does one that is stated mostly by documents which are not about it.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache

from ingest.language.dates import find_dates
from ingest.language.words import STOP_WORDS, name_parts
from vectorstore.catalog.catalog import Catalog
from vectorstore.database.schema import Transaction
from vectorstore.errors import LibraryError
from vectorstore.naming.document_names import (
    TITLE,
    Name,
    Passage,
    document_names,
    misspelt,
    periods_of,
    words_of,
)

_WORDS = 8  # of a name in a text
_WEAKEST = 0.25  # weight of a name that binds
# How distinctive a name is that stands in no title, or is written in lower case: else other
# documents tell of it, too, as of the sites that a handbook lists.
_DISTINCTIVE = 0.86
_DIGITS_TOO = 6  # characters of a file's name with digits that is no chance, as 3M_2018

_START = re.compile(r"(?:\A|[.?!:]\s)\W{0,20}+[^\W\d_](?=[^\W\d_A-Z]+\b)")


@dataclass(frozen=True)
class Named:
    """A document and its names; `newer`: a newer version has replaced it."""

    document: str
    names: Mapping[str, Name]  # by their words
    periods: frozenset[str] = frozenset()
    newer: str = ""


@dataclass(frozen=True)
class Mention:
    """A name in a text: where it stands, how much it says, and the documents about it."""

    start: int  # of its words
    end: int
    weight: float  # 0 to 1
    documents: frozenset[str]

    def inside(self, other: "Mention") -> bool:
        """Whether it is a part of a longer name."""
        wider = other.end - other.start > self.end - self.start
        return wider and other.start <= self.start and self.end <= other.end


@dataclass
class _About:
    """The documents that have a name, and how."""

    words: str
    of: dict[str, Name] = field(default_factory=dict)

    @property
    def in_title(self) -> bool:
        return any(name.place == TITLE for name in self.of.values())

    @property
    def documents(self) -> frozenset[str]:
        return frozenset(self.of)

    def distinctive(self, stated: int) -> float:
        """Of the passages of the library that state it, the share that is of these documents."""
        own = sum(name.passages for name in self.of.values())
        return own / max(own, stated)


class NameIndex:
    """All names of a library, by their letters without spaces."""

    def __init__(self, documents: Sequence[Named], stated: Callable[[str], int]) -> None:
        """`stated` counts the passages of the library that state some words, in any case."""
        self._stated = lru_cache(4096)(stated)
        self._documents = {one.document: one for one in documents}
        self.newer = {one.document: one.newer for one in documents if one.newer}
        self._names: dict[str, _About] = {}
        self._files: dict[str, set[str]] = defaultdict(set)
        self._alphabet: dict[str, set[str]] = defaultdict(set)  # first letter -> words of names
        for one in documents:
            self._learn_file(one.document)
            if not one.newer:
                self._learn(one)

    def naming(self, text: str) -> list[frozenset[str]]:
        """What a text names: each group holds the documents about one thing.

        Names of the same documents narrow each other ("Apple", "2023 Q1"), others stand for several
        things ("Apple and Intel").
        """
        groups: list[frozenset[str]] = []
        for found in sorted((one.documents for one in self._mentions(text)), key=len):
            for at, group in enumerate(groups):
                if group & found:
                    groups[at] = group & found
                    break
            else:
                groups.append(found)
        return groups

    def of_period(self, text: str, documents: Collection[str]) -> frozenset[str]:
        """Of some documents, those of the period that a text names; empty when it names none of
        them, or all of them equally."""
        asked = periods_of(text)
        fits = {name: len(asked & self._documents[name].periods) for name in documents}
        best = max(fits.values(), default=0)
        found = frozenset(name for name, fit in fits.items() if fit == best)
        return found if best and len(found) < len(fits) else frozenset()

    def _learn_file(self, name: str) -> None:
        parts = words_of(name.rsplit("/", 1)[-1].lower())
        stem = parts[:-1] if "." in name else parts
        self._files["".join(parts)].add(name)
        letters = "".join(stem)
        numbered = any(c.isdigit() for c in letters) and len(letters) >= _DIGITS_TOO
        if len(stem) > 1 or numbered or len(name_parts(name.rsplit("/", 1)[-1]).split()) > 1:
            self._files[letters].add(name)

    def _learn(self, one: Named) -> None:
        for words, name in one.names.items():
            letters = words.replace(" ", "")
            self._names.setdefault(letters, _About(words)).of[one.document] = name
            self._alphabet[words[0]].add(words)

    def _mentions(self, text: str) -> list[Mention]:
        """The names in a text that say something; none within a longer one."""
        strong = [one for one in self._all(text) if one.weight >= _WEAKEST]
        return [one for one in strong if not any(one.inside(other) for other in strong)]

    def _all(self, text: str) -> Iterator[Mention]:
        words = _as_written(text)
        for start in range(len(words)):
            for end in range(start + 1, min(start + _WORDS, len(words)) + 1):
                span = words[start:end]
                letters = "".join(span).lower()
                if letters in self._files:
                    yield Mention(start, end, 1.0, frozenset(self._files[letters]))
                for about in self._named(span, letters):
                    weight = self._weight(about, plain=len(span) == 1 and span[0].islower())
                    yield Mention(start, end, weight, about.documents)

    def _named(self, span: Sequence[str], letters: str) -> list[_About]:
        """The name of these letters, else those that one word misspells which the library does not
        have."""
        if letters in self._names:
            return [self._names[letters]]
        near = self._alphabet.get(letters[0], ()) if len(span) == 1 else ()
        found = [name for name in near if misspelt(letters, name)]
        if not found or letters in STOP_WORDS or self._stated(letters):
            return []
        return [self._names[name] for name in found]

    def _weight(self, about: _About, plain: bool) -> float:
        """How much a name says; a plain word is one in lower case."""
        distinctive = about.distinctive(self._stated(about.words))
        if (plain or not about.in_title) and distinctive < _DISTINCTIVE:
            return 0.0
        return distinctive * (1 - len(about.documents) / len(self._documents))


def _as_written(text: str) -> list[str]:
    """The words of a text, without dates; in lower case where a capital says nothing: at the start
    of a sentence, and in a text of capitals."""
    for date in find_dates(text):
        text = f"{text[: date.start]}{'.' * (date.end - date.start)}{text[date.end :]}"
    if text == text.upper():
        return words_of(text.lower())
    return words_of(_START.sub(lambda match: match[0].lower(), text))


# -- Names of documents in the catalogue: found once, when a document is added
# A document that has moved or was restored may have none. Its names are found when they are first
# needed, in the passages that the catalogue holds; no file is read again.

_WANTED = "SELECT id, name, title FROM document WHERE names = ''"
_SHOWN = (
    "SELECT page, text, headings FROM chunk WHERE document_id = ? AND hidden = 0 ORDER BY rowid"
)
_STORE = "UPDATE document SET names = ? WHERE id = ?"


def put_names(connection: Transaction, document: str) -> None:
    """Find and store the names of a document; inside `Catalog.writing()`."""
    for id, name, title in connection.execute(f"{_WANTED} AND name = ?", (document,)).fetchall():
        shown = connection.execute(_SHOWN, (id,)).fetchall()
        connection.execute(_STORE, (_found(name, title, shown), id))


def stored_names(catalog: Catalog) -> list[Named]:
    """The names of each document; those that had to be found are stored, if that is possible."""
    missing = dict(_missing(catalog))
    rows = catalog.database.all(
        "SELECT old.id, old.name, old.names, coalesce(new.name, '') FROM document AS old"
        " LEFT JOIN document AS new ON new.id = old.superseded_by"
    )
    return [_named(name, names or missing.get(id, "{}"), new) for id, name, names, new in rows]


def _missing(catalog: Catalog) -> Iterator[tuple[int, str]]:
    for id, name, title in catalog.database.all(_WANTED):
        made = _found(name, title, catalog.database.all(_SHOWN, id))
        with suppress(LibraryError):  # the folder may be closed for writing
            catalog.database.note(_STORE, made, id)
        yield id, made


def _found(name: str, title: str, rows: list[tuple[int, str, str]]) -> str:
    """The names of a document as the catalogue keeps them."""
    passages = [Passage(page, text, " ".join(json.loads(above))) for page, text, above in rows]
    found = document_names(name, title, passages)
    return json.dumps({"named": found.names, "periods": found.periods}, ensure_ascii=False)


def _named(document: str, stored: str, newer: str) -> Named:
    made = json.loads(stored)
    names = {words: Name(*how) for words, how in made.get("named", {}).items()}
    return Named(document, names, frozenset(made.get("periods", ())), newer)
