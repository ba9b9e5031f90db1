"""Decides whether two sentences contradict each other: the same thing with another value.

A sentence is taken apart: its amounts, what narrows it (years, weekdays, codes, names), whether it
denies, and the words that are left. Two contradict each other when nothing narrows them apart, one
has all the words of the other, and a value of one kind differs, or one denies what the other says.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from ingest.language.dates import MONTH, YEAR, Date, find_dates, quarters
from ingest.language.numbers import normalised
from ingest.language.quantities import Quantity, blanked, find_quantities
from ingest.language.words import content_words, stem, stems

# -- Words by their effect on the comparison of two sentences

# Words that distinguish two ways of saying one thing, not two things. They are no stop words: a
# search needs most of them.
NEUTRAL = frozenset(
    re.findall(
        r"\w+",
        """
receive receives receiving entitled entitlement get gets given have has had having grant granted
offer offers offered provide provides provided is are be been was were must should shall need needs
needed may might can could will would every each all any everybody everyone per annum year calendar
working paid yearly amount amounts come comes take takes taking took effect reach reached reachable
call called number least most more less than within about approximately around roughly nearly almost
required require requires set fixed cost costs price priced pay due day days week weeks month months
hour hours following there bear bears charge charges charged fee fees rate rates maximum max
minimum min date currently now always please note exactly value via made make makes
lie lies located sent send done person people allowed permitted permission forbidden prohibited
mandatory compulsory obligatory optional voluntary possible cannot not never without no none
included excluded include includes s t o p m h am pm
""",
    )
)
# Several words for one thing.
SAME = {
    word: one
    for one, words in {
        "begin": "begins start starts started starting commence commences commencing beginning",
        "end": "ends ended ending finish finishes expire expires expiry",
        "lead": "led leads headed head heads chaired chairs chair runs",
        "keep": "kept keeps retain retained retains stored store stores",
        "employee": "employees staff",
        "email": "mail e",
        "phone": "telephone telephones phones",
        "holiday": "holidays vacation",
        "weigh": "weighs weight weights",
        "last": "lasts",
    }.items()
    for word in words.split()
}
# Restrictive words: a sentence with one does not contradict a sentence without it.
NARROW = frozenset(
    stem(word)
    for word in re.findall(
        r"\w+",
        """
new planned plan expected estimated forecast budget budgeted proposed former formerly previous
previously earlier old first second third last next part full half partial temporary temporarily
express standard premium basic additional extra total average net gross special international
domestic foreign weekend night child children adult adults student students senior seniors member
members guest guests public private early late low high peak summer winter online remaining certain
exceptional exception unless except if provisional interim draft single double external internal
""",
    )
)
# Words of rules by meaning, so that "is forbidden" denies "is allowed", and nothing else.
RULES = {
    word: rule
    for rule, words in {
        "may": "allowed permitted permission forbidden prohibited possible may can cannot",
        "must": "required require requires must need needs needed mandatory compulsory obligatory"
        " optional voluntary",
        "with": "included excluded include includes",
        "": "not never no without none is are be been was were has have had will would shall",
    }.items()
    for word in words.split()
}
# A rise or fall has a period, which may be stated elsewhere.
CHANGE = re.compile(
    r"\b(?:in|de)creas(?:e[sd]?|ing)\b|\b(?:rose|rise[sn]?|fell|fall(?:s|en)?|grew|grow[ns]?|growth"
    r"|declin(?:e[sd]?|ing)|dropped|improved|compared|versus|year over year|higher|lower)\b",
    re.IGNORECASE,
)


# -- Amounts of a sentence, converted so that two sentences can be compared: 1.5 km is 1,500 m
# Contradictions need kinds: 5 days do not contradict 5 percent, nor $29 a month $348 a year.

_ADDRESS = re.compile(r"\b[\w.+-]{1,80}@[\w-]++(?:\.[\w-]++)+\b|\b(?:https?://|www\.)[^\s,;]+[\w/]")
_PHONE = re.compile(r"(?<![\w.,$€£])(?:\+|\(?0)\d(?:[ ()/-]*\d){5,}(?![\w.]\d)")
_CLOCK = re.compile(
    r"(?<![\w.,:])(?P<h>\d\d?)(?:[:.](?P<m>\d\d))?\s?(?P<half>[ap]\.?m\b\.?|o'clock\b)"
    r"|(?<![\w.,:])(?P<hh>[01]?\d|2[0-4]):(?P<mm>[0-5]\d)(?![:\d])",
    re.IGNORECASE,
)
_PER = re.compile(
    r"\W{0,2}(?:per|an?|each|every|/)\s?(second|minute|hour|day|week|month|year|quarter|night|km|"
    r"mile|kg|person|annum)\b",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"(?P<low>at least|minimum(?: of)?|no (?:less|fewer) than|not (?:less|fewer) than|more than|"
    r"over|above|from|exceed(?:s|ing)?)\W*\Z"
    r"|(?P<high>at most|maximum(?: of)?|up to|(?:no|not) more than|not exceed|less than|under|"
    r"fewer than|below|within|no later than)\W*\Z"
    r"|(?P<about>about|around|approximately|approx\.?|nearly|almost|some|roughly|circa|ca\.?|~)\W*\Z",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\b(room|gate|platform|track|section|chapter|page|table|figure|note|notes|article|paragraph|"
    r"clause|step|level|floor|building|model|version|form|type|class|phase|appendix|annex|part|line|"
    r"bus|zone|route|item|rule|exhibit|question|volume|extension|account|article)s?"
    r"(?:\W+(?:no|number)\b)?\W{0,2}\Z",
    re.IGNORECASE,
)
_OF_CODE = re.compile(r"[A-Za-z]-\Z")
_ROUNDED = 1000  # from here on, but not 1000 itself
_ABOUT = 0.1
_CALENDAR = 0.03  # a month is 30 days, or 31


@dataclass(frozen=True)
class Amount:
    """A number with its kind. `value` is in the kind's own unit."""

    kind: str  # "length", "money", "date", "clock", ...; "number" where nothing is known
    value: float | str | Date
    text: str
    off: float = 0.0  # tolerance of a rounded value
    unit: str = ""  # the currency of money; what else must be the same
    per: str = ""
    bound: str = ""  # "low", "high", "about" or none

    def agrees(self, other: "Amount") -> bool:
        """Whether both can be true. They must be `comparable`."""
        if isinstance(self.value, float) and isinstance(other.value, float):
            return self._near(other, self.value, other.value)
        if isinstance(self.value, Date) and isinstance(other.value, Date):
            return self.value.fits(other.value)
        return self.value == other.value

    def comparable(self, other: "Amount") -> bool:
        """Whether kind, unit and period are the same: otherwise they cannot be compared."""
        units = not (self.unit and other.unit) or self.unit == other.unit
        periods = not (self.per and other.per) or self.per == other.per
        bounds = {self.bound, other.bound} != {"low", "high"}
        return self.kind == other.kind and units and periods and bounds

    def _near(self, other: "Amount", mine: float, theirs: float) -> bool:
        off = max(self.off, other.off) + 1e-9 * abs(mine)
        if "about" in (self.bound, other.bound):
            off = max(off, _ABOUT * max(abs(mine), abs(theirs)))
        if self.kind == "time":
            off = max(off, _CALENDAR * min(mine, theirs))
        more = mine - theirs if self.bound else theirs - mine  # than a value that the bound allows
        if (bounds := {self.bound, other.bound}) in ({"low", ""}, {"high", ""}):
            return more <= off if "low" in bounds else more >= -off
        return abs(mine - theirs) <= off


def amounts(text: str) -> tuple[list[Amount], str]:
    """All amounts of a text, in order, and the text without them."""
    found: list[Amount] = []
    for kind, pattern in (("address", _ADDRESS), ("phone", _PHONE)):
        found += [Amount(kind, _bare(kind, m[0]), m[0]) for m in pattern.finditer(text)]
        text = pattern.sub(" ", text)
    dates = [day for day in find_dates(text) if not day.alone]
    found += [Amount("date", day, text[day.start : day.end]) for day in dates]
    text = blanked(text, ((day.start, day.end) for day in dates))
    found += [_clock(match) for match in _CLOCK.finditer(text)]
    text = _CLOCK.sub(" ", text)
    numbers = [number for number in find_quantities(text) if _is_amount(number, text)]
    found += [_amount(number, text) for number in numbers]
    return found, blanked(text, ((number.start, number.end) for number in numbers))


def _bare(kind: str, text: str) -> str:
    return re.sub(r"\D", "", text) if kind == "phone" else text.lower()


def _clock(match: re.Match[str]) -> Amount:
    hours = int(match["h"] or match["hh"])
    minutes = int(match["m"] or match["mm"] or 0)
    half = (match["half"] or "").lower().replace(".", "")
    hours = hours % 12 + 12 * (half == "pm") if half in ("am", "pm") else hours
    return Amount("clock", float(60 * hours + minutes), match[0].strip())


def _is_amount(number: Quantity, text: str) -> bool:
    """Whether it is an amount: codes such as `4x` and `COVID-19`, and ambiguous numbers, are
    labels."""
    if number.tail or _OF_CODE.search(_before(number, text)):
        return False
    return number.value is not None or bool(_LABEL.search(_before(number, text)))


def _before(number: Quantity, text: str) -> str:
    return text[max(number.start - 24, 0) : number.start]


def _amount(number: Quantity, text: str) -> Amount:
    unit, before = number.unit, _before(number, text)
    if number.ordinal:
        return Amount("ordinal", number.digits, number.digits)
    kind, written = unit.kind if unit else "number", text[number.start : number.end]
    if kind == "number" and not number.scale and re.fullmatch(YEAR, number.digits):
        return Amount("year", number.digits, number.digits)
    bound, per = _BOUND.search(before), _PER.match(text, number.end)
    if kind == "number" and (label := _LABEL.search(before)):
        return Amount("label", number.digits, f"{label[1]} {number.digits}", unit=label[1].lower())
    size = (unit.size if unit else 1.0) * number.modifier
    sign = -1 if number.negative and kind == "temperature" else 1
    named = unit and kind in ("money", "temperature") and unit.name != "cent"
    return Amount(
        kind=kind,
        value=float(number.amount or 0) * size * sign,
        text=written,
        off=_off(number) * size,
        unit=unit.name if unit and named else "",
        per=per[1].lower().replace("annum", "year") if per else "",
        bound=(bound.lastgroup or "") if bound else "",
    )


def _off(number: Quantity) -> float:
    """Half a unit of the last significant digit: trailing zeros may come from rounding."""
    value = number.value or Decimal(0)
    round_one = value.normalize().as_tuple()
    place = min(int(value.as_tuple().exponent), 0) or int(round_one.exponent)
    doubtful = place > 0 and value >= _ROUNDED and len(round_one.digits) > 1
    return 0.5 * 10.0 ** (place + number.scale) if place < 0 or number.scale or doubtful else 0.0


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
_PROPER_NAME = re.compile(r"(?<=[a-z,;:)] )[A-Z][\w’'-]*\w(?: [A-Z][\w’'-]*\w)*")
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
    """A sentence taken apart, as it is compared with another one."""

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
        names=frozenset(name.lower() for name in _PROPER_NAME.findall(rest)),
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
