"""Matches a question with rows and columns of a table, and scores how much of it they explain.

A number, a year or a name that occurs nowhere makes a table unfit: a neighbour is no answer.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise

import numpy as np
from numpy.typing import NDArray

from assistant.answering.tables.grid import (
    MONTHS,
    SPANS,
    Column,
    Operand,
    TableGrid,
    TableRow,
    is_hard,
    is_year,
    terms,
)
from assistant.answering.tables.question import (
    COUNT,
    SHARE,
    TableQuestion,
    operation_spans,
    without_periods,
)
from ingest.language.words import STOP_WORDS
from vectorstore.embedding.embedder import Embedder

_WEAK = frozenset(
    terms("after all amount company completed cost count different during fiscal less limit more")
    + terms("per period total")
)
_SHARES = re.compile(r"(?i)\bpercent(?:age)? of\b")
_RATES = re.compile(
    r"(?i)%|\bpercent|\bper cent|\bmargin|\brate|\bshare|\bproportion|\byield|\breturn"
)
_MONEY = re.compile(r"[€$£¥₪₹]|[A-Z]{3}")
_RATE = re.compile(r"(?i)\b(?:per|an?) (day|week|month|quarter|year)\b")
QUALIFYING = frozenset(terms("margin rate ratio target budget forecast"))
CHANGES = frozenset(terms("change growth variance"))
_SPANNED = frozenset(terms("month quarter"))
_APART = 2  # other words between those of one label
_MENTIONED = 0.6  # share of a label's words from which the question means its row
_PARTLY = 0.3  # enough when no other row has the words


@dataclass(frozen=True)
class Match:
    """A question matched with a table."""

    asked: TableQuestion
    grid: TableGrid
    card: frozenset[str]  # the words of the document's name and first page

    # -- columns

    @cached_property
    def heads(self) -> dict[int, frozenset[str]]:
        """For each column, the words that distinguish it."""
        shared = frozenset.intersection(*(column.terms for column in self.grid.columns))
        only = len(self.grid.columns) == 1
        return {c.index: c.terms if only else c.terms - shared for c in self.grid.columns}

    def one_column(self, change: bool) -> list[Column]:
        """Candidates for a single column: the best, and those as good."""
        words = self.asked.words
        columns = [c for c in self.grid.columns if change or not c.change or len(self.heads) == 1]
        if self.asked.words & CHANGES:
            columns = [column for column in columns if column.change] or columns
        if any(map(is_year, words)) and not any(_within_year(term) for term in words):
            columns = [
                c for c in columns if not any(map(_quarter, c.terms))
            ]  # "in 2025": all of it
        known = {t for c in columns for t in c.terms if is_hard(t)} & words
        fitting = [c for c in columns if known <= c.terms]
        if not fitting:
            return []
        scores = {c.index: self._fit(c) for c in fitting}
        best = max(scores.values())
        if best < 0 and len(columns) > 1:
            return []  # each has a head that the question does not ask for
        return [c for c in fitting if scores[c.index] > best - 0.05]

    def head_precision(self, column: Column) -> float:
        """The share of a head's words, apart from dates, that the question asks for, 0 to 1."""
        soft = {term for term in self.heads[column.index] if not is_hard(term)} - _SPANNED
        soft -= CHANGES if self.asked.words & CHANGES else frozenset()
        return weight(soft & self.asked.words) / weight(soft) if soft else 1.0

    def spans_otherwise(self, column: Column) -> bool:
        """Whether its figures cover some months, and the question names only a day or a year."""
        words = self.asked.words
        quarter = any(term[0] == "q" and is_hard(term) for term in words)
        return not quarter and any(t in SPANS for t in column.terms - words)

    def columns(self) -> list[Column]:
        """The named columns, each with its distinguishing words."""
        return [c for c in self.grid.columns if not c.change and self._named(self.heads[c.index])]

    def _fit(self, column: Column) -> float:
        head = self.heads[column.index]
        words = {term for term in head if not is_hard(term)}
        quarter = any(term[0] == "q" and is_hard(term) for term in self.asked.words)
        bonus = 0.5 if quarter and {"three", "month"} <= column.terms else 0.0
        known = weight(head & self.asked.words)
        return bonus + known - 0.2 * weight(words - self.asked.words - _SPANNED)

    def _named(self, head: frozenset[str]) -> bool:
        words = self.asked.words
        hard = {term for term in head if is_hard(term)}
        if not head or not head & words:
            return False
        soft, months = head - hard, any(term in MONTHS for term in words)
        loose = {t for t in hard if not months and (t in MONTHS or (t.isdigit() and len(t) < 3))}
        share = weight(soft & words) / max(weight(soft), 0.1)
        unique = any(
            sum(term in other for other in self.heads.values()) == 1 for term in soft & words
        )
        enough = not soft or share >= _MENTIONED or (unique and share >= _PARTLY)
        return hard - loose <= words and enough

    # -- rows

    @cached_property
    def _known(self) -> Counter[str]:
        """In how many row labels a word occurs."""
        return Counter(term for row in self.grid.rows for term in row.terms)

    def precision(self, row: TableRow) -> float:
        """The share of a row's label that the question asks for; a total has no words of its
        own."""
        if not row.terms:
            if self.asked.operation == SHARE:
                return float(row.total)
            return 0.8 if row.total and self.asked.everything else 0.0
        return weight(row.terms & self.asked.words) / weight(row.terms)

    def may_be(self) -> list[TableRow]:
        """Candidates for a single row: no total when a part of it is named."""
        found = [row for row in self.grid.rows if self._mentioned(row)]
        parts = [r for r in self.rows() if not r.total and self.precision(r) >= _MENTIONED]
        return [row for row in found if not (row.total and parts)]

    def rows(self) -> list[TableRow]:
        """The named rows when there are several: each by its own words of the question."""
        left = [row for row in self.grid.rows if row.terms and self._mentioned(row)]
        taken: set[int] = set()
        named: list[TableRow] = []
        while left:
            places = {row.index: self._place(row, taken) for row in left}
            row = max(left, key=lambda row: self._claim(row, places[row.index], taken))
            left.remove(row)
            twin = any(row.terms == other.terms for other in named)
            if places[row.index] - taken and not twin:
                named.append(row)
                taken |= places[row.index]
            elif twin and not row.total:
                return []  # the same label stands in two places
        return sorted(named, key=lambda row: row.index)

    def _place(self, row: TableRow, taken: set[int]) -> set[int]:
        return _window(self.asked.terms, row.terms & self.asked.words, taken)

    def _claim(
        self, row: TableRow, place: set[int], taken: set[int]
    ) -> tuple[float, int, float, bool]:
        """The claim of a row: first the words that only it has, then how well its label fits."""
        free = weight(self.asked.terms[at] for at in place - taken)
        above = bool(row.above & self.asked.words)
        return free, -len(place & taken), self.precision(row), above

    def asks_for(self, section: frozenset[str]) -> bool:
        """Whether the question asks for most words of a section."""
        found = weight(section & self.asked.words)
        return bool(found) and found >= _MENTIONED * weight(section)

    def _mentioned(self, row: TableRow) -> bool:
        share, found = self.precision(row), row.terms & self.asked.words
        if row.terms and not any(term not in _WEAK for term in found):
            return bool(found) and share == 1.0
        unique = any(self._known[term] == 1 for term in found if term not in _WEAK)
        return share >= _MENTIONED or (unique and share >= _PARTLY)

    # -- how much is explained

    def coverage(
        self, rows: Collection[TableRow], columns: Sequence[Column], labels: bool
    ) -> float:
        """The share of the question's words that the choice explains, 0 to 1.

        0 when a number or a name is left over. `labels`: the labels of the rows count, not only
        what they have in common.
        """
        near = self.grid.near_terms.union(*(column.terms for column in columns))
        near |= frozenset.intersection(*(row.above for row in rows))
        if labels:
            near = near.union(*(row.terms | row.above for row in rows))
        words = self.asked.words
        left = words - near
        if self._otherwise(left, rows, columns, labels):
            return 0.0
        if ("non" in near) != ("non" in words):  # "non-current", "outside": the opposite
            return 0.0
        if any(is_hard(term) and not self._named_by_document(term) for term in left):
            return 0.0
        if any(t in self.asked.names and not is_hard(t) and t not in self.card for t in left):
            return 0.0
        if all(column.change for column in columns):
            left = left - CHANGES  # "growth" is what is headed "Change"
        far = {t for t in left if t in self.card or t in self.grid.prose_terms}
        loss = weight(left - far) + 0.3 * weight(far - self.asked.names)
        soft = weight(term for term in words if not is_hard(term))
        return max(1.0 - loss / max(soft, 1.0), 0.0)

    def _otherwise(
        self,
        left: frozenset[str],
        rows: Collection[TableRow],
        columns: Sequence[Column],
        labels: bool,
    ) -> bool:
        """Whether the question asks for another thing: a margin for a profit, a rent per year for
        one per month, or what comes after a named row."""
        if (left - frozenset().union(*(row.terms | row.above for row in rows))) & QUALIFYING:
            return True
        others = frozenset().union(*(row.terms for row in self.grid.rows))
        if not labels and left & self.asked.names & others:
            return True
        asked, told = _per(self.asked.text), set().union(*(_per(c.label) for c in columns))
        return bool(asked and told and not asked & told)

    def _named_by_document(self, term: str) -> bool:
        name = frozenset(terms(self.grid.document.rsplit(".", 1)[0].replace("_", " ")))
        return term in name and not (is_year(term) and self.grid.dated)

    def asked_otherwise(self, unit: str) -> bool:
        """Whether its values are shares of something, and the question asks for an amount."""
        shares = unit == "%" or bool(_SHARES.search(f"{self.grid.near} {self.grid.prose}"))
        return shares and not _RATES.search(self.asked.text) and not self.asked.words & CHANGES

    def kind_is(self, rows: Sequence[TableRow]) -> bool:
        """Whether the rows are of the kind in question: their head, caption or section says so."""
        kind = self.asked.kind - self.asked.names
        told = self.grid.near_terms | self.grid.prose_terms
        told |= frozenset.intersection(*(row.above for row in rows))
        if self.asked.operation == COUNT:  # "how many sites": no number is enough for anything else
            return bool(kind & told)
        if kind == {"year"}:
            return "year" in self.grid.corner.lower() or all(
                any(map(is_year, row.terms)) for row in rows
            )
        return not kind or bool(kind & told)


def is_of_kind(asked: TableQuestion, operand: Operand) -> bool:
    """Whether a value is of the kind in question: no money for a count, and where a margin, a rate
    or a target is asked for, the same one."""
    if asked.counts and _MONEY.search(operand.cell.unit):
        return False
    said = operand.row.terms | operand.row.above | operand.column.terms
    words = ["", *(term for term in terms(asked.text) if term not in asked.names)]
    return all(
        kind in said and (of in said or not of)
        for of, kind in pairwise(words)
        if kind in QUALIFYING
    )


def states_amounts(grid: TableGrid, row: TableRow, column: Column) -> bool:
    """Whether a cell is no share of something."""
    cell = grid.cell(row, column)
    shares = _SHARES.search(f"{grid.near} {row.section} {column.label}")
    return cell is not None and cell.unit != "%" and not shares


def _quarter(term: str) -> bool:
    return len(term) == 2 and term[0] == "q" and is_hard(term)


def _within_year(term: str) -> bool:
    return _quarter(term) or term in MONTHS or term in SPANS


def _per(text: str) -> set[str]:
    """The period of a rate: "per month", "a year"."""
    return {time.lower() for time in _RATE.findall(text)}


def _window(terms: Sequence[str], wanted: frozenset[str], taken: set[int]) -> set[int]:
    """Where the words are closest together and free; empty when they form no phrase."""
    best: set[int] = set()
    for start, term in enumerate(terms):
        if term not in wanted:
            continue
        found: dict[str, int] = {}
        for at in range(start, min(start + len(wanted) + _APART, len(terms))):
            if terms[at] in wanted and (terms[at] not in found or found[terms[at]] in taken):
                found[terms[at]] = at
        places = set(found.values())
        if len(found) == len(wanted) and (not best or _cost(places, taken) < _cost(best, taken)):
            best = places
    return best


def _cost(places: set[int], taken: set[int]) -> tuple[int, int]:
    return len(places & taken), max(places) - min(places)


def weight(words: Iterable[str]) -> float:
    """The weight of a word: numbers count twice, weak words a little."""
    return sum(2.0 if is_hard(word) else 0.3 if word in _WEAK else 1.0 for word in words)


# -- Aligns a question with labels of rows by meaning: which of its words stand for a label, and
# which are about something that no label says.

_WORD = re.compile(r"[^\W_]+(?:[’'&.+-]+[^\W_]+)*")
_INITIALS = re.compile(r"\b[A-Z](?:&?[A-Z]){1,4}\b")
_EMPTY = STOP_WORDS | {"much", "many"}
_LONGEST = 6  # words that stand for a label
_TRIED = 5  # places of a label that are tried beside another one
_PAIRED = 10  # labels that are tried in pairs

Floats = NDArray[np.float32]
Place = tuple[int, int]  # the numbers of the first word and of the last one


@dataclass(frozen=True)
class Word:
    """A word of a question."""

    text: str
    start: int  # in the question without its periods
    content: bool  # no stop word, and none that only tells the operation


@dataclass(frozen=True)
class Aligned:
    """Labels in the order of the question, and the words that stand for each."""

    labels: tuple[str, ...]
    places: tuple[Place, ...]
    closeness: float  # mean of the labels' cosines with their words
    whole: float  # cosine of the labels with all content words

    @property
    def score(self) -> float:
        """0 to 2."""
        return self.closeness + self.whole


class Alignment:
    """The content words of a question without its periods, and how close they are to labels."""

    def __init__(self, question: str, labels: Sequence[str], embedder: Embedder) -> None:
        self.text = without_periods(question)
        self._labels = list(dict.fromkeys(labels))
        self._embed = _Embedded(embedder)
        self._words = _words(self.text, self._labels)
        self._places = _places(self._words)

    @property
    def abbreviated(self) -> bool:
        """Whether the question has initials joined by "&" that no label spells out."""
        return "&" in "".join(_INITIALS.findall(self.text))

    def closest_at(self, start: int, labels: Sequence[str]) -> str | None:
        """The label that is closest to the words from a place in `text` on; None at its end."""
        first = next((at for at, w in enumerate(self._words) if w.content and w.start >= start), -1)
        spans = [at for at, place in enumerate(self._places) if place[0] == first]
        if not spans:
            return None
        return max(labels, key=lambda label: self._near[self._labels.index(label), spans].max())

    def terms(self, place: Place) -> frozenset[str]:
        """The content words of a place, in normal form."""
        return _terms(self._words[place[0] : place[1] + 1])

    @cached_property
    def content(self) -> frozenset[str]:
        """All content words, in normal form."""
        return _terms(self._words)

    def said(self, place: Place) -> str:
        """The words themselves."""
        return " ".join(word.text for word in self._words[place[0] : place[1] + 1])

    def context(self, texts: Sequence[str]) -> list[float]:
        """How close texts are to the content words of the question, as cosines."""
        return [float(cosine) for cosine in self._embed(texts) @ self._all]

    @cached_property
    def singles(self) -> list[Aligned]:
        """Each label alone, the closest first."""
        if not self._places:
            return []
        best, whole = self._near.argmax(1), self._embed(self._labels) @ self._all
        found = [
            Aligned(
                (label,), (self._places[place],), float(self._near[at, place]), float(whole[at])
            )
            for at, (label, place) in enumerate(zip(self._labels, best, strict=True))
        ]
        return sorted(found, key=lambda aligned: -aligned.score)

    @cached_property
    def pairs(self) -> list[Aligned]:
        """Two labels that different words stand for, the closest first."""
        closest = sorted(self.singles, key=lambda aligned: -aligned.closeness)[:_PAIRED]
        first = [self._labels.index(aligned.labels[0]) for aligned in closest]
        found = [pair for a, b in combinations(first, 2) if (pair := self._pair(a, b))]
        joined = [" ".join(labels) for labels, *_ in found]
        whole = self._embed(joined) @ self._all if found else ()
        pairs = [Aligned(*pair, float(cosine)) for pair, cosine in zip(found, whole, strict=True)]
        return sorted(pairs, key=lambda aligned: -aligned.score)

    def unexplained(self, aligned: Aligned, known: frozenset[str]) -> float:
        """How much closer the question comes to the labels without one of its words that is not
        known: a word about another thing keeps it away. 0 when each brings it closer."""
        left = [
            self._said(without=at)
            for at, word in enumerate(self._words)
            if word.content and not set(terms(word.text)) <= known
        ]
        label = self._embed([" ".join(aligned.labels)])[0]
        near = self._embed([text for text in left if text]) @ label if any(left) else ()
        return max([0.0, *(float(cosine - self._all @ label) for cosine in near)])

    def explained(self, aligned: Aligned, known: frozenset[str]) -> float:
        """The share of the content words that stand for a label, or are known, 0 to 1."""
        content = [at for at, word in enumerate(self._words) if word.content]
        told = [
            at
            for at in content
            if any(first <= at <= last for first, last in aligned.places)
            or set(terms(self._words[at].text)) <= known
        ]
        return len(told) / max(len(content), 1)

    @cached_property
    def _near(self) -> Floats:
        """The cosine of each label with each place."""
        spans = [self.said(place) for place in self._places]
        near: Floats = self._embed(self._labels) @ self._embed(spans).T
        return near

    @cached_property
    def _all(self) -> Floats:
        found: Floats = self._embed([self._said()])[0]
        return found

    def _said(self, without: int | None = None) -> str:
        """The content words but one."""
        return " ".join(w.text for at, w in enumerate(self._words) if w.content and at != without)

    def _pair(
        self, one: int, other: int
    ) -> tuple[tuple[str, str], tuple[Place, Place], float] | None:
        """In the order of the question; None when the same words stand for both."""
        tried = [np.argsort(-self._near[at])[:_TRIED] for at in (one, other)]
        apart = [
            (float(self._near[one, a] + self._near[other, b]), self._places[a], self._places[b])
            for a in tried[0]
            for b in tried[1]
            if _apart(self._places[a], self._places[b])
        ]
        if not apart:
            return None
        closeness, *places = max(apart)
        ends = sorted(zip(places, (self._labels[one], self._labels[other]), strict=True))
        (first, label), (last, second) = ends
        return (label, second), (first, last), closeness / 2


class _Embedded:
    """Texts as vectors, each computed once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Floats] = {}

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Shape (len(texts), dimensions)."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known |= zip(new, self._embedder.passages(new) if new else (), strict=True)
        found: Floats = np.stack([self._known[text] for text in texts])
        return found


def spelt_out(text: str, labels: Sequence[str]) -> str:
    """A question with words of labels in place of their initials: "R&D", "EPS"."""
    known = {word for label in labels for word in _WORD.findall(label)}
    for word in dict.fromkeys(_INITIALS.findall(text)):
        letters = word.replace("&", "").lower()
        found = [label for label in labels if _initials(label) == letters]
        if word not in known and len(found) == 1:
            text = re.sub(rf"\b{re.escape(word)}\b", found[0].lower(), text)
    return text


def _initials(label: str) -> str:
    words = (word for word in _WORD.findall(label) if word.lower() not in STOP_WORDS)
    return "".join(word[0].lower() for word in words)


def _words(text: str, labels: Sequence[str]) -> list[Word]:
    """Without names that no label has: they are names of documents, or unknown."""
    known = {word.lower() for label in labels for word in _WORD.findall(label)}
    spans = operation_spans(text)
    words = []
    for match in _WORD.finditer(text):
        bare = re.sub(r"[’']s?$", "", match[0])
        if match.start() and bare[:1].isupper() and bare.lower() not in known:
            continue
        told = any(start <= match.start() < end for start, end in spans)
        words.append(Word(bare, match.start(), bare.lower() not in _EMPTY and not told))
    return words


def _terms(words: Sequence[Word]) -> frozenset[str]:
    return frozenset(term for word in words if word.content for term in terms(word.text))


def _places(words: Sequence[Word]) -> list[Place]:
    """Runs of words that begin and end with a content word."""
    return [
        (a, b)
        for a in range(len(words))
        for b in range(a, min(a + _LONGEST, len(words)))
        if words[a].content and words[b].content
    ]


def _apart(one: Place, other: Place) -> bool:
    return one[1] < other[0] or other[1] < one[0]
