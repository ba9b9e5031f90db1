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

_LONGEST = 5  # words of a name
_MOST = 200  # names of a document
_OFTEN = 3  # passages that state a name, unless the file's name or the title does
_NAMELIKE = 0.7  # share of a name's passages that write it with a capital
_TICKER = re.compile(r"\b[A-Z]{3,5}\b")
_JOINT = r"[ \-.'’&/]{1,3}"
# Between two words of one name: a short one may stand there, as in "Bank of America".
_BETWEEN = re.compile(rf"{_JOINT}(?:(?P<word>[^\W_]{{1,3}}){_JOINT})?")
_BEFORE = re.compile(r"(?:^|\W)[^\W\d_A-Z]+ $")  # a word in lower case
_WORD = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SUFFIX = re.compile(r"\.\w{1,5}$")
_YEAR = re.compile(rf"\b{YEAR}\b")
_FEW = 40  # words: a first page with fewer is a cover, and the second one counts, too


IN_TEXT, FIRST_PAGE, TITLE = 0, 1, 2  # where a name stands; the file's name counts as a title


class Name(NamedTuple):
    """How a document has a name."""

    share: float  # of the passages that state it with a capital
    passages: int  # their number
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
    places = dict.fromkeys(_within_sentences(passages), IN_TEXT)
    places |= dict.fromkeys(_runs(line for text in first for line in text.split("\n")), FIRST_PAGE)
    places |= dict.fromkeys(_declared(file) | _declared(title), TITLE)
    counts = _counts(places, passages)
    names = {
        words: Name(round(count.share, 3), count.capital, places[words])
        for words, count in counts.items()
        if _says(words) and (not passages or _is_name(count, words, places[words]))
    }
    names |= _abbreviations(first, names)
    best = sorted(names, key=lambda words: (-names[words].place, -names[words].share, words))
    return DocumentNames({words: names[words] for words in best[:_MOST]}, periods)


def words_of(text: str) -> list[str]:
    """The words of a text as they are written: runs of letters and digits."""
    return _WORD.findall(text)


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
        if passage.page != last and sum(len(_WORD.findall(text)) for text in found) >= _FEW:
            break
        last = passage.page
        found.append(passage.text)
    return found


def _declared(name: str) -> set[str]:
    """Runs of words of a file's name or a title, without its suffix, numbers and single letters."""
    words: list[str] = []
    found: set[str] = set()
    for token in [*_WORD.findall(_SUFFIX.sub("", name.rsplit("/", 1)[-1])), ""]:
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
    return {found for line in lines for run in _capitalised(line) for found in _named_in(run.words)}


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
                for run in _capitalised(line)
                if run.within
                for found in _named_in(run.words)
            }
        )
    likely = [words for words, count in counted.most_common(5 * _MOST) if count >= _OFTEN]
    return set(likely)


def is_capital(word: str) -> bool:
    """Whether a word is written as a name: `Apple`, `iPhone`, `3M`."""
    return word != word.lower() and len(word) > 1


@dataclass
class _Run:
    """Words with capitals that stand together; `within`: behind a word in lower case, where a
    capital is no start of a sentence."""

    words: list[str]
    end: int
    within: bool

    def goes_on(self, line: str, match: re.Match[str]) -> bool:
        """Whether the next word with a capital belongs to it; one short word may be between."""
        between = _BETWEEN.fullmatch(line, self.end, match.start())
        if between and between["word"]:
            self.words.append(between["word"])
        return bool(between)


def _capitalised(line: str) -> list[_Run]:
    """The runs of a line, in order."""
    runs: list[_Run] = []
    for match in _WORD.finditer(line):
        if not is_capital(match[0]):
            continue
        if not runs or not runs[-1].goes_on(line, match):
            runs.append(_Run([], 0, bool(_BEFORE.search(line, 0, match.start()))))
        runs[-1].words.append(match[0])
        runs[-1].end = match.end()
    return runs


@dataclass
class _Count:
    """In how many passages a name stands, and with a capital."""

    capital: int = 0
    any: int = 0
    of: int = 1

    @property
    def share(self) -> float:
        return self.capital / self.of

    @property
    def namelike(self) -> bool:
        return self.any > 0 and self.capital / self.any >= _NAMELIKE


def _counts(names: Iterable[str], passages: Sequence[Passage]) -> dict[str, _Count]:
    """Counts each name in each passage once."""
    counts = {name: _Count(of=max(len(passages), 1)) for name in names}
    starts: dict[str, set[tuple[str, ...]]] = {}
    for name in counts:
        parts = tuple(name.split())
        starts.setdefault(parts[0], set()).add(parts)
    for passage in passages:
        capital, stated = _stated(f"{passage.text}\n{passage.headings}", starts)
        for name in stated:
            counts[name].any += 1
            counts[name].capital += name in capital
    return counts


def _is_name(count: "_Count", words: str, place: int) -> bool:
    """Whether it is written as one, and often, unless the title or a whole phrase of the first page
    says that the document is about it."""
    least = 1 if place == TITLE or (place == FIRST_PAGE and " " in words) else _OFTEN
    return count.capital >= least and count.namelike


def _says(words: str) -> bool:
    """Whether it neither begins nor ends with a word without meaning."""
    first, last = words.split(" ")[0], words.split(" ")[-1]
    return STOP_WORDS.isdisjoint((first, last)) and not periods_of(first + " " + last)


def _stated(text: str, starts: dict[str, set[tuple[str, ...]]]) -> tuple[set[str], set[str]]:
    """The names that a passage writes with capitals, and all that it states."""
    words = _WORD.findall(text)
    low = [word.lower() for word in words]
    capital: set[str] = set()
    stated: set[str] = set()
    for at, word in enumerate(low):
        for parts in starts.get(word, ()):
            if tuple(low[at : at + len(parts)]) == parts:
                name = " ".join(parts)
                stated.add(name)
                if is_capital(words[at]) and is_capital(words[at + len(parts) - 1]):
                    capital.add(name)
    return capital, stated


def _abbreviations(first: Sequence[str], names: dict[str, Name]) -> dict[str, Name]:
    """Short words in capitals on the first page that abbreviate a name, such as the symbol of a
    share: their letters are some of its letters, in order, from the first on."""
    found: dict[str, Name] = {}
    for short in {word.lower() for text in first for word in _TICKER.findall(text)} - STOP_WORDS:
        if any(abbreviates(short, words) for words in names if names[words].passages >= _OFTEN):
            known = names.get(short, Name(0.0, 1, FIRST_PAGE))
            found[short] = known._replace(place=max(known.place, FIRST_PAGE))
    return found


def abbreviates(short: str, words: str) -> bool:
    """Whether the letters of a short word are letters of a name, in order, from the first on."""
    letters = iter(words.replace(" ", ""))
    return words[0] == short[0] and len(words) > len(short) and all(c in letters for c in short)
