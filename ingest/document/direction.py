"""Ends what turns the direction of letters in a text, so that words behind the text are not turned.

The signs are those of the Unicode Bidirectional Algorithm, and they end as its rules X1 to X8 say
(UAX #9, 2.1 to 2.5 and 3.3.2).
"""

import re

_SIGNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_POP, _END = "\u202c", "\u2069"  # of embeddings and overrides; of isolates
_ISOLATES = "\u2066\u2067\u2068"


def ended(text: str) -> str:
    """The text, with an end for each sign that has none; any other text stays as it is."""
    left: list[str] = []  # the ends that are wanted, the last first
    for sign in _SIGNS.findall(text):
        if sign == _POP:
            if left[-1:] == [_POP]:  # it ends nothing around an isolate
                left.pop()
        elif sign == _END:  # with all that began inside of the isolate
            del left[_last(left) :]
        else:
            left.append(_END if sign in _ISOLATES else _POP)
    return text + "".join(reversed(left))


def _last(left: list[str]) -> int:
    """Where the innermost isolate begins; behind everything where there is none."""
    return next((at for at in reversed(range(len(left))) if left[at] == _END), len(left))
