"""A cell of a sheet: its value, where it stands, and how sure it is."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from assistant.contract.facts import place
from assistant.errors import AssistantError
from assistant.i18n.translation import N_
from ingest.document.model import Box
from ingest.language.dates import find_dates
from ingest.language.quantities import find_quantities
from ingest.language.words import has_word

# -- The head of a column as a question, and the kind of value that answers it
# | head | asked | kind | |---|---|---| | `signed?` | Is this document signed? | truth | | `auto-
# renewal?` | Does this document mention auto-renewal? | truth | | `notice period` | What is the
# notice period? | time | | `Who pays for the repairs?` | as it is | text | | `How many days of
# leave are there?` | as it is | time | | `end = When does the contract end?` | what stands behind
# the mark | date |

Kind = Literal["truth", "date", "money", "time", "number", "code", "text"]

# What the last word of a head says about the value: the words for kinds of values themselves.
_WORDS: dict[Kind, str] = {
    "date": "date day deadline birthday datum frist fecha",
    "money": "total subtotal amount price fee fees cost costs sum rent salary budget premium"
    " deposit tax vat betrag preis summe gesamtbetrag montant prix importe precio",
    "time": "period duration term terms length age kündigungsfrist laufzeit durée plazo",
    "code": "no nr id code reference number",
    "number": "count quantity percentage rate share anzahl nombre cantidad",
}
_KINDS = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_ASKED: dict[str, Kind] = {"when": "date", "wann": "date", "quand": "date", "cuándo": "date"}
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_AUXILIARY = frozenset(
    _WORD.findall(
        "is are was were does do did has have had can could may must shall should will would"
    )
)
_ASKS = frozenset(_WORD.findall("who whom whose what which when where why how")) | _ASKED.keys()
_QUANTITIES: dict[str, Kind] = {"many": "number", "much": "money", "long": "time", "old": "time"}
_OF_QUANTITY = re.compile(r"(?i)^how (?P<what>many|much|long|old)\b")
_STATE = re.compile(r"(?i)(?:ed|ble|ive|ful|tial)$")  # signed, payable, confidential
_LONGEST = 300  # characters


@dataclass(frozen=True)
class Column:
    """A column of a sheet: its head, its question, and the kind of its values."""

    head: str  # as the person wrote it
    question: str  # as each document is asked
    kind: Kind


def column(text: str) -> Column:
    """The column of a head or a question. Raises AssistantError for one without words."""
    head, marked, asked = (part.strip() for part in text.partition("="))
    if not _WORD.search(head) or (marked and not _WORD.search(asked)):
        raise AssistantError(
            f"A column needs a head or a question of words, and {text!r} has none."
        )
    if len(text) > _LONGEST:
        raise AssistantError(f"A column takes at most {_LONGEST} characters: {text[:60]!r}…")
    whole = asked or head
    kind = _kind(whole)
    return Column(
        head, _question(whole, kind), kind if kind != "text" or not asked else _kind(head)
    )


def columns(texts: list[str]) -> list[Column]:
    """One for each head, each once. Raises AssistantError."""
    return list({found.head: found for found in map(column, texts)}.values())


def written(of: Column) -> str:
    """The text of which `column` makes this one."""
    return of.head if column(of.head) == of else f"{of.head} = {of.question}"


def _words(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def _question(text: str, kind: Kind) -> str:
    plain, words = text.rstrip(" ?"), _words(text)
    if words[0] in _ASKS or (words[0] in _AUXILIARY and len(words) > 2):
        return f"{plain}?"
    if kind != "truth":
        return f"What is the {plain}?"
    if len(words) == 1 and _STATE.search(plain):
        return f"Is this document {plain}?"
    return f"Does this document mention {plain}?"


def _kind(text: str) -> Kind:
    words = _words(text)
    if counted := _OF_QUANTITY.match(text):
        kind = _QUANTITIES[counted["what"].lower()]
        return _of_unit(text[counted.end() :]) if kind == "number" else kind
    if words[0] in _ASKED:
        return _ASKED[words[0]]
    if text.endswith("?") and (words[0] not in _ASKS):
        return "truth"
    if words[0] in _ASKS:  # "What is the notice period?"
        return _of_noun(words) if words[0] in ("what", "which") else "text"
    return _of_noun(words)


def _of_unit(counted: str) -> Kind:
    """Days are a length of time, employees a number."""
    first = next(iter(find_quantities(f"1{counted}")), None)
    found = first.unit.kind if first and first.unit else ""
    return "time" if found == "time" else "money" if found == "money" else "number"


def _of_noun(words: list[str]) -> Kind:
    """By what a head is called, before what it is of: "date of the contract"."""
    cut = next((at for at, word in enumerate(words) if word in ("of", "for", "in") and at), None)
    named = words[:cut]
    counts = cut is not None and named[-1] == "number"  # of employees; but "invoice number"
    return "number" if counts else _KINDS.get(named[-1], "text")


# -- Values of a kind in a text: as they are written, and the same for two ways to write one

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
    beside = text.replace(found[0].text, " ", 1).split() if found else []
    return found[0] if len(found) == 1 and len(beside) <= 2 else None


def states(kind: Kind, value: Value, text: str) -> bool:
    """Whether a text has this value, words as whole ones."""
    if kind == "text":
        return bool(value.same) and has_word(plain(text), value.same)
    return any(one.same == value.same for one in values(kind, text))


def words(text: str) -> Value:
    """Words as a value: with single spaces, and no punctuation at the ends."""
    text = " ".join(text.split()).strip(" .;,")
    return Value(text, text, plain(text))


def plain(text: str) -> str:
    """A text without its marks and its case."""
    return _MARKS.sub(" ", text).strip().casefold()


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


State = Literal["found", "doubtful", "empty", "failed"]
DOUBTFUL: Mapping[State, str] = {
    "doubtful": N_("The cited lines do not state all of it, or the document hardly answers it."),
    "empty": N_("The document does not say, or the answer was held back."),
}
READ = N_("The chat model took these words from the document. See what the line says of them.")
LACKS: Mapping[Kind, str] = {
    "date": N_("The document has no date."),
    "money": N_("The document has no amount of money."),
    "time": N_("The document names no length of time."),
    "code": N_("The document has no number of such a kind."),
}


@dataclass(frozen=True)
class Cell:
    """What one document says to one question. Empty and failed cells have no value."""

    document: str
    head: str
    question: str
    kind: Kind
    state: State
    value: str = ""  # for people, as it is written in the document where it is short
    typed: Typed | None = None  # the same as a number, a date in ISO form, a truth, or words
    unit: str = ""  # of a number
    page: int = 0  # the first page is 1; 0 without a citation
    line: int = 0  # of the page; the first is 1
    quote: str = ""
    boxes: tuple[Box, ...] = ()
    seconds: float | None = None  # in a recording
    answer: str = ""  # the sentence that the value was taken from; empty for a label
    why: str = ""  # a sentence for people: why it is empty, doubtful or failed

    @property
    def place(self) -> str:
        """ "page 2, line 5"; empty without a citation."""
        if not self.page:
            return ""
        line = f", line {self.line}" if self.line and self.seconds is None else ""
        return place(self.page, self.seconds) + line

    def to_json(self) -> dict[str, Any]:
        """A row of the public JSON."""
        boxes = [[round(side, 2) for side in box] for box in self.boxes]
        return {**asdict(self), "boxes": boxes}


def from_json(row: Mapping[str, Any]) -> Cell:
    """The cell of a row; what a newer version says besides is left out."""
    known = {field.name: row[field.name] for field in fields(Cell) if field.name in row}
    return Cell(**{**known, "boxes": tuple(Box(*box) for box in row["boxes"])})


def blank(document: str, column: Column, state: State, why: str = "") -> Cell:
    """A cell without a value, in a state; `why` is a sentence for people."""
    return Cell(document, column.head, column.question, column.kind, state, why=why)
