"""Says of a refusal what was looked for and where, and which words no passage has."""

import re
from dataclasses import replace

from assistant.answering.passages.context_builder import Context
from assistant.contract.outcome import Outcome
from assistant.i18n.translation import N_, _, ngettext
from ingest.language.words import content_words, stems, telling

_UNSURE = N_("The passages probably do not answer this. Check each line before you rely on it.")
UNSTATED = N_("What the model wrote is left out: the lines that were read state too little of it.")
_MOST = 4  # words that are named
_DOCUMENTS = 3  # documents that are named
_SHORTEST = 3  # letters
_ASKS = re.compile(
    r"\bhow (?:many|much|often|long|far|old|big|large|high|tall|soon)\b", re.IGNORECASE
)
# A superlative before its noun says how to choose among what is found: no passage has to hold it.
_DEGREE = re.compile(r"\b(the|has|have|had|with|of)\s+\w{2,}est\b(?=\s+\w)", re.IGNORECASE)


def noted(context: Context, question: str) -> tuple[str, ...]:
    """Sentences for people: what was looked for and where, and which words of the question, without
    those that it builds on, nothing there mentions."""
    return (*_looked_for(context, question), *_missing(context, question))


def doubted(outcome: Outcome) -> Outcome:
    """An answer that would have been refused says so, once: the person wanted it in any case."""
    return replace(outcome, notices=tuple(dict.fromkeys((*outcome.notices, _(_UNSURE)))))


def unstated() -> str:
    """That the lines did not state what the model wrote."""
    return _(UNSTATED)


def _looked_for(context: Context, question: str) -> tuple[str, ...]:
    documents = list(dict.fromkeys(window.document for window in context.windows))
    if not documents:
        return ()
    names, more = ", ".join(documents[:_DOCUMENTS]), len(documents) - _DOCUMENTS
    if more > 0:
        names = ngettext("{names} and {count} more", "{names} and {count} more", more, names=names)
    many = len(context.windows)
    if context.question == question:
        looked = ngettext(
            "Looked in the closest passage, of {names}.",
            "Looked in the {count} closest passages, of {names}.",
            many, names=names,
        )  # fmt: skip
    else:
        looked = ngettext(
            "Looked for “{question}” in the closest passage, of {names}.",
            "Looked for “{question}” in the {count} closest passages, of {names}.",
            many, names=names, question=context.question,
        )  # fmt: skip
    return (looked,)


def _missing(context: Context, question: str) -> tuple[str, ...]:
    """Empty when all words are there, or none is."""
    read = frozenset().union(*(stems(f"{w.document} {w.text}") for w in context.windows))
    asked = telling(_DEGREE.sub(r"\1", _ASKS.sub(" ", question)))
    words = [word for word in content_words(asked) if len(word) >= _SHORTEST]
    absent = [word for word in words if not stems(word) <= read]
    if not absent or len(absent) == len(words):
        return ()
    quoted = [f"“{_as_written(word, question)}”" for word in absent[:_MOST]]
    first, last = ", ".join(quoted[:-1]), quoted[-1]
    told = _("{first} or {last}", first=first, last=last) if first else last
    return (_("The closest passages do not mention {words}.", words=told),)


def _as_written(word: str, question: str) -> str:
    found = re.search(rf"\b{re.escape(word)}\b", question, re.IGNORECASE)
    return found[0] if found else word
