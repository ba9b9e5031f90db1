"""How an answer was made: one JSON document, and the words that the app shows beside it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from assistant.contract.facts import Token
from assistant.i18n.translation import N_
from ingest.language.words import stems
from vectorstore.retrieval.fusion import Legs

# -- Which words of a sentence each of its cited lines carries

_WORD = re.compile(r"\S+")

Row = dict[str, Any]


def carried_words(sentence: Mapping[str, Any], quotes: Mapping[int, str]) -> list[Row]:
    """The sentence in pieces of {"text", "marks", "unstated"}: the marks of the lines that have
    the piece's words, by their stems. `quotes` has the lines of each mark.

    Small words, such as "the", are in no line; neither are words that only the question or the
    name of a document gives.
    """
    known = {mark: stems(quotes.get(mark, "")) for mark in sentence["marks"]}
    unstated = _folded(" ".join(sentence.get("unstated", ())))
    return [_piece(text, known, unstated) for text in _pieces(sentence["text"])]


def _pieces(text: str) -> Iterator[str]:
    """Each word, with the space before it."""
    at = 0
    for word in _WORD.finditer(text):
        yield text[at : word.end()]
        at = word.end()


def _piece(text: str, known: Mapping[int, frozenset[str]], unstated: Sequence[str]) -> Row:
    own = stems(text)
    marks = [mark for mark, words in known.items() if own and own <= words]
    return {"text": text, "marks": marks, "unstated": not marks and _said(text, unstated)}


def _folded(text: str) -> list[str]:
    return [_trimmed(word).lower() for word in text.split()]


def _trimmed(word: str) -> str:
    """Without the signs around it."""
    known = [at for at, sign in enumerate(word) if sign.isalnum() or sign == "_"]
    return word[known[0] : known[-1] + 1] if known else ""


def _said(text: str, words: Sequence[str]) -> bool:
    return bool(text.strip()) and _folded(text)[0] in words


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
        "parts": list(understood.get("parts", ())),
        "tool": answer["tool"],
        "why": answer.get("why", ""),
        "tool_guess": {"tool": guess[0], "probability": round(guess[1], 4)} if guess else None,
        "found": [_found(row) for row in facts.get("found", ())],
        "read": [dict(row) for row in facts.get("read", ())],
        "tokens": _tokens(answer, facts),
        "gate": [dict(row) for row in facts.get("judged", ())],
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


# -- The words of an explanation: for each part its title and one plain sentence, and names of what
# is counted. They are translated where they are shown.


class Lesson(NamedTuple):
    """Of one part."""

    title: str
    sentence: str


LESSONS = {
    "question": Lesson(
        N_("Question"),
        N_("A question is completed by what was said before, taken apart where it asks several "
        "things, and given to the tool that it seems to ask for."),
    ),
    "found": Lesson(
        N_("Search"),
        N_("Passages are searched by meaning and by words at once; what each search finds is added "
        "up, and a small model that has learned to read may order the best ones again."),
    ),
    "read": Lesson(
        N_("Reading"),
        N_("The model reads only the best passages, because each token, about three quarters of a "
        "word, costs time."),
    ),
    "gate": Lesson(
        N_("Gate"),
        N_("Before a word is written, signals are added up to a probability that the passages hold "
        "the answer; below the threshold the question is refused."),
    ),
    "written": Lesson(
        N_("Writing"),
        N_("The model writes token by token and takes the likeliest each time; the stronger the "
        "colour, the less likely it was."),
    ),
    "computed": Lesson(
        N_("Program"),
        N_("A question to a table becomes a small program; code computes it, not the model, which "
        "would guess, and each cell is cited."),
    ),
    "whole": Lesson(
        N_("Parts"),
        N_("The whole document is read part by part; only what stands on a line is kept, and where "
        "a model named it, only what it confirms when it is asked for that alone."),
    ),
    "compared": Lesson(
        N_("Comparing"),
        N_("Parts of both documents that are about the same matter are paired by their meaning, "
        "and of each pair those statements are quoted that are nearest to each other, rather where "
        "their figures differ."),
    ),
    "looked": Lesson(
        N_("Looking"),
        N_("What is written on a picture is recognised line by line and may be cited; what it "
        "shows is told by another model in its own words, and is never evidence."),
    ),
    "heard": Lesson(
        N_("Listening"),
        N_("A recording is cut into pieces of speech, and the model writes down each of them with "
        "how sure it is; what it would write over noise is left out."),
    ),
    "sentences": Lesson(
        N_("Citing"),
        N_("Each finished sentence is compared with the lines that were read; the small numbers "
        "behind a word name the lines that have it."),
    ),
    "seconds": Lesson(
        N_("Time"),
        N_("Reading and writing take longest, because every token passes through the whole model."),
    ),
}  # fmt: skip

SHARES = {
    "vectors": N_("meaning"), "words": N_("words"), "document": N_("document"),
    "neighbours": N_("pages beside"), "named": N_("named in the question"),
}  # fmt: skip

SIGNALS = {
    "bias": N_("starting point"),
    "sentence_cosine": N_("nearness of the best sentence"),
    "covered": N_("share of the question's words that were read"),
    "yes_log_odds": N_("the chat model's own “yes”"),
    "reader_odds": N_("the reader's opinion of the best passage"),
}

OPERATIONS = {
    "lookup": N_("look up a cell"), "growth": N_("growth"), "difference": N_("difference"),
    "ratio": N_("ratio"), "share": N_("share"), "sum": N_("sum"), "average": N_("average"),
    "highest": N_("the highest"), "lowest": N_("the lowest"), "count": N_("count"),
}  # fmt: skip

CHECKS = {
    "explained": N_("share of the question's words that the cells explain"),
    "operation": N_("the model's probability of this computation"),
    "column": N_("the model's probability of this column"),
    "held": N_("the model's log-odds that the list holds the answer"),
}

STAGES = {
    "retrieve": N_("searching"), "rank": N_("comparing lines"), "wait": N_("waiting for the model"),
    "judge": N_("reading and judging"), "write": N_("writing"), "attribute": N_("citing"),
    "check": N_("checking"), "other": N_("everything else"),
}  # fmt: skip

VERDICTS = {
    "refuse": N_("refused"), "unsure": N_("the model may refuse"), "sure": N_("to be answered"),
}  # fmt: skip
