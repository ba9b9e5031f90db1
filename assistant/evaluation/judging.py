"""Is an answer right? By exact rules where the known answer is short, else by a measure of words.

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
from collections.abc import Callable, Iterable
from typing import Literal

from assistant.evaluation.metrics import contains, token_f1, words
from ingest.language.quantities import dates, in_digits, quantities
from ingest.language.sentences import split, stems

Rule = Literal["yes or no", "list", "date", "number", "name", "text"]
Label = Literal["correct", "wrong", "refused"]

SHORT = 6  # words of a known answer that must be said as it is
ALIKE = 0.35  # word F1 from which a longer answer counts as the known one

_YES, _NO = {"yes", "true"}, {"no", "false"}
_DENIES = re.compile(r"\b(?:no|not|never|none|neither|nor|cannot|without)\b|n't\b", re.IGNORECASE)
_NAME = re.compile(r"\b[A-Z][a-z]{2,}\b")
_TITLES = {"mr", "mrs", "ms", "dr", "prof"}


def label(answer: str, refused: bool, known: Iterable[str]) -> Label:
    """What became of a question that the documents answer."""
    if refused:
        return "refused"
    return "correct" if any(says(answer, one) for one in known) else "wrong"


def says(answer: str, known: str) -> bool:
    """Whether the answer says what the known one does."""
    return _RULES[rule(known)](answer, known)


def rule(known: str) -> Rule:
    """By which rule an answer is compared with this one."""
    bare = known.strip().lower().rstrip(".")
    if bare in _YES | _NO:
        return "yes or no"
    if _items(known):
        return "list"
    if len(words(known)) > SHORT and not (dates(known) and len(words(known)) <= SHORT + 3):
        return "text"
    if dates(known):
        return "date"
    return "number" if quantities(known) else "name"


def _items(known: str) -> list[str]:
    """Of a list as Python writes it, as some sets do."""
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
    """Whether an answer to a question of yes or no means yes."""
    first = next(iter(re.findall(r"\w+", answer.lower())), "")
    if first in _YES | _NO:
        return first in _YES
    return not _DENIES.search((split(answer) or [""])[0])


def _lists(answer: str, known: str) -> bool:
    return all(says(answer, item) for item in _items(known))


def _dates(answer: str, known: str) -> bool:
    said = dates(answer)
    return all(any(one.is_(wanted) for one in said) for wanted in dates(known))


def _numbers(answer: str, known: str) -> bool:
    if contains(plain(answer), plain(known)):
        return True
    said, names = quantities(answer), set(_NAME.findall(known))
    numbers = all(any(one.is_(wanted) for one in said) for wanted in quantities(known))
    return numbers and names <= set(_NAME.findall(answer))


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
    said, wanted = quantities(answer), quantities(known)
    shared = sum(any(one.is_(each) for one in said) for each in wanted)
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
