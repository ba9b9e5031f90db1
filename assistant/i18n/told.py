"""Sentences that other rooms have made in English, such as errors, in the language of who reads
them.

Rooms below know no visitor, and what they say is also stored, logged and printed. So it is made in
English, and translated where it is shown: `told("notes.pdf is empty.")`. The patterns come from the
sources: `scripts/messages.py` reads the f-strings of errors, and writes `{0} is empty.` into the
catalogues. What has no pattern is shown as it is.
"""

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.i18n import language
from assistant.i18n.translation import catalogue

_PLACE = re.compile(r"\{(\d)\}")
_BETWEEN = re.compile(r"(?<=[.!?]) (?=[A-Z`“])")  # two sentences
_DEEPEST = 3  # sentences in sentences: the reason of an error


@dataclass(frozen=True)
class _Pattern:
    message: str
    regex: re.Pattern[str]
    longest: str  # of its literal parts, looked for first
    letters: int  # in all of them


def told(text: str, depth: int = 0) -> str:
    """The sentence in the language of now; what stands in its places is translated likewise."""
    spoken = language.current()
    if spoken == language.DEFAULT or not text.strip():
        return text
    known = catalogue(spoken)
    if (whole := known.gettext(text)) != text:
        return whole
    for pattern in _patterns(spoken):
        found = pattern.longest in text and pattern.regex.fullmatch(text)
        if found and depth < _DEEPEST:
            inner = [told(part, depth + 1) for part in found.groups()]
            return known.gettext(pattern.message).format(*inner)
    sentences = _BETWEEN.split(text)
    return " ".join(told(one, depth + 1) for one in sentences) if len(sentences) > 1 else text


@functools.cache
def _patterns(spoken: str) -> Sequence[_Pattern]:
    """The messages with numbered places, those that say most first."""
    # The table of `GNUTranslations`, which has no other way to ask for all its messages.
    rows = getattr(catalogue(spoken), "_catalog", {})
    found = [_pattern(key) for key in rows if isinstance(key, str) and _PLACE.search(key)]
    return sorted(found, key=lambda pattern: -pattern.letters)


def _pattern(message: str) -> _Pattern:
    pieces = _PLACE.split(message)
    literals = pieces[::2]
    parts = (re.escape(piece) if at % 2 == 0 else "(.*?)" for at, piece in enumerate(pieces))
    longest = max(literals, key=len)
    regex = re.compile("".join(parts), re.DOTALL)
    return _Pattern(message, regex, longest, sum(map(len, literals)))
