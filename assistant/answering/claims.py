"""The exact claims of a sentence, its numbers, dates, quoted phrases and names, and what lines
state."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from assistant.answering.evidence_units import Window
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
from ingest.language.quantities import Quantity, blanked, find_quantities, find_unit
from ingest.language.words import content_words, name_parts
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
    """What lines of a document state, in the forms that claims are compared with."""

    numbers: tuple[Quantity, ...]
    dates: tuple[Date, ...]
    folded: str
    words: frozenset[str]
    scales: frozenset[int] = frozenset()  # powers of ten that the page states for its numbers

    @property
    def years(self) -> frozenset[int]:
        four = (int(n.digits) for n in self.numbers if n.digits.isdecimal() and len(n.digits) == 4)
        return frozenset(year for year in four if 1000 <= year < 2100)

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
    for word in folded(text).split():
        yield word.removesuffix("'s").removesuffix("'").removesuffix("s")


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
        first = not any(map(str.isalnum, text[: match.start()]))
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

    def __init__(self, read: Sequence[Window], evidence: Evidence) -> None:
        """Of what was `read`, and of the first page of each document that is still there."""
        first_pages = _first_pages(read, evidence)
        self.titles: dict[str, frozenset[str]] = {}  # words of its name, and on its first page
        self.periods: dict[str, Stated] = {}  # dates, years and quarters of its title
        self._known: dict[str, frozenset[str]] = {}
        texts_of_all = []
        for name in dict.fromkeys(window.document for window in read):
            title = " ".join([name, name_parts(name), *_headlines(first_pages.get(name))])
            texts = [window.text for window in read if window.document == name]
            first = first_pages[name].text[:_COVER] if name in first_pages else ""
            self.titles[name] = frozenset(words(title))
            self._known[name] = self.titles[name].union(words(" ".join([*texts, first])))
            told = stated(title)
            years = (n for n in told.numbers if re.fullmatch(YEAR, n.digits) or n.ordinal)
            self.periods[name] = replace(told, numbers=tuple(years))
            texts_of_all += [title, first, *texts]
        self._text = f" {' '.join(words(' '.join(texts_of_all)))} "

    def side_by_side(self, name: Sequence[str]) -> bool:
        """Whether the folded words of a name stand so in anything that was read."""
        return f" {' '.join(name)} " in self._text

    def of_question(self, question: str, document: str) -> frozenset[str]:
        """The words of the question that the document has, without those of other titles."""
        foreign = self._of_others(document) - self.titles[document]
        return (frozenset(words(question)) & self._known[document]) - foreign

    def speaks_of(self, named: frozenset[str], document: str) -> bool:
        """Whether a document may speak of what a sentence names, by folded words: not when they are
        in other titles and nowhere in it, unless they are in its own title, too."""
        others, own = self._of_others(document), self.titles[document]
        return not named & (others - self._known[document]) or bool(named & (own - others))

    def _of_others(self, document: str) -> frozenset[str]:
        others = (title for name, title in self.titles.items() if name != document)
        return frozenset().union(*others)


def _first_pages(read: Sequence[Window], evidence: Evidence) -> dict[str, Page]:
    found = {}
    for name in dict.fromkeys(window.document for window in read):
        try:
            found[name] = evidence.page(name, 1)
        except LibraryError:  # removed while the answer was written
            continue
    return found


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
