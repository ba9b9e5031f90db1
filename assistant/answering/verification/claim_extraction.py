"""What a sentence claims exactly, and what of it lines do not state.

Numbers, dates and quoted phrases must be found in the lines that are cited: no likeness of words or
meaning makes up for a number that is not there. Names must be there, too, or be known from the
question and stand elsewhere in what was read, for documents speak of things by pronouns.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ingest.language.numbers import Date, Figure, dates, figures, plain
from ingest.language.words import content_words

_QUOTE = r"\"“”„«»"
_QUOTED = re.compile(
    rf"[{_QUOTE}]([^{_QUOTE}]+)[{_QUOTE}]|(?<![\w’'])['‘](?=[A-Za-z])([^'’‘]+)['’](?![\w])"
)
_OPEN = re.compile(r"(?:^|[\s(])[\"“„«](?=\S)([^\"“”„«»]+)\Z")  # the sentence ends inside
_ELLIPSIS = re.compile(r"\.\.\.|…|\[[^\]]*\]")
_NAME = re.compile(r"\b[A-Z][\w&]*(?:['’-][A-Za-z]\w*)*")
_WORD = re.compile(r"\w+(?:['’]\w+)*")
_I = {"i", "i'm", "i've"}


@dataclass(frozen=True)
class Claims:
    """What must be found as it is."""

    figures: tuple[Figure, ...] = ()
    dates: tuple[Date, ...] = ()
    phrases: tuple[str, ...] = ()  # folded
    names: frozenset[str] = frozenset()  # folded words

    def __len__(self) -> int:
        return len(self.figures) + len(self.dates) + len(self.phrases) + len(self.names)

    def without(self, stated: "Stated") -> "Claims":
        """What is left of them where some lines state the others."""
        return Claims(
            tuple(f for f in self.figures if not stated.has_figure(f)),
            tuple(d for d in self.dates if not stated.has_date(d)),
            tuple(p for p in self.phrases if p not in stated.folded),
            frozenset(n for n in self.names if n not in stated.words),
        )


@dataclass(frozen=True)
class Stated:
    """What lines state exactly."""

    figures: tuple[Figure, ...]
    dates: tuple[Date, ...]
    folded: str
    words: frozenset[str]
    scales: frozenset[int] = frozenset()  # powers of ten that their page gives for its numbers

    @property
    def years(self) -> frozenset[int]:
        found = (
            f.bare for f in self.figures if f.bare is not None and re.fullmatch(r"\d{4}", f.raw)
        )
        return frozenset(int(year) for year in found if 1000 <= year < 2100)

    def has_figure(self, said: Figure) -> bool:
        """Where amounts of money are marked as such, the other numbers are none."""
        marked = [figure for figure in self.figures if figure.money and figure.unit == said.unit]
        return any(said.same(figure, self.scales) for figure in marked or self.figures)

    def has_date(self, said: Date) -> bool:
        return any(said.same(date, self.years) for date in self.dates)


def claims(sentence: str) -> Claims:
    """Of a sentence of an answer."""
    text = plain(sentence)
    found, rest = dates(text)
    phrases = tuple(dict.fromkeys(folded(p) for p in _phrases(text) if folded(p)))
    return Claims(tuple(figures(rest)), tuple(found), phrases, frozenset(_names(rest)))


def stated(text: str, scales: frozenset[int] = frozenset()) -> Stated:
    """By lines of a document. Of a date its year counts as a number, and its day as an ordinal:
    "25 days" is not found in "June 25"."""
    text = plain(text)
    found, rest = dates(text)
    years = [Figure(str(d.year), Decimal(d.year)) for d in found if d.year]
    days = [Figure(str(d.day), Decimal(d.day), ordinal=True) for d in found if d.day]
    said = (*figures(rest, said=False), *years, *days)
    return Stated(said, tuple(found), folded(text), frozenset(words(text)), scales)


def folded(text: str) -> str:
    """For phrases: letters and digits only, without case and accents, single blanks."""
    apart = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in apart if not unicodedata.combining(c)).casefold()
    return " ".join(_WORD.findall(kept.replace("’", "'").replace("_", " ")))


def words(text: str) -> Iterator[str]:
    """For names: folded, without the ending of a plural or a genitive."""
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
    """Words with a capital, but the first one of the sentence only when it is in capitals, or part
    of a name of several words."""
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
