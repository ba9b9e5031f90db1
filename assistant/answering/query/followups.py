"""Detects questions that need the earlier conversation, by rules on their words."""

import re

from ingest.language.words import content_words

_CONNECTIVE = re.compile(
    r"(?:and|but|or|so|also|then|what about|how about|what if|what else|same|else|otherwise|really"
    r"|which ones?|i mean|i meant|what do you mean|are you sure|besides|other than|apart from"
    r"|instead of that|i(?:['’]m| am) (?:a )?(?:bit |little )?confused)\b"
    r"|(?:yes|no|ok|okay|thanks|thank you|got it|sorry|great)\s*[,.!;]",
    re.IGNORECASE,
)
_POINTER = re.compile(
    r"\b(?!(?-i:IT)\b)(?:it|its|they|them|their|theirs|he|she|him|her|his|hers|this|these|those|former|latter)\b",
    re.IGNORECASE,
)
_SOMEBODY = re.compile(
    r"\b(?!(?-i:IT)\b)(?:it|its|they|them|their|he|she|him|her|his)\b", re.IGNORECASE
)
NOBODY = re.compile(  # "is it possible to", "does it rain": it refers to nothing
    r"\bit\b(?:\s+\w+){1,2}\s+(?:to|that|if|for|when)\b|\b(?:rain|snow)", re.IGNORECASE
)
_FEW = 3  # content words: a longer question mostly names what its pronouns refer to


def needs_history(question: str) -> bool:
    """Whether a question begins like a continuation, points back, or has hardly a content word.

    Rules, not the model: a rewriting prompt would cost seconds and push the passages out of the
    model's cache, and the model reads the conversation anyway.
    """
    words = len(content_words(question))
    return bool(
        _CONNECTIVE.match(question.strip())
        or (_POINTER.search(question) and words <= _FEW)
        or _points_back(question)
        or words <= 1
    )


def _points_back(question: str) -> bool:
    """Whether a pronoun precedes everything it could refer to."""
    found = _SOMEBODY.search(question)
    before = question[: found.start()] if found else ""
    return bool(found and not content_words(before) and not NOBODY.search(question))
