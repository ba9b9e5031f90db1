"""In how many passages of a document a name stands, and how it is written there."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.language.words import STOP_WORDS
from vectorstore.naming.capitals import is_capital, words_of

_ARTICLES = frozenset(("the", "a", "an", "our", "this", "each", "any", "such"))


@dataclass
class Count:
    """In how many passages a name stands, in lower case, with a capital, and alone with one."""

    of: int
    below: int = 0  # those with it in a heading above, too
    any: int = 0
    lower: int = 0
    capital: int = 0
    alone: int = 0


def counted(names: Iterable[str], passages: Sequence[tuple[str, str]]) -> dict[str, Count]:
    """Count each name once a passage. `names` are words in lower case, joined by one space;
    `passages` texts with the headings above them."""
    counts = {name: Count(of=max(len(passages), 1)) for name in names}
    starts: dict[str, set[tuple[str, ...]]] = {}
    for name in counts:
        parts = tuple(name.split())
        starts.setdefault(parts[0], set()).add(parts)
    for text, headings in passages:
        stated = _stated(text, starts)
        for name in stated.keys() | _stated(headings, starts).keys():
            counts[name].below += 1
        for name, ways in stated.items():
            count = counts[name]
            count.any += 1
            count.lower += "lower" in ways
            count.capital += "capital" in ways
            count.alone += "alone" in ways
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
