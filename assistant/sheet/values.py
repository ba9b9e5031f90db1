"""Values of a kind in a text: as they are written, and the same for two ways to write one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.sheet.column import Kind
from ingest.language.dates import find_dates
from ingest.language.measures import find_quantities
from ingest.language.stemming import has_word

_YES = frozenset({"yes", "true", "ja", "oui", "sí", "si", "x", "✓", "✔", "☒", "☑"})
_NO = frozenset({"no", "false", "nein", "non", "none", "☐"})
_CODE = re.compile(r"(?<![\w.,/-])(?=[\w./-]*\d)\w[\w./-]{2,}(?!\w)")  # INV-2025/113
_FIRST = re.compile(r"[^\s.,;:!]+")
_MARKS = re.compile(r"[\s\"“”„'’‘«»()\[\],.;:]+")

Typed = str | float | bool  # a date in ISO form, a number, a truth, or words


@dataclass(frozen=True)
class Value:
    """A value as it is written, and as a spreadsheet keeps it."""

    text: str
    typed: Typed
    same: str  # equal for two ways to write the same
    unit: str = ""


def values(kind: Kind, text: str) -> list[Value]:
    """The different values of a kind in a text, in order; empty for words, which have no form."""
    found: dict[str, Value] = {}
    for value, _, _ in with_places(kind, text):
        found.setdefault(value.same, value)
    return list(found.values())


def truth(text: str) -> Value | None:
    """What a text that begins with a word of yes or no says."""
    first = _FIRST.search(text)
    said = first[0].lower() if first else ""
    if said in _YES:
        return Value("yes", True, "yes")
    return Value("no", False, "no") if said in _NO else None


def whole(kind: Kind, text: str) -> Value | None:
    """The one value that a text is, with few words beside it: "21 days net"."""
    text = text.strip(" \t.;")
    if kind == "truth":
        return truth(text) if len(text.split()) == 1 else None
    if kind == "text":
        return words(text) if text and len(text) <= 80 else None
    found = values(kind, text)
    return found[0] if len(found) == 1 and _beside(text, found[0].text) <= 2 else None


def states(kind: Kind, value: Value, text: str) -> bool:
    """Whether a text has this value, words as whole ones."""
    if kind == "text":
        return bool(value.same) and has_word(plain(text), value.same)
    return any(one.same == value.same for one in values(kind, text))


def words(text: str) -> Value:
    """Words as a value."""
    text = " ".join(text.split()).strip(" .;,")
    return Value(text, text, plain(text))


def plain(text: str) -> str:
    """A text without its marks and its case."""
    return _MARKS.sub(" ", text).strip().casefold()


def _beside(text: str, value: str) -> int:
    return len(text.replace(value, " ", 1).split())


def with_places(kind: Kind, text: str) -> Iterator[tuple[Value, int, int]]:
    """All values of a kind in a text, with the characters at which they begin and end."""
    dates = [day for day in find_dates(text) if day.year]
    if kind == "date":
        for day in dates:
            if day.day:
                yield Value(text[day.start : day.end], day.iso, day.iso), day.start, day.end
    elif kind == "code":
        for code in _CODE.finditer(_blank(text, [(day.start, day.end) for day in dates])):
            found = code[0].rstrip(".,;:/-")
            yield Value(found, found, found.casefold()), code.start(), code.start() + len(found)
    elif kind in ("money", "time", "number"):
        rest = _blank(text, [(day.start, day.end) for day in find_dates(text) if not day.alone])
        for number in find_quantities(rest):
            of = number.unit.kind if number.unit else ""
            if number.amount is None or number.ordinal or (kind != "number" and of != kind):
                continue
            name = number.unit.name if number.unit else ""
            amount = -number.amount if number.negative else number.amount
            written = " ".join(text[number.start : number.end].split())
            made = Value(written, float(amount), f"{amount.normalize():f} {name}", name)
            yield made, number.start, number.end


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    """With blanks in place of spans, so that all else stays where it is."""
    for start, end in spans:
        text = f"{text[:start]}{' ' * (end - start)}{text[end:]}"
    return text
