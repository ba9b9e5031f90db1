"""The names that a document has: of what it is about, found by how it writes them itself.

A name stands in the file's name, the title, on the first page, or within sentences with a capital.
What a document is about it says again and again. Nothing is known of companies, plans, products or
persons.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingest.language.dates import YEAR, find_dates, quarters, with_fiscal_years
from ingest.language.words import STOP_WORDS
from vectorstore.naming.capitals import capitalised, is_capital, nouns_have_capitals, words_of
from vectorstore.naming.counts import Count, counted
from vectorstore.naming.other_spellings import abbreviates

_LONGEST = 5  # words of a name
_MOST = 200  # names of a document
_OFTEN = 3  # passages that state a name, unless the file's name or the title does
_NAMELIKE = 0.7  # share of a name's passages that write it with a capital
_ALONE = 0.4  # share of those that neither continue a name nor number something
_SYMBOL = re.compile(r"[A-Z]{3,5}")  # as of a share
# As `("AMD")`, `(AMD)` or `(Nasdaq: AMD)`.
_GIVEN = re.compile(r"[\"“(:]\s?([A-Z]{2,5})[\"”)]")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SUFFIX = re.compile(r"\.\w{1,5}$")
_YEAR = re.compile(rf"\b{YEAR}\b")
_FEW = 40  # words: a first page with fewer is a cover, and the second one counts, too

IN_TEXT, FIRST_PAGE, TITLE = 0, 1, 2  # where a name stands; the file's name counts as a title


class Name(NamedTuple):
    """How a document has a name."""

    share: float  # of the passages, those that state it or have it in a heading above
    passages: int  # their number
    lower: float  # share of those that state it, those that write it in lower case
    place: int  # IN_TEXT, FIRST_PAGE or TITLE


@dataclass(frozen=True)
class DocumentNames:
    """`names` by their words in lower case, joined by one space. `periods`: years such as `2023`,
    and quarters such as `q2`, that the file's name or the first page states."""

    names: dict[str, Name]
    periods: tuple[str, ...] = ()


class Passage(NamedTuple):
    """A visible passage of the document, with the headings above it."""

    page: int
    text: str
    headings: str = ""


def document_names(file: str, title: str, passages: Sequence[Passage]) -> DocumentNames:
    """The names of a document; `passages` in their order.

    One of a passage or two has none: it is about all that it says, and found by its words.
    """
    first = _first_page(passages)
    periods = _periods(file, title, first)
    if 0 < len(passages) < _OFTEN:
        return DocumentNames({}, periods)
    places: dict[str, int] = {}
    if not nouns_have_capitals("\n".join(passage.text for passage in passages)):
        places |= dict.fromkeys(_within_sentences(passages), IN_TEXT)
        lines = (line for text in first for line in text.split("\n"))
        places |= dict.fromkeys(_runs(lines), FIRST_PAGE)
    places |= dict.fromkeys(_declared(file) | _declared(title), TITLE)
    symbols = {w.lower() for text in first for w in words_of(text) if _SYMBOL.fullmatch(w)}
    counts = counted(places, [passage[1:] for passage in passages])
    names = {
        words: _name(count, places[words])
        for words, count in counts.items()
        if not passages or _is_name(count, words, places[words], words in symbols)
        if _says(words)
    }
    names |= _abbreviations(passages, names)
    best = sorted(names, key=lambda words: (-names[words].place, -names[words].share, words))
    return DocumentNames({words: names[words] for words in best[:_MOST]}, periods)


def periods_of(text: str) -> frozenset[str]:
    """The years and quarters that a text states: `2023`, `q2`."""
    years = set(_YEAR.findall(with_fiscal_years(text, "{} {}".format)))
    return frozenset(years | {f"q{number}" for number, _, _ in quarters(text)})


def _periods(file: str, title: str, first: Sequence[str]) -> tuple[str, ...]:
    """Of the file's name and title, else the first date of the first page."""
    written = _SUFFIX.sub("", file).replace("_", " ") + "\n" + title
    if stated := periods_of(written):
        return tuple(sorted(stated))
    dates = [date for text in first for date in find_dates(text) if date.year]
    if not dates:
        return ()
    return str(dates[0].year), f"q{(dates[0].month + 2) // 3}"


def _first_page(passages: Sequence[Passage]) -> list[str]:
    """The texts of the first page that says something, and of a cover before it."""
    found: list[str] = []
    last = 0
    for passage in passages:
        if passage.page != last and sum(len(words_of(text)) for text in found) >= _FEW:
            break
        last = passage.page
        found.append(passage.text)
    return found


def _declared(name: str) -> set[str]:
    """Runs of words of a file's name or a title, without its suffix, numbers and single letters."""
    words: list[str] = []
    found: set[str] = set()
    for token in [*words_of(_SUFFIX.sub("", name.rsplit("/", 1)[-1])), ""]:
        parts = _CAMEL.findall(token) if token.isalpha() else [token]
        if len(token) > 1 and not token.isdigit() and not _is_code(token):
            found.add(token.lower())
            words += parts
        else:
            found |= _sequences(words)
            words = []
    return found


def _is_code(token: str) -> bool:
    """`379f44022bb2`: letters and digits change more than twice, or it is a quarter."""
    changes = len(re.findall(r"\d+|[^\W\d_]+", token))
    return changes > 3 or bool(quarters(token)) or bool(_YEAR.search(token))


def _sequences(words: Sequence[str]) -> set[str]:
    """All runs of up to `_LONGEST` words, in lower case."""
    low = [word.lower() for word in words]
    return {
        " ".join(low[at : at + length])
        for at in range(len(low))
        for length in range(1, min(_LONGEST, len(low) - at) + 1)
    }


def _runs(lines: Iterable[str]) -> set[str]:
    """Runs of words with capitals, with all shorter runs in them."""
    return {found for line in lines for run in capitalised(line) for found in _named_in(run.words)}


def _named_in(run: Sequence[str]) -> set[str]:
    return {
        " ".join(run[at : at + length]).lower()
        for at in range(len(run))
        for length in range(1, min(_LONGEST, len(run) - at) + 1)
        if is_capital(run[at]) and is_capital(run[at + length - 1])
    }


def _within_sentences(passages: Sequence[Passage]) -> set[str]:
    """Runs with capitals behind a word in lower case, in some passages."""
    counted: Counter[str] = Counter()
    for passage in passages:
        counted.update(
            {
                found
                for line in passage.text.split("\n")
                for run in capitalised(line)
                if run.within
                for found in _named_in(run.words)
            }
        )
    likely = [words for words, count in counted.most_common(5 * _MOST) if count >= _OFTEN]
    return set(likely)


def _name(count: Count, place: int) -> Name:
    share, lower = count.below / count.of, count.lower / max(count.any, 1)
    return Name(round(share, 3), count.below, round(lower, 3), place)


def _is_name(count: Count, words: str, place: int, symbol: bool) -> bool:
    """Whether it is written as one, and often, unless the title or the first page say clearly that
    the document is about it."""
    if not symbol and " " not in words and count.alone < _ALONE * count.capital:
        return False
    written = count.any > 0 and count.capital >= _NAMELIKE * count.any
    clear = symbol or place == TITLE or (place == FIRST_PAGE and " " in words)
    return written and count.capital >= (1 if clear else _OFTEN)


def _says(words: str) -> bool:
    """Whether it neither begins nor ends with a word without meaning."""
    first, last = words.split(" ")[0], words.split(" ")[-1]
    return STOP_WORDS.isdisjoint((first, last)) and not periods_of(first + " " + last)


def _abbreviations(passages: Sequence[Passage], names: dict[str, Name]) -> dict[str, Name]:
    """Short words that the document gives for a name, in quotation marks or brackets: their letters
    are some of its letters, in order, from the first on."""
    given = {word for passage in passages for word in _GIVEN.findall(passage.text)}
    strong = [words for words, name in names.items() if name.place and name.passages >= _OFTEN]
    found: dict[str, Name] = {}
    for short in {word.lower() for word in given} - STOP_WORDS:
        if any(abbreviates(short, words) for words in strong):
            known = names.get(short, Name(0.0, 1, 0, FIRST_PAGE))
            found[short] = known._replace(place=max(known.place, FIRST_PAGE))
    return found
