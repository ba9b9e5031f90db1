"""Ranks the lines that were read by how well they support a sentence of an answer."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

import numpy as np

from assistant.answering.retrieve import Window
from assistant.answering.sentences import CitableSpan, lists_of, states, units_of
from assistant.contract.evidence import Evidence
from ingest.document.model import Page
from ingest.language.dates import (
    YEAR,
    Date,
    find_dates,
    nth_quarter,
    with_fiscal_years,
    with_quarters,
)
from ingest.language.numbers import normalised
from ingest.language.quantities import Quantity, blanked, find_quantities, find_unit, head_scales
from ingest.language.sentences import numbers
from ingest.language.words import content_words, name_parts, small_words, stems, without
from vectorstore.embedding.embedder import Embedder, nearness
from vectorstore.errors import LibraryError

# -- Extracts the exact claims of a sentence, and finds those that lines do not state
# Numbers, dates and quoted phrases must be found in the lines that are cited: no likeness of words
# or meaning makes up for a number that is not there. Names must be there, too, or be known from the
# question and stand elsewhere in what was read, for documents speak of things by pronouns.

_QUOTE = r"\"“”„«»"
_QUOTED = re.compile(
    rf"[{_QUOTE}]([^{_QUOTE}]+)[{_QUOTE}]|(?<![\w’'])['‘](?=[A-Za-z])([^'’‘]+)['’](?![\w])"
)
_OPEN = re.compile(r"(?:^|[\s(])[\"“„«](?=\S)([^\"“”„«»]+)\Z")  # the sentence ends inside
_ELLIPSIS = re.compile(r"\.\.\.|…|\[[^\[\]]*+\]")
_NAME = re.compile(r"\b[A-Z][\w&]*(?:['’-][A-Za-z]\w*)*")
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_I = {"i", "i'm", "i've"}
_VAGUE = (Decimal(1), Decimal("0.5"))  # one, the first, half a
_CODE = re.compile(r"\b[^\W\d]\w*\d\w*")
_PERIOD = re.compile(r"[- ](?:\w+ )?(?:quarter|half|edition|floor|place|prize|level|class)\b", re.I)


@dataclass(frozen=True)
class Claims:
    """The exact claims of a sentence."""

    numbers: tuple[Quantity, ...] = ()
    dates: tuple[Date, ...] = ()
    phrases: tuple[str, ...] = ()  # folded
    names: frozenset[str] = frozenset()  # folded words

    def __len__(self) -> int:
        return len(self.numbers) + len(self.dates) + len(self.phrases) + len(self.names)

    def without(self, stated: "Stated") -> "Claims":
        """The claims that some lines do not state."""
        return Claims(
            tuple(n for n in self.numbers if not stated.has_number(n)),
            tuple(d for d in self.dates if not stated.has_date(d)),
            tuple(p for p in self.phrases if p not in stated.folded),
            frozenset(n for n in self.names if n not in stated.words),
        )


@dataclass(frozen=True)
class Stated:
    """The exact statements of lines."""

    numbers: tuple[Quantity, ...]
    dates: tuple[Date, ...]
    folded: str
    words: frozenset[str]
    scales: frozenset[int] = frozenset()  # powers of ten that the page states for its numbers

    @property
    def years(self) -> frozenset[int]:
        found = (n.value for n in self.numbers if n.value and re.fullmatch(r"\d{4}", n.digits))
        return frozenset(int(year) for year in found if 1000 <= year < 2100)

    def has_number(self, said: Quantity) -> bool:
        """Whether a number is an amount: where money is marked, other numbers are none."""
        marked = [n for n in self.numbers if n.money and n.unit == said.unit]
        return any(_same(said, written, self.scales) for written in marked or self.numbers)

    def has_date(self, said: Date) -> bool:
        return any(date.states(said, self.years) for date in self.dates)


def claims(sentence: str) -> Claims:
    """The claims of a sentence of an answer. A lone "one" or "first" is none."""
    exact = [claim for _, claim in written(sentence)]
    _, rest = _cut(_plain(sentence))
    return Claims(
        tuple(n for claim in exact for n in claim.numbers),
        tuple(d for claim in exact for d in claim.dates),
        tuple(dict.fromkeys(p for claim in exact for p in claim.phrases)),
        frozenset(_names(rest)),
    )


def written(sentence: str) -> Iterator[tuple[str, Claims]]:
    """The words of each number, date and quoted phrase with its claim; a lone "one" claims nothing.

    The words are as in the sentence but for blanks, dashes, and the one name of a quarter or year.
    """
    text = _plain(sentence)
    dates, rest = _cut(text)
    for date in dates:
        yield text[date.start : date.end], Claims(dates=(date,))
    for number in _numbers(rest):
        claim = Claims() if _is_vague(number, rest) else Claims(numbers=(number,))
        yield rest[number.start : number.end] or number.digits, claim
    for phrase in map(folded, _phrases(text)):
        if phrase:
            yield phrase, Claims(phrases=(phrase,))


def stated(text: str, scales: frozenset[int] = frozenset()) -> Stated:
    """The statements of lines of a document. The year of a date counts as a number, and its day as
    an ordinal: "25 days" is not found in "June 25"."""
    text = _plain(text)
    dates, rest = _cut(text)
    years = [Quantity(str(d.year), Decimal(d.year)) for d in dates if d.year]
    days = [Quantity(str(d.day), Decimal(d.day), ordinal=True) for d in dates if d.day]
    numbers = (*_numbers(rest), *years, *days)
    return Stated(numbers, dates, folded(text), frozenset(words(text)), scales)


def _plain(text: str) -> str:
    """One form for blanks, dashes, quarters and fiscal years."""
    text = with_quarters(normalised(text).replace("per cent", "percent"), nth_quarter)
    return with_fiscal_years(text, lambda _, year: f"fiscal year {year}")


def _cut(text: str) -> tuple[tuple[Date, ...], str]:
    """The dates of a text, and the text without them."""
    dates = tuple(find_dates(text))
    return dates, blanked(text, ((date.start, date.end) for date in dates))


def _numbers(text: str) -> list[Quantity]:
    """The numbers, and codes such as `A12`, which must match exactly."""
    numbers = find_quantities(text)
    codes = _CODE.findall(blanked(text, ((n.start, n.end) for n in numbers)))
    return numbers + [Quantity(code.lower(), None) for code in codes if not find_unit(code)]


def _is_vague(number: Quantity, text: str) -> bool:
    """The first film is also the original one; the first quarter is a number."""
    if number.unit or number.scale or number.value not in _VAGUE or not number.word:
        return False
    return not (number.ordinal and _PERIOD.match(text, number.end))


def _same(said: Quantity, written: Quantity, heads: frozenset[int]) -> bool:
    """Whether a document's number says what this one does: `1.2` and `1.2 million`, `5 %` and
    `5 days`, `82.9` and `82.96` do not. `heads` are powers of ten that the document gives for a
    table's numbers ("in millions")."""
    units = {number.unit.name for number in (said, written) if number.unit}
    if said.ordinal != written.ordinal or len(units) > 1:
        return False
    if said.value is None or written.value is None or said.tail or written.tail:
        one, other = ((n.digits, n.tail, n.scale) for n in (said, written))
        return one == other
    if said.amount == written.amount:
        return True
    return said.value == written.value and not written.scale and said.scale in heads


def plain_words(text: str) -> set[str]:
    """The words between blanks, folded, with one name for each quarter and fiscal year."""
    return {folded(word) for word in _plain(text).split()} - {""}


def folded(text: str) -> str:
    """Folds a phrase: letters and digits only, without case and accents, single spaces."""
    apart = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in apart if not unicodedata.combining(c)).casefold()
    return " ".join(_WORD.findall(kept.replace("’", "'").replace("_", " ")))


def words(text: str) -> Iterator[str]:
    """The folded words of a name, without plural and genitive endings."""
    return (_bare(word) for word in folded(text).split())


def _bare(word: str) -> str:
    return word.removesuffix("'s").removesuffix("'").removesuffix("s")


def _phrases(text: str) -> Iterator[str]:
    for match in _QUOTED.finditer(text):
        yield from _ELLIPSIS.split(match[1] or match[2])
    rest = _QUOTED.sub(" ", text)
    if left := _OPEN.search(rest):
        yield from _ELLIPSIS.split(left[1])


def _names(text: str) -> Iterator[str]:
    """Capitalised words; the first one of the sentence only when it is in capitals, or part of a
    name of several words."""
    for match in _NAME.finditer(text):
        word = match[0]
        first = not re.search(r"\w", text[: match.start()])
        following = _NAME.match(text, match.end() + 1)
        if (
            word.lower() in _I
            or not content_words(word)
            or (first and not (following or word[1:].isupper()))
        ):
            continue
        yield from (part for part in words(word.replace("-", " ")) if part)


# -- Names and periods that need no line of their own: a document's title, or the question, gives
# them. A report of Apple says "we" and "the Company", and never again "Apple" and "2023". So a
# name, year or quarter that the title gives is stated by each line of that document. So is a name
# of the question that the document has anywhere, unless the title of another document has it: a
# line about B says nothing about A.

_COVER = 5000  # characters of a first page: that of a plain text is the whole document


class GivenNames:
    """The names given for each of the documents that were read, as folded words."""

    def __init__(self, read: Sequence[Window], first_pages: Mapping[str, Page]) -> None:
        """`first_pages`: the first page of each document; what is absent is not known."""
        self._titles: dict[str, frozenset[str]] = {}
        self._known: dict[str, frozenset[str]] = {}
        self._periods: dict[str, Stated] = {}
        texts_of_all = []
        for name in dict.fromkeys(window.document for window in read):
            title = " ".join([name, name_parts(name), *_headlines(first_pages.get(name))])
            texts = [window.text for window in read if window.document == name]
            first = first_pages[name].text[:_COVER] if name in first_pages else ""
            self._titles[name] = frozenset(words(title))
            self._known[name] = self._titles[name].union(words(" ".join([*texts, first])))
            self._periods[name] = _periods(title)
            texts_of_all += [title, first, *texts]
        self._text = f" {' '.join(words(' '.join(texts_of_all)))} "

    def of_title(self, document: str) -> frozenset[str]:
        """The words of its name, and of the title on its first page."""
        return self._titles[document]

    def period(self, document: str) -> Stated:
        """The dates, years and quarters of its title."""
        return self._periods[document]

    def side_by_side(self, name: Sequence[str]) -> bool:
        """Whether the folded words of a name stand so in anything that was read."""
        return f" {' '.join(name)} " in self._text

    def of_question(self, question: str, document: str) -> frozenset[str]:
        """The words of the question that the document has, without those of other titles."""
        foreign = self._of_others(document) - self._titles[document]
        return (frozenset(words(question)) & self._known[document]) - foreign

    def speaks_of(self, named: frozenset[str], document: str) -> bool:
        """Whether a document may speak of what a sentence names, by folded words: not when they are
        in other titles and nowhere in it, unless they are in its own title, too."""
        others, own = self._of_others(document), self._titles[document]
        return not named & (others - self._known[document]) or bool(named & (own - others))

    def _of_others(self, document: str) -> frozenset[str]:
        others = (title for name, title in self._titles.items() if name != document)
        return frozenset().union(*others)


def first_pages(read: Sequence[Window], evidence: Evidence) -> dict[str, Page]:
    """The first page of each document that was read, if it is still there."""
    found = {}
    for name in dict.fromkeys(window.document for window in read):
        try:
            found[name] = evidence.page(name, 1)
        except LibraryError:  # removed while the answer was written
            continue
    return found


def _periods(title: str) -> Stated:
    found = stated(title)
    years = tuple(n for n in found.numbers if re.fullmatch(YEAR, n.digits) or n.ordinal)
    return replace(found, numbers=years)


def _headlines(page: Page | None) -> Iterator[str]:
    """The title on a first page: the lines of the largest letters, and headings of the first
    level."""
    if page is None or not page.lines:
        return
    yield page.title
    sizes = sorted(line.size for line in page.lines)
    largest = sizes[-1] if sizes[-1] > sizes[len(sizes) // 2] else 0.0
    for line in page.lines:
        if not line.hidden and (line.heading == 1 or (largest and line.size == largest)):
            yield line.text


_SHORTLIST = 10  # units embedded for each sentence
_LEXICAL = 0.6  # weight of words against the embedding
_MISSING = 0.2  # penalty of a unit that states none of the numbers and names
_WIDE = 0.02  # penalty of each line beyond three: the narrowest support is cited
_ITEM = re.compile(r"\A\s*(?:\d{1,2}[.)]|[-•*–])\s+")  # of a list: its number is no claim
_AFFIRMS = re.compile(r"\W*yes\b", re.I)
_REPLIES = re.compile(
    r"(?<!\W)\W*+(?:yes\b[,.:;!–]?|no\b[,.:;!–])\s*", re.I
)  # to the question: denies no more
_MARKUP = re.compile(r"\*\*|__|`")
_CAPITAL = re.compile(r"[A-Z][\w&]*(?:['’-]\w+)*")


@dataclass(frozen=True)
class Said:
    """A sentence of an answer, or a part of one, prepared for the search."""

    text: str
    words: frozenset[str]  # stems; numbers are among the claims
    numbers: frozenset[str]
    claims: Claims
    question: str = ""  # whose names need no line of their own; empty: they do
    small: frozenset[str] = frozenset()  # words of its language that state nothing, but for English

    @classmethod
    def of(cls, text: str, question: str, bound: bool = False) -> "Said":
        """`bound`: each name must be given by the lines or their title, not by the question."""
        start = opening(text)
        text = _MARKUP.sub("", text[start:] if len(stems(text[start:])) > 1 else text)
        claimed = claims(text)
        if len(stems(text)) < 2:  # "Yes.", "25 days.": what it says is in the question
            claimed = claims(question) if _AFFIRMS.match(text) else claimed
            text = f"{question} {text}"
        small = small_words(question or text)
        meant = stems(without(text, small))
        wanted = frozenset(word for word in meant if not word[0].isdigit())
        return cls(text, wanted, numbers(text), claimed, "" if bound else question, small)

    def missing(self, supports: Sequence["Support"]) -> Claims:
        """Its exact claims that none of the lines states."""
        left = self.claims
        for support in supports:
            left = left.without(support.stated)
        return left

    def covered(self, supports: Sequence["Support"]) -> float:
        """Share of its words in the lines."""
        found = frozenset().union(*(support.meant for support in supports))
        return len(self.words & found) / len(self.words) if self.words else 1.0


@dataclass(frozen=True)
class Support:
    """A unit that may support a sentence."""

    unit: CitableSpan
    meant: frozenset[str]  # stems of the unit, and of names that are given for its document
    stated: Stated
    score: float = 0.0  # similarity, less penalties
    cosine: float = 0.0  # cosine to the sentence
    recalled: frozenset[str] = frozenset()  # stems of the question that stand above the unit


class ReadLines:
    """The passages as units."""

    def __init__(self, windows: Sequence[Window], names: GivenNames, embedder: Embedder) -> None:
        self._embedder = embedder
        self._windows = windows
        self._names = names
        self._scales = [head_scales(window.page.text) for window in windows]
        self._units = [
            unit
            for index, window in enumerate(windows)
            for unit in (*units_of(window, index), *lists_of(window, index))
        ]

    def ranked(self, said: Said) -> list[Support]:
        """The units that may support a sentence, best first."""
        capitals = " ".join(_CAPITAL.findall(said.text))
        named = frozenset(word for word in words(capitals) if word.isalpha())  # no "Q3"
        documents = dict.fromkeys(window.document for window in self._windows)
        given = {
            name: self._given(said, name)
            for name in documents
            if self._names.speaks_of(named, name)
        }
        supports = [
            _found(unit, *given[document])
            for unit in self._units
            if (document := self._windows[unit.window].document) in given
        ]
        nearest = sorted(supports, key=lambda support: -_lexical(support, said))[:_SHORTLIST]
        shortlist = [support for support in nearest if states(support.unit)]
        if not shortlist:
            return []
        texts = [f"{s.unit.heads} {s.unit.text}".strip() for s in shortlist]
        vectors = self._embedder.passages([said.text, *texts])
        cosines = np.atleast_1d(nearness(self._embedder, vectors[1:] @ vectors[0]))
        scored = [
            self._scored(support, said, float(cosine))
            for support, cosine in zip(shortlist, cosines, strict=True)
        ]
        return sorted(scored, key=lambda support: -support.score)

    def likeness(self, said: Said, chosen: Sequence[Support]) -> float:
        """The similarity of a sentence and the units together, in words and embedding, 0 to 1."""
        cosine = chosen[0].cosine
        if len(chosen) > 1:
            together = " ".join(support.unit.text for support in chosen)
            both = self._embedder.passages([said.text, together])
            cosine = nearness(self._embedder, float(both[0] @ both[1]))
        return _LEXICAL * said.covered(chosen) + (1 - _LEXICAL) * max(cosine, 0.0)

    def new_names(self, said: Said) -> frozenset[str]:
        """The words of names, as of "Northwind Care", that nowhere stand side by side."""
        asked = " ".join(words(said.question))
        pairs = [tuple(words(f"{one} {other}")) for one, other in _pairs(said.text)]
        new = (p for p in pairs if " ".join(p) not in asked and not self._names.side_by_side(p))
        return frozenset(word for pair in new for word in pair)

    def _given(self, said: Said, document: str) -> tuple[frozenset[str], frozenset[str]]:
        """The names of the sentence that its document gives: their stems, and folded words."""
        known = self._names.of_title(document)
        if said.question:
            known |= self._names.of_question(said.question, document)
        found = [m[0] for m in _CAPITAL.finditer(said.text) if set(words(m[0])) <= known]
        return stems(" ".join(found)), known

    def _scored(self, support: Support, said: Said, cosine: float) -> Support:
        """With its score: similarity, less penalties for missing exact claims and for width."""
        unit = support.unit
        exact = stated(unit.text, self._scales[unit.window])
        title = self._names.period(self._windows[unit.window].document)
        exact = replace(
            exact,
            numbers=(*exact.numbers, *title.numbers),
            dates=(*exact.dates, *title.dates),
            words=exact.words | support.stated.words,
        )
        alike = _LEXICAL * _lexical(support, said) + (1 - _LEXICAL) * max(cosine, 0.0)
        count = len(said.claims)
        left = len(said.claims.without(exact)) / count if count else 0.0
        width = max(unit.last - unit.first - 2, 0)
        score = alike - _MISSING * left - _WIDE * width
        return replace(
            support, stated=exact, score=score, cosine=cosine, recalled=self._recalled(unit, said)
        )

    def _recalled(self, unit: CitableSpan, said: Said) -> frozenset[str]:
        """The words of the question that the lines above have: texts refer back to them, as in "the
        process", and hardly ever forward."""
        window = self._windows[unit.window]
        above = window.page.lines[window.first : unit.first]
        return stems(said.question) & stems(" ".join(line.text for line in above))


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Capitalised words of a sentence with nothing but a blank between, but for its first word."""
    first = re.compile(r"\W*").match(text)
    found = [m for m in _CAPITAL.finditer(text) if not first or m.start() > first.end()]
    for one, other in pairwise(found):
        if text[one.end() : other.start()] == " ":
            yield one[0], other[0]


def _found(unit: CitableSpan, given: frozenset[str], names: frozenset[str]) -> Support:
    return Support(unit, unit.meant | given, Stated((), (), "", names))


def _lexical(support: Support, said: Said) -> float:
    """The share of the sentence's words in the unit; a number counts three times."""
    total = len(said.words) + 3 * len(said.numbers)
    found = len(said.words & support.meant) + 3 * len(said.numbers & support.unit.numbers)
    return found / total if total else 0.0


def opening(text: str) -> int:
    """The length of what the sentence begins with before it says something: a list item's number,
    "Yes," or "No,"."""
    start = 0
    for pattern in (_ITEM, _REPLIES):
        match = pattern.match(text[start:])
        start += match.end() if match else 0
    return start


# -- Finds the words of a sentence that no line states: what a reader has to check

_TOKEN = re.compile(r"\w+(?:[.,:/'’&-]\w+)*%?")
_BETWEEN = re.compile(r"[\s,/-]*")  # unstated words with nothing else between are shown as one
_SHORT = re.compile(r"['’]\w{1,2}\b")  # "it's", "Anna's"
_DENIES = re.compile(r"\b(?:no|not|never|none|neither|nor|cannot|without|nothing)\b|n['’]t\b", re.I)
_NAMED = re.compile(r"[\"“„«][^\"“”„«»]*[\"”»]|\bNo (?=[A-Z])")  # "No Man's Sky" denies nothing
_DENIED = re.compile(
    r"(?:\b(?:no|not(?!\s+only)|never|cannot|neither)|n['’]t)\s+(?:(?:be|been|a|an|the|any)\s+)*(\w+)",
    re.IGNORECASE,
)


def unstated(
    text: str, said: Said, chosen: Sequence[Support], new_names: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The words of `text` that none of the lines states, as written and in their order.

    A number, date or quoted phrase must be stated as a whole. A word is stated when its stem is in
    the lines, when it is of a name that is given for them, or of the question and stands above
    them. `new_names`: folded words of names that nobody gives.
    """
    exact, wrong = _exact(text, chosen)
    wrong |= said.missing(chosen).names | new_names
    denied = denials(said, chosen)
    found = frozenset().union(*(support.meant | support.recalled for support in chosen))
    spans = [
        match.span()
        for match in _TOKEN.finditer(text, opening(text))
        if match[0].lower() not in said.small
        and _is_unstated(match[0], found, exact, wrong, denied)
    ]
    return tuple(_joined(text, spans))


def marked_too(
    text: str, unstated: Sequence[str], spans: Sequence[tuple[int, int]]
) -> tuple[str, ...]:
    """What is unstated, and what is at the spans, in the order of the text; neighbours together."""
    found, start = list(spans), 0
    for piece in unstated:
        start = text.find(piece, start)
        found.append((start, start + len(piece)))
        start += len(piece)
    return tuple(_joined(text, _apart(sorted(found))))


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap made one."""
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if kept and start < kept[-1][1]:
            kept[-1] = kept[-1][0], max(end, kept[-1][1])
        else:
            kept.append((start, end))
    return kept


def denials(said: Said, chosen: Sequence[Support]) -> frozenset[str]:
    """What the sentence denies and no line does ("not"), or what a line denies and it says."""
    lines = [_NAMED.sub(" ", support.unit.text) for support in chosen]
    if own := _DENIES.findall(_NAMED.sub(" ", said.text)):
        denied = any(_DENIES.search(line) for line in lines)
        return frozenset() if denied else frozenset(word.lower() for word in own)
    behind = {word for line in lines for word in _DENIED.findall(line)}
    return frozenset().union(*(stems(word) & said.words for word in behind))


def _is_unstated(
    token: str, found: frozenset[str], exact: set[str], wrong: set[str], denied: frozenset[str]
) -> bool:
    parts = plain_words(token)
    meant = stems(_SHORT.sub("", token))
    if (parts | set(words(token))) & wrong or meant & denied or (denied and _DENIES.search(token)):
        return True
    new = {stem for stem in meant - found if len(stem) > 1 and not stem[0].isdigit()}
    return bool(new) and not parts <= exact


def _exact(text: str, chosen: Sequence[Support]) -> tuple[set[str], set[str]]:
    """The words of the numbers, dates and phrases: of those that are stated, and of others."""
    lines = {word for s in chosen for word in plain_words(f"{s.unit.text} {s.unit.heads}")}
    right: set[str] = set()
    wrong: set[str] = set()
    for said, claim in written(text):
        for support in chosen:
            claim = claim.without(support.stated)
        parts = plain_words(said)
        if len(claim):
            wrong |= parts - lines or parts  # all words are there, but not of one thing
        else:
            right |= parts
    return right, wrong


def _joined(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The words at the spans; neighbours together."""
    first = last = -1
    for start, end in spans:
        if last >= 0 and not _BETWEEN.fullmatch(text, last, start):
            yield text[first:last]
            first = -1
        first, last = (start if first < 0 else first), end
    if last >= 0:
        yield text[first:last]
