"""Joins lines of a page into running text: undoes hyphenation, and replaces ligatures."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Sequence

_WORD = re.compile(r"[^\W\d_]+")
_BROKEN = re.compile(r"(?<![^\W\d_])([^\W\d_]++)-$")
_LINE_ENDS = re.compile(r"(?<![^\W\d_])[^\W\d_]++-[^\S\n]*+\n\s*+[^\W\d_]+")
_BETWEEN = {"and", "or", "to", "und", "oder", "bis", "et", "ou", "och"}
# Letters of other scripts count one by one: an English model has whole words of none of them.
_PIECES = re.compile(r"[0-9A-Za-z_\u00c0-\u024f]{1,6}|[^\s]")
_LEADERS = re.compile(r"(?:\s?[.…_]){4,}")  # the dots between a title and its page number
_ENTRY = re.compile(r"…\s\d{1,4}\b")
_ENTRIES = 3  # in one passage: running text has none


def vocabulary(texts: Sequence[str]) -> frozenset[str]:
    """The words of a document in lower case, which distinguish `organi-|zation` from `long-|term`.

    Without words broken at the end of a line, which may be parts of words.
    """
    whole = (_LINE_ENDS.sub(" ", text) for text in texts)
    return frozenset(word.lower() for text in whole for word in _WORD.findall(text))


def join(lines: Sequence[str], words: Collection[str] = ()) -> str:
    """Lines of one paragraph as one line of running text."""
    text = ""
    for line in lines:
        text = append(text, plain(line), words)
    return text


def append(text: str, line: str, words: Collection[str]) -> str:
    """The text with the next line of its paragraph, both as they are but for a hyphen between."""
    broken, rest = _BROKEN.search(text), _WORD.match(line)
    if _runs_on(text, line):
        return text + line
    if not (broken and line[:1].isalnum()) or (rest and rest.group() in _BETWEEN):
        return f"{text} {line}" if text else line
    if not (rest and rest.group()[0].islower()):
        return text + line  # "GPT-|4", "Jean-|Paul"
    first, second = broken.group(1).lower(), rest.group()
    # Parts that are no words of their own; "in" and "of" are, and "in-|volve" has them.
    parts = bool(words) and second not in words and (first not in words or len(first) == 2)
    return (text[:-1] if first + second in words or parts else text) + line


def one_line(text: str) -> str:
    """Lines of running text as one, with the hyphens that they have."""
    one = ""
    for line in filter(None, (" ".join(line.split()) for line in text.splitlines())):
        one += line if not one or _runs_on(one, line) else f" {line}"
    return one


def _runs_on(text: str, line: str) -> bool:
    """Whether the break between stands for nothing: beside it are letters of scripts that have no
    spaces between words (CSS Text Level 3, 4.1.3)."""
    return _is_wide(text[-1:]) and _is_wide(line[:1])


def _is_wide(letter: str) -> bool:
    """East Asian, but not Korean, which has spaces."""
    if not letter or unicodedata.name(letter, "").startswith("HANGUL"):
        return False
    return unicodedata.east_asian_width(letter) in "FWH"


def plain(text: str) -> str:
    """Text with plain instead of ligature and full-width letters, and with short dot leaders."""
    return " ".join(_LEADERS.sub(" … ", unicodedata.normalize("NFKC", text)).split())


def lists_contents(text: str) -> bool:
    """Whether a passage, after `plain`, is a table of contents: titles, leaders, page numbers."""
    return len(_ENTRY.findall(text)) >= _ENTRIES


def about_tokens(text: str) -> int:
    """Estimates the number of word pieces of an English embedding model, without the model.

    Within 20 % of all-MiniLM-L6-v2's own count on reports and handbooks.
    """
    return len(_PIECES.findall(_LEADERS.sub(" ", text)))


def tokens(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where these word pieces begin and end."""
    return (match.span() for match in _PIECES.finditer(text, start, end))


def shortened(text: str, most: int) -> str:
    """The text, or as much of its beginning as has `most` word pieces."""
    spans = list(tokens(text, 0, len(text)))
    return text if len(spans) <= most else f"{text[: spans[most - 1][1]]} …"
