"""Decides whether two sentences contradict each other: the same thing with another value.

A sentence is taken apart: its amounts, what narrows it (years, weekdays, codes, names), whether it
denies, and the words that are left. Two contradict each other when nothing narrows them apart, one
has all the words of the other, and a value of one kind differs, or one denies what the other says.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from assistant.answering.verification.amounts import Amount, amounts
from assistant.answering.verification.contradiction_lexicon import (
    CHANGE,
    NARROW,
    NEUTRAL,
    RULES,
    SAME,
)
from ingest.language.dates import MONTH, find_dates, quarters
from ingest.language.measures import blanked
from ingest.language.numbers import normalised
from ingest.language.words import content_words, stem, stems

_LONGEST = 45  # words: longer sentences state too much to be compared
_LETTERS = 1000
_LEAST = 2  # common words, one of which is the topic
_MORE = 2  # words that only one has
_SHARE = 0.6  # share of the longer one's words that both have

_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|cannot|may|must|shall|will|do|does|did|need|needs)\b",
    re.IGNORECASE,
)
_CONTENTS = re.compile(r"\A[^:]*\w \d{1,3}(?: item \w+\.?)?\Z", re.IGNORECASE)  # a title, its page
_PRONOUN = re.compile(r"\W*(?:it|they|he|she|this|these|those|that|both)\b", re.I)
_DENIAL = re.compile(
    r"\b(?:not|never|no|cannot|without|nor|neither|none|forbidden|prohibited|banned|excluded|"
    r"optional|voluntary|impossible|unable|refuse[sd]?)\b|n['’]t\b",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"\b(?:(?P<high>max(?:imum)?)|(?P<low>min(?:imum)?))\b", re.IGNORECASE)
# A second clause says something else, unless it is the condition of the first.
_CLAUSE = re.compile(
    r"(?:;|, (?:plus|and|which)|(?<!,) and (?:has|have|is|are|was|were|will|can|must|may))\b"
    r"(?!.{0,200}\b(?:if|unless|except|but|when|where|provided|only|until|after|before)\b)",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\bweekends?\b|\bholidays\b", re.IGNORECASE
)
_WORD = re.compile(r"\w+")
_INTO = re.compile(
    "for|of|in|at|on|with|without|under|outside|inside|during|to|from|by|than|if|when"
)
_ARTICLES = frozenset(("the", "a", "an", "our", "your", "its", "their", "this"))
_SIDE = re.compile(
    r"\b(?:(?P<low>from|since|after|as of)|(?P<high>until|till|by|before|through|no later than))"
    rf"\s(?:the\s|midnight\s|on\s)*(?=\d|(?i:{MONTH})\b)"
)
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Za-z])[\w-]+\b")
_NAME = re.compile(r"(?<=[a-z,;:)] )[A-Z][\w’'-]*\w(?: [A-Z][\w’'-]*\w)*")
_PERSON = re.compile(
    r"(?:\b(?:is|are|by|to|was|be|named)|:) (?:(?:Mr|Mrs|Ms|Dr)\.? )?"
    r"(?P<name>[A-Z][\w’'-]*\w(?: [A-Z][\w’'.-]*)*)\s*[.!]?\Z"
)
_NUMBERED = re.compile(r"\A\W*\d+(?:\.\d+)*[.)]?\s+(?=[A-Z])")  # of a section or an item
_WHEN = re.compile(
    r"\bwhen\b|\bwhat (?:date|year|day|month)\b|\bwhich (?:date|year|day|month)\b|\bdeadline\b"
    r"|\bhow (?:old|long ago)\b|\bdue\b|\bwhat time\b",
    re.IGNORECASE,
)
_WHO = re.compile(r"\b(?:who|whom|whose|which|what|where)\b", re.IGNORECASE)
_DATES = ("date", "year")


@dataclass(frozen=True)
class Statement:
    """A parsed sentence."""

    amounts: tuple[Amount, ...]
    # Stems that make a difference, in order: is a preposition before, and which word follows?
    order: tuple[tuple[str, bool, str], ...]
    neutral: frozenset[str]  # and the others
    narrowed: frozenset[str]  # weekdays, quarters, codes
    names: frozenset[str]  # in lower case
    sides: frozenset[str]  # of its dates and times: "low" for "from", "high" for "until"
    person: str  # a name at the end of the sentence: who, what or where something is
    denies: bool
    changes: bool  # something goes up or down
    verb: bool  # else it is a title
    definite: bool  # "The department": its document knows which one

    @property
    def words(self) -> frozenset[str]:
        return frozenset(stem for stem, _, _ in self.order)


@dataclass(frozen=True)
class Difference:
    """The difference of two sentences, in the words of each."""

    one: str
    other: str


@lru_cache(maxsize=2048)
def statement(sentence: str) -> Statement | None:
    """The parsed sentence; None when it is too long, does not name its subject, or is a title."""
    text = _NUMBERED.sub("", normalised(sentence))
    if len(text) > _LETTERS or len(text.split()) > _LONGEST:
        return None
    if _PRONOUN.match(text) or _CONTENTS.match(text):
        return None
    named = quarters(text)
    counted, rest = amounts(blanked(text, ((start, end) for _, start, end in named)))
    person = _PERSON.search(text)
    return Statement(
        amounts=tuple(_bound(amount, text) for amount in counted if amount.kind != "ordinal"),
        order=tuple(_in_order(rest)),
        neutral=frozenset(content_words(rest)) & NEUTRAL,
        narrowed=frozenset(_narrowing(rest))
        | {f"Q{number}" for number, _, _ in named}
        | {f"{amount.value}." for amount in counted if amount.kind == "ordinal"},
        names=frozenset(name.lower() for name in _NAME.findall(rest)),
        sides=frozenset(str(match.lastgroup) for match in _SIDE.finditer(text)),
        person=person["name"].rstrip(".") if person else "",
        denies=len(_DENIAL.findall(rest)) % 2 == 1,
        changes=bool(CHANGE.search(rest)),
        verb=bool(_VERB.search(text)),
        definite=text.lower().startswith("the "),
    )


def _narrowing(text: str) -> Iterator[str]:
    """Weekdays, codes, and months without a year or a day."""
    for pattern in (_WEEKDAY, _CODE):
        yield from (found.lower().removesuffix("s") for found in pattern.findall(text))
    yield from (str(day.month) for day in find_dates(text) if day.alone)


def _bound(amount: Amount, text: str) -> Amount:
    """The bound of an amount, also in "the maximum weight of a bag is 20 kg"."""
    if amount.bound or not (match := _LIMIT.search(text)):
        return amount
    return replace(amount, bound=str(match.lastgroup))


def _in_order(text: str) -> Iterator[tuple[str, bool, str]]:
    words = _WORD.findall(text.lower())
    meaning = frozenset(content_words(text)) - NEUTRAL
    before = ""
    for word, after in zip(words, [*words[1:], ""], strict=False):
        if word in meaning:
            yield _stem(word), bool(_INTO.fullmatch(before)), _stem(after)
        before = before if word in _ARTICLES else word


def _stem(word: str) -> str:
    return stem(SAME.get(word, word))


def difference(
    question: str, one: str, other: str, around_one: str = "", around_other: str = ""
) -> Difference | None:
    """The difference of two sentences. The text around each may name what it does not name itself.

    Dates count only when the question asks for one: otherwise they distinguish two events.
    """
    for a in _clauses(one):
        for b in _clauses(other):
            if found := _difference(question, a, b, around_one, around_other):
                return found
    return None


def _clauses(sentence: str) -> Iterator[Statement]:
    """The whole, and its first clause."""
    for text in dict.fromkeys((sentence, _CLAUSE.split(sentence, maxsplit=1)[0])):
        if found := statement(text):
            yield found


def _difference(
    question: str, a: Statement, b: Statement, around_a: str, around_b: str
) -> Difference | None:
    if a.narrowed != b.narrowed:
        return None
    asks_when = bool(_WHEN.search(question))
    if not asks_when and not _agree(a.amounts, b.amounts, _DATES):
        return None
    if (a.changes or b.changes) and not any(x.kind in _DATES for x in a.amounts):
        return None
    if a.sides and b.sides and a.sides != b.sides:
        return None
    if not _one_subject(a, b, question) or not _named(a, b, around_b) or not _named(b, a, around_a):
        return None
    return (
        _of_amounts(a, b, stems(question), asks_when)
        or _of_names(a, b, question)
        or _of_denial(a, b)
    )


def _agree(one: Sequence[Amount], other: Sequence[Amount], kinds: Sequence[str]) -> bool:
    """Whether they name exactly the same dates."""
    mine, theirs = ([x for x in said if x.kind in kinds] for said in (one, other))
    matched = all(any(x.kind == y.kind and x.agrees(y) for y in theirs) for x in mine)
    return matched and all(any(x.kind == y.kind and x.agrees(y) for x in mine) for y in theirs)


def _one_subject(one: Statement, other: Statement, question: str) -> bool:
    """Whether one has all words of the other, and little else."""
    mine, theirs = _words(one), _words(other)
    both, more = mine & theirs, mine ^ theirs
    if (mine - theirs and theirs - mine) or not both or len(more) > _MORE:
        return False
    said = len(both | (one.neutral & other.neutral))
    if said < _LEAST or (len(both) == 1 and one.definite):  # "The deadline is 3 May."
        return bool(_WHEN.search(question) and mine == theirs and both & _asked(question))
    if len(both) < _SHARE * len(mine | theirs) or more & NARROW:
        return False
    return not any(_narrows(s, both) for s in (one, other))


def _narrows(statement: Statement, both: frozenset[str]) -> bool:
    """Whether a word of only one is restrictive: "express delivery", "parking for residents"."""
    known = both | _person(statement)
    return any(w not in known and (led or after in both) for w, led, after in statement.order)


def _named(one: Statement, other: Statement, around_other: str) -> bool:
    """Whether all names of one are in the other, or at least near it."""
    more = one.names - other.names - {one.person.lower()}
    return all(name in around_other.lower() for name in more)


def _words(statement: Statement) -> frozenset[str]:
    return statement.words - _person(statement)


def _person(statement: Statement) -> frozenset[str]:
    return frozenset(map(_stem, _WORD.findall(statement.person.lower())))


def _asked(question: str) -> frozenset[str]:
    return frozenset(map(_stem, _WORD.findall(question.lower())))


def _of_amounts(
    one: Statement, other: Statement, asked: frozenset[str], asks_when: bool
) -> Difference | None:
    for kind in dict.fromkeys(amount.kind for amount in one.amounts):
        if kind in _DATES and not asks_when:
            continue
        mine, theirs = ([x for x in s.amounts if x.kind == kind] for s in (one, other))
        if kind == "label" and not all(stems(x.unit) & asked for x in mine):
            continue
        apart = [x for x in mine if not any(x.agrees(y) for y in theirs)]
        there = [y for y in theirs if not any(y.agrees(x) for x in mine)]
        if len(mine) != len(theirs) or not apart or len(apart) != len(there):
            continue
        if all(x.comparable(y) for x, y in zip(apart, there, strict=True)):
            return Difference(_joined(apart), _joined(there))
    return None


def _of_names(one: Statement, other: Statement, question: str) -> Difference | None:
    """The difference of sentences that end with who or what it is, if the question asks for it."""
    if not (one.person and other.person and _WHO.search(question)):
        return None
    mine, theirs = _person(one), _person(other)
    alike = _words(one) == _words(other) and not mine & theirs
    asked = not (mine | theirs) & _asked(question)
    return Difference(one.person, other.person) if alike and asked else None


def _of_denial(one: Statement, other: Statement) -> Difference | None:
    """Whether one affirms and the other denies, in the same words."""
    if one.denies == other.denies or one.words != other.words or _rules(one) != _rules(other):
        return None
    if not (one.verb and other.verb) or len(one.words) < _LEAST:  # a title; "No tax is due."
        return None
    kinds = {x.kind for x in (*one.amounts, *other.amounts)}
    if not _agree(one.amounts, other.amounts, tuple(kinds)):
        return None
    return Difference(*("no" if s.denies else "yes" for s in (one, other)))


def _joined(amounts: Sequence[Amount]) -> str:
    return " and ".join(amount.text for amount in amounts)


def _rules(statement: Statement) -> set[str]:
    return {RULES.get(word, word) for word in statement.neutral} - {""}
