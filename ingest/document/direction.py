"""Ends what turns the direction of letters in a text, so that words behind the text are not turned.

The signs are those of the Unicode Bidirectional Algorithm (UAX #9, 2.1 to 2.5).
"""

import re

_TURNS, _POP = re.compile("[\u202a\u202b\u202d\u202e]"), "\u202c"
_ISOLATES, _END = re.compile("[\u2066-\u2068]"), "\u2069"


def ended(text: str) -> str:
    """The text, with an end for each sign that has none; any other text stays as it is."""
    turns = len(_TURNS.findall(text)) - text.count(_POP)
    isolates = len(_ISOLATES.findall(text)) - text.count(_END)
    return text + _POP * turns + _END * isolates
