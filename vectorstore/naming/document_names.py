"""The names that a document has: of what it is about, found by how it writes them itself.

A name stands in the file's name, in the title, or with a capital on the first page. What a document
is about it says again and again. Nothing is known of companies, plans, products or persons.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ingest.language.dates import YEAR, find_dates, quarters, with_fiscal_years
from ingest.language.words import STOP_WORDS

# -- Runs of words that are written with a capital, as names are. Knows no document

_WORD = re.compile(r"[^\W_]+")
_JOINT = r"[ \-.'’&/]{1,3}"
# Between two words of one name: a short one may stand there, as in "Bank of America".
_BETWEEN = re.compile(rf"{_JOINT}(?:(?P<word>[^\W_]{{1,3}}){_JOINT})?")
_WITHIN = re.compile(r"(?<=[a-z] )[^\W\d_]+")  # behind a word in lower case
_MANY = 0.42  # share of different words within sentences: up to .34 in English, .5 in German


def words_of(text: str) -> list[str]:
    """The words of a text as they are written: runs of letters and digits."""
    return _WORD.findall(text)


def is_capital(word: str) -> bool:
    """Whether a word is written as a name: `Apple`, `iPhone`, `3M`."""
    return word != word.lower() and len(word) > 1


def capitalised(line: str) -> list[list[str]]:
    """The runs of words with a capital in a line; one short word may stand between two of them."""
    runs: list[list[str]] = []
    end = 0
    for match in _WORD.finditer(line):
        if not is_capital(match[0]):
            continue
        between = _BETWEEN.fullmatch(line, end, match.start()) if runs else None
        if between is None:
            runs.append([])
        elif between["word"]:
            runs[-1].append(between["word"])
        runs[-1].append(match[0])
        end = match.end()
    return runs


def nouns_have_capitals(text: str) -> bool:
    """Whether a text gives many words a capital, as German does: they say nothing there."""
    within = set(_WITHIN.findall(text))
    return sum(map(is_capital, within)) > _MANY * len(within)


# -- In how many passages of a document a name stands, and how it is written there

_ARTICLES = frozenset(("the", "a", "an", "our", "this", "each", "any", "such"))


@dataclass
class Count:
    """In how many passages a name stands, with a capital, and alone with one."""

    below: int = 0  # those with it in a heading above, too
    capital: int = 0
    alone: int = 0


def counted(names: Iterable[str], passages: Sequence[tuple[str, str]]) -> dict[str, Count]:
    """Count each name once a passage. `names` are words in lower case, joined by one space;
    `passages` texts with the headings above them."""
    counts = {name: Count() for name in names}
    starts: dict[str, set[tuple[str, ...]]] = {}
    for name in counts:
        parts = tuple(name.split())
        starts.setdefault(parts[0], set()).add(parts)
    for text, headings in passages:
        stated = _stated(text, starts)
        for name in stated.keys() | _stated(headings, starts).keys():
            counts[name].below += 1
        for name, ways in stated.items():
            counts[name].capital += "capital" in ways
            counts[name].alone += "alone" in ways
    return counts


def _stated(text: str, starts: dict[str, set[tuple[str, ...]]]) -> dict[str, set[str]]:
    """The names that stand in a text, and how: `lower`, `capital`, `alone` with a capital."""
    words = words_of(text)
    low = [word.lower() for word in words]
    found: dict[str, set[str]] = defaultdict(set)
    for at, word in enumerate(low):
        for parts in starts.get(word, ()):
            end = at + len(parts)
            if tuple(low[at:end]) != parts:
                continue
            capital = is_capital(words[at]) and is_capital(words[end - 1])
            ways = found[" ".join(parts)]
            ways.add("capital" if capital else "lower")
            if capital and _alone(words, at, end):
                ways.add("alone")
    return found


def _alone(words: Sequence[str], start: int, end: int) -> bool:
    """Whether a name continues no name before it, as `Inc`, numbers nothing, as `Figure 5`, and has
    no article, as `the Company`."""
    for before in words[max(start - 1, 0) : start]:
        if before in _ARTICLES or (is_capital(before) and before.lower() not in STOP_WORDS):
            return False
    return not any(word[0].isdigit() for word in words[end : end + 1])


# -- Whether a word is another spelling of a name: an abbreviation, or one with a wrong letter
# Words are in lower case; the words of a name are joined by one space.

_SPELT = 5  # letters of a word that may be misspelt


def abbreviates(word: str, name: str) -> bool:
    """Whether its letters are letters of a name of one word, in order, from the first on, as the
    symbol `nflx` of a share; or the beginnings of all words of a longer one."""
    if " " in name:
        return _clipped(word, name)
    letters = iter(name)
    return word[0] == name[0] and len(name) > len(word) and all(c in letters for c in word)


def _clipped(word: str, name: str) -> bool:
    first, _, rest = name.partition(" ")
    if not rest:
        return first.startswith(word)
    return any(
        first.startswith(word[:cut]) and _clipped(word[cut:], rest) for cut in range(1, len(word))
    )


def misspelt(word: str, name: str) -> bool:
    """Whether one letter is wrong, missing, added, or two neighbours are exchanged; the first one
    is right (Damerau's four errors, 1964)."""
    if min(len(word), len(name)) < _SPELT or " " in name or abs(len(word) - len(name)) > 1:
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, name, strict=False)) if a != b), None)
    if at is None or at == 0:
        return at is None
    if len(word) == len(name):
        exchanged = word[at + 1 : at + 2] + word[at : at + 1] == name[at : at + 2]
        return word[at + 1 :] == name[at + 1 :] or (exchanged and word[at + 2 :] == name[at + 2 :])
    longer, shorter = sorted((word, name), key=len, reverse=True)
    return longer[at + 1 :] == shorter[at:]


_LONGEST = 5  # words of a name
_MOST = 200  # names of a document
_OFTEN = 3  # passages that state a name, unless the file's name or the title does
_ALONE = 0.4  # share of those that neither continue a name nor number something
_SYMBOL = re.compile(r"[A-Z]{3,5}")  # as of a share
# As `("AMD")`, `(AMD)` or `(Nasdaq: AMD)`.
_GIVEN = re.compile(r"[\"“(:]\s?([A-Z]{2,5})[\"”)]")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
SUFFIX = re.compile(r"\.\w{1,5}$")
YEARS = re.compile(rf"\b{YEAR}\b")
_FEW = 40  # words: a first page with fewer is a cover, and the second one counts, too

FIRST_PAGE, TITLE = 0, 1  # where a name stands; the file's name counts as a title


class Name(NamedTuple):
    """How a document has a name."""

    passages: int  # that state it or have it in a heading above
    place: int  # FIRST_PAGE or TITLE


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
        runs = (run for text in first for line in text.split("\n") for run in capitalised(line))
        names_on_it = (name for run in runs for name in _sequences(run, is_capital))
        places |= dict.fromkeys(names_on_it, FIRST_PAGE)
    places |= dict.fromkeys(_declared(file) | _declared(title), TITLE)
    symbols = {w.lower() for text in first for w in words_of(text) if _SYMBOL.fullmatch(w)}
    counts = counted(places, [passage[1:] for passage in passages])
    names = {
        words: Name(count.below, places[words])
        for words, count in counts.items()
        if not passages or _is_name(count, words, places[words], words in symbols)
        if _says(words)
    }
    names |= _abbreviations(passages, names)
    best = sorted(names, key=lambda words: (-names[words].place, -names[words].passages, words))
    return DocumentNames({words: names[words] for words in best[:_MOST]}, periods)


def periods_of(text: str) -> frozenset[str]:
    """The years and quarters that a text states: `2023`, `q2`."""
    years = set(YEARS.findall(with_fiscal_years(text, "{} {}".format)))
    return frozenset(years | {f"q{number}" for number, _, _ in quarters(text)})


def _periods(file: str, title: str, first: Sequence[str]) -> tuple[str, ...]:
    """Of the file's name and title, else the first date of the first page."""
    written = SUFFIX.sub("", file).replace("_", " ") + "\n" + title
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
    for token in [*words_of(SUFFIX.sub("", name.rsplit("/", 1)[-1])), ""]:
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
    return changes > 3 or bool(quarters(token)) or bool(YEARS.search(token))


def _sequences(words: Sequence[str], ends: Callable[[str], bool] = bool) -> set[str]:
    """All runs of up to `_LONGEST` words, in lower case, whose first and last word are `ends`."""
    return {
        " ".join(words[at : at + length]).lower()
        for at in range(len(words))
        for length in range(1, min(_LONGEST, len(words) - at) + 1)
        if ends(words[at]) and ends(words[at + length - 1])
    }


def _is_name(count: Count, words: str, place: int, symbol: bool) -> bool:
    """Whether it is written as one, and often, unless the title or the first page say clearly that
    the document is about it."""
    if not symbol and " " not in words and count.alone < _ALONE * count.capital:
        return False
    clear = symbol or place == TITLE or " " in words
    return count.capital >= (1 if clear else _OFTEN)


def _says(words: str) -> bool:
    """Whether it neither begins nor ends with a word without meaning."""
    first, last = words.split(" ")[0], words.split(" ")[-1]
    return STOP_WORDS.isdisjoint((first, last)) and not periods_of(first + " " + last)


def _abbreviations(passages: Sequence[Passage], names: dict[str, Name]) -> dict[str, Name]:
    """Short words that the document gives for a name, in quotation marks or brackets: their letters
    are some of its letters, in order, from the first on."""
    given = {word for passage in passages for word in _GIVEN.findall(passage.text)}
    strong = [words for words, name in names.items() if name.passages >= _OFTEN]
    found: dict[str, Name] = {}
    for short in {word.lower() for word in given} - STOP_WORDS:
        if any(abbreviates(short, words) for words in strong):
            found[short] = names.get(short, Name(1, FIRST_PAGE))
    return found
