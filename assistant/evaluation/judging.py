"""Judges an answer: by exact rules where the known answer is short, else by word overlap.

| known answer | the answer is right when |
|---|---|
| yes or no | it says the same: its first word, else whether its first sentence denies something |
| a list | it says every item |
| a date | it names that date: year, month and day, as far as they are known |
| a number, at most six words | it has all its numbers, no other unit with them, and its names |
| a name, at most six words | it has the words of the name, without accents and titles |
| anything longer | enough words are shared (F1), and most numbers |

How often this agrees with a person who reads is measured in docs/evaluation.md.
"""

import ast
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Literal

from assistant.evaluation.metrics import contains, token_f1, words
from ingest.language.dates import Date, find_dates
from ingest.language.measures import Quantity, find_quantities
from ingest.language.numbers import in_digits, value_of
from ingest.language.sentences import split
from ingest.language.words import stems

Rule = Literal["yes or no", "list", "date", "number", "name", "text"]
Label = Literal["correct", "wrong", "refused"]

SHORT = 6  # words of a known answer that must occur literally
ALIKE = 0.35  # word F1 from which a longer answer counts as the known one

_YES, _NO = {"yes", "true"}, {"no", "false"}
_DENIES = re.compile(r"\b(?:no|not|never|none|neither|nor|cannot|without)\b|n't\b", re.IGNORECASE)
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")
_TITLES = {"mr", "mrs", "ms", "dr", "prof"}


def label(answer: str, refused: bool, known: Iterable[str]) -> Label:
    """The label of an answerable question."""
    if refused:
        return "refused"
    return "correct" if any(says(answer, one) for one in known) else "wrong"


def says(answer: str, known: str) -> bool:
    """Whether the answer says what the known answer does."""
    return _RULES[rule(known)](answer, known)


def rule(known: str) -> Rule:
    """The rule that compares an answer with this known one."""
    bare = known.strip().lower().rstrip(".")
    if bare in _YES | _NO:
        return "yes or no"
    if _items(known):
        return "list"
    if len(words(known)) > SHORT and not (_days(known) and len(words(known)) <= SHORT + 3):
        return "text"
    if _days(known):
        return "date"
    return "number" if find_quantities(known) else "name"


def _items(known: str) -> list[str]:
    """The items of a list in Python's notation, as in some sets."""
    if not known.strip().startswith("["):
        return []
    try:
        found = ast.literal_eval(known.strip())
    except (ValueError, SyntaxError):
        return []
    return [str(item) for item in found] if isinstance(found, list) else []


def _agrees(answer: str, known: str) -> bool:
    return affirms(answer) == (known.strip().lower().rstrip(".") in _YES)


def affirms(answer: str) -> bool:
    """Whether the answer to a yes-or-no question means yes."""
    first = next(iter(re.findall(r"\w+", answer.lower())), "")
    if first in _YES | _NO:
        return first in _YES
    return not _DENIES.search((split(answer) or [""])[0])


def _lists(answer: str, known: str) -> bool:
    return all(says(answer, item) for item in _items(known))


def _dates(answer: str, known: str) -> bool:
    said = _days(answer)
    return all(any(one.states(wanted) for one in said) for wanted in _days(known))


def _days(text: str) -> list[Date]:
    """Its dates; a month alone is a word."""
    return [date for date in find_dates(text) if not date.alone]


def _numbers(answer: str, known: str) -> bool:
    if contains(plain(answer), plain(known)):
        return True
    said, names = find_quantities(answer), set(_NAME.findall(known))
    numbers = all(any(same(one, wanted) for one in said) for wanted in find_quantities(known))
    return numbers and names <= set(_NAME.findall(answer))


def same(said: Quantity, known: Quantity) -> bool:
    """Whether two numbers say the same; one of them may be rounded, but not to a whole number."""
    if said.unit and known.unit and said.unit != known.unit:
        return False
    if (said.digits, said.tail) == (known.digits, known.tail):
        return True
    return said.tail == known.tail and any(
        abs(mine - theirs) <= (max(last, other) / 2 * min(one, its_one) if last < 1 > other else 0)
        for mine, last, one in _readings(said)
        for theirs, other, its_one in _readings(known)
    )


def _readings(number: Quantity) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
    """What it may say, with a one in its last place, and the size of a one: `3.049` may be 3,049, a
    table may say "in millions" at its head, and 10.5 % are 0.105."""
    unsure = [] if number.value is not None else [value_of(number.digits, m) for m in ".,"]
    powers = {0, number.scale, -2 if number.unit and number.unit.name == "%" else 0}
    for value in (value for value in (number.value, *unsure) if value is not None):
        for power in powers:
            last = Decimal(1).scaleb(min(int(value.as_tuple().exponent), 0))
            yield value.scaleb(power), last, Decimal(1).scaleb(power)


def _names(answer: str, known: str) -> bool:
    name = " ".join(word for word in plain(known).split() if word.strip(".,") not in _TITLES)
    if contains(plain(answer), name):
        return True
    wanted = stems(name)
    return len(wanted) > 1 and wanted <= stems(plain(answer))


def _text(answer: str, known: str) -> bool:
    if contains(answer, known):
        return True
    if _opposite(answer, known):
        return False
    said, wanted = find_quantities(answer), find_quantities(known)
    shared = sum(any(same(one, each) for one in said) for each in wanted)
    return token_f1(answer, known) >= ALIKE and shared * 2 >= len(wanted)


def _opposite(answer: str, known: str) -> bool:
    """One begins with yes, the other with no."""
    first, second = (
        next(iter(re.findall(r"\w+", text.lower())), "") for text in (answer, known)
    )  # fmt: skip
    return {first, second} == {"yes", "no"}


def plain(text: str) -> str:
    """In lower case, without accents, numbers as digits."""
    apart = unicodedata.normalize("NFKD", text.replace("ø", "o").replace("Ø", "O"))
    return in_digits("".join(c for c in apart if not unicodedata.combining(c)).lower())


_RULES: dict[Rule, Callable[[str, str], bool]] = {
    "yes or no": _agrees,
    "list": _lists,
    "date": _dates,
    "number": _numbers,
    "name": _names,
    "text": _text,
}
