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
    regexes: tuple[re.Pattern[str], ...]  # tried in this order
    longest: str  # of its literal parts, looked for first
    letters: int  # in all of them

    def places(self, text: str) -> Sequence[str] | None:
        """What stands in them; None for another sentence."""
        if self.longest not in text:
            return None
        found = (regex.fullmatch(text) for regex in self.regexes)
        return next((one.groups() for one in found if one), None)


def told(text: str, depth: int = 0) -> str:
    """The sentence in the language of now; what stands in its places is translated likewise."""
    spoken = language.current()
    if spoken == language.DEFAULT or not text.strip():
        return text
    known = catalogue(spoken)
    if (whole := known.gettext(text)) != text:
        return whole
    for pattern in _patterns(spoken):
        places = pattern.places(text) if depth < _DEEPEST else None
        if places is not None:
            inner = [told(part, depth + 1) for part in places]
            return known.gettext(pattern.message).format(*inner)
    sentences = _BETWEEN.split(text)
    return " ".join(told(one, depth + 1) for one in sentences) if len(sentences) > 1 else text


@functools.cache
def _patterns(spoken: str) -> Sequence[_Pattern]:
    """The messages with numbered places, those that say most first."""
    # The table of `GNUTranslations`, which has no other way to ask for all its messages.
    rows = getattr(catalogue(spoken), "_catalog", {})
    texts = [key for key in rows if isinstance(key, str)]
    ends = "|".join(re.escape(key) for key in texts if key[:1].islower() and " " in key)
    found = [_pattern(key, ends) for key in texts if _PLACE.search(key)]
    return sorted(found, key=lambda pattern: -pattern.letters)


def _pattern(message: str, ends: str) -> _Pattern:
    pieces = _PLACE.split(message)
    literals = pieces[::2]
    longest = max(literals, key=len)
    # Where only a space stands between two places, the second one is rather the end of a sentence
    # that is known: "The server of {0} {1}." has a name with spaces in the first one.
    shapes = [_shape(pieces, ends)] if " " in literals[1:-1] else []
    regexes = tuple(re.compile(shape, re.DOTALL) for shape in (*shapes, _shape(pieces)))
    return _Pattern(message, regexes, longest, sum(map(len, literals)))


def _shape(pieces: Sequence[str], ends: str = "") -> str:
    """A regular expression; `ends` are what comes behind a space alone."""
    shape = ""
    for at, piece in enumerate(pieces):
        if at % 2 == 0:
            shape += re.escape(piece)
        else:
            shape += f"({ends})" if ends and at > 1 and pieces[at - 1] == " " else "(.*?)"
    return shape
