"""The head of a column as a question, and the kind of value that answers it.

| head | asked | kind |
|---|---|---|
| `signed?` | Is this document signed? | truth |
| `auto-renewal?` | Does this document mention auto-renewal? | truth |
| `notice period` | What is the notice period? | time |
| `Who pays for the repairs?` | as it is | text |
| `How many days of leave are there?` | as it is | time |
| `end = When does the contract end?` | what stands behind the mark | date |
"""

import re
from dataclasses import dataclass
from typing import Literal

from assistant.errors import AssistantError
from ingest.language.measures import find_quantities

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
    """A column of a sheet."""

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


def _is_question(text: str) -> bool:
    words = _words(text)
    return words[0] in _ASKS or (words[0] in _AUXILIARY and len(words) > 2)


def _question(text: str, kind: Kind) -> str:
    plain = text.rstrip(" ?")
    if _is_question(text):
        return f"{plain}?"
    if kind != "truth":
        return f"What is the {plain}?"
    if len(_words(plain)) == 1 and _STATE.search(plain):
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
