"""Names the words of a refused question that none of the closest passages has."""

import re

from assistant.answering.passages.context_builder import Context
from ingest.language.words import content_words, stems

_MOST = 4  # words that are named
_SHORTEST = 3  # letters
_ASKS = re.compile(
    r"\bhow (?:many|much|often|long|far|old|big|large|high|tall|soon)\b", re.IGNORECASE
)


def noted(context: Context) -> tuple[str, ...]:
    """A sentence for people; empty when all words are there, or none is."""
    read = frozenset().union(*(stems(f"{w.document} {w.text}") for w in context.windows))
    asked = _ASKS.sub(" ", context.question)
    words = [word for word in content_words(asked) if len(word) >= _SHORTEST]
    absent = [word for word in words if not stems(word) <= read]
    if not absent or len(absent) == len(words):
        return ()
    told = " or ".join(f"“{word}”" for word in absent[:_MOST])
    return (f"The closest passages do not mention {told}.",)
