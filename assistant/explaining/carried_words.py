"""Which words of a sentence each of its cited lines carries."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingest.language.words import stems

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
