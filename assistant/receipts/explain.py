"""How an answer was made, as one JSON document."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from assistant.contract.facts import Token
from ingest.language.words import stems
from vectorstore.retrieval.fusion import Legs

# -- Which words of a sentence each of its cited lines carries

Row = dict[str, Any]


def carried_words(sentence: Mapping[str, Any], quotes: Mapping[int, str]) -> list[Row]:
    """The sentence in pieces of {"text", "marks", "unstated"}, each a word with the space before
    it: the marks of the lines that have the piece's words, by their stems. `quotes` has the lines
    of each mark.

    Small words, such as "the", are in no line; neither are words that only the question or the
    name of a document gives.
    """
    known = {mark: stems(quotes.get(mark, "")) for mark in sentence["marks"]}
    unstated = {_trimmed(word) for text in sentence.get("unstated", ()) for word in text.split()}
    rows = []
    for text in re.split(r"(?<=\S)(?=\s)", sentence["text"].strip()):
        own = stems(text)
        marks = [mark for mark, words in known.items() if own and own <= words]
        unsaid = not marks and _trimmed(text) in unstated
        rows.append({"text": text, "marks": marks, "unstated": unsaid})
    return rows


def _trimmed(word: str) -> str:
    """In lower case, without the signs around it."""
    return re.sub(r"^\W+|\W+$", "", word).lower()


# -- An explanation: the facts of an answer beside the answer itself, as one JSON document

SHARE_NAMES = ("vectors", "words", "document", "neighbours", "named")  # of a fused score
OTHER = "other"  # a stage: what no other one is


def explanation(answer: Mapping[str, Any], facts: Mapping[str, Any], meant: str = "") -> Row:
    """`answer` is an answer document; `facts` are `Facts` as a dictionary, empty for an answer of
    an older version; `meant` is the question as it was completed. Fields may be added; none is
    removed or changes its meaning."""
    understood = facts.get("understood") or {}
    guess = facts.get("tool_guess")
    return {
        "id": answer["id"],
        "question": answer["question"],
        "meant": meant or answer["question"],
        "searched": understood.get("searched", ""),
        "expected": understood.get("expected", ""),
        "parts": list(understood.get("parts", ())),
        "tool": answer["tool"],
        "why": answer.get("why", ""),
        "tool_guess": {"tool": guess[0], "probability": round(guess[1], 4)} if guess else None,
        "found": [_found(row) for row in facts.get("found", ())],
        "read": [dict(row) for row in facts.get("read", ())],
        "tokens": _tokens(answer, facts),
        "judged": [dict(row) for row in facts.get("judged", ())],
        "written": [_token(row) for row in facts.get("written", ())],
        "computed": _computed(facts.get("computed")),
        "whole": [dict(row) for row in facts.get("parts", ())],
        "compared": [dict(row) for row in facts.get("compared", ())],
        "looked": [dict(row) for row in facts.get("looked", ())],
        "heard": _heard(facts.get("heard")),
        "sentences": _sentences(answer),
        "seconds": _seconds(answer, facts),
    }


def _found(row: Mapping[str, Any]) -> Row:
    legs = Legs(*row["legs"]) if row.get("legs") else None
    shares = dict(zip(SHARE_NAMES, legs.shares, strict=True)) if legs else {}
    told = legs._asdict() if legs else dict.fromkeys(Legs._fields)
    return {
        **{name: row[name] for name in ("document", "page", "text", "read", "reader")},
        **told,
        "shares": shares,
        "fused": round(sum(shares.values()), 4) if shares else None,
    }


def _computed(row: Mapping[str, Any] | None) -> Row | None:
    """Each check as {"what", "value", "least"}."""
    if not row:
        return None
    checks = [dict(zip(("what", "value", "least"), one, strict=True)) for one in row["checks"]]
    return {**row, "operands": [dict(one) for one in row["operands"]], "checks": checks}


def _heard(row: Mapping[str, Any] | None) -> Row | None:
    """Each segment as {"start", "text", "confidence", "left_out"}."""
    if not row:
        return None
    names = ("start", "text", "confidence", "left_out")
    return {**row, "segments": [dict(zip(names, one, strict=True)) for one in row["segments"]]}


def _tokens(answer: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, int]:
    """What was read, of that the passages, and what was written."""
    usage = answer.get("usage") or {}
    return {
        "prompt": usage.get("prompt_tokens", 0),
        "passages": sum(row["tokens"] for row in facts.get("read", ())),
        "written": usage.get("completion_tokens", 0),
    }


def _token(row: Sequence[Any]) -> Row:
    token = Token(*row)
    return {
        "text": token.text, "probability": token.probability,
        "instead": [{"text": text, "probability": chance} for text, chance in token.instead],
    }  # fmt: skip


def _sentences(answer: Mapping[str, Any]) -> list[Row]:
    quotes = {citation["mark"]: citation["quote"] for citation in answer["citations"]}
    return [
        {"text": one["text"], "marks": list(one["marks"]), "words": carried_words(one, quotes)}
        for one in answer["sentences"] if not answer["refused"]
    ]  # fmt: skip


def _seconds(answer: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, float]:
    """By stage, and last what is left of the whole."""
    stages = dict(facts.get("seconds") or {})
    rest = answer["seconds_total"] - sum(stages.values())
    return {name: round(spent, 3) for name, spent in (stages | {OTHER: max(rest, 0.0)}).items()}
