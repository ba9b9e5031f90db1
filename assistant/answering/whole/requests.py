"""Detects questions about whole documents, and which, by rules on the person's words alone."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

from ingest.language.words import STOP_WORDS, name_parts, stems
from vectorstore.naming.document_names import words_of

# -- Which two documents "the two security policies" are: those whose names both have these words

_TWO = re.compile(
    r"\b(?:two|both|2)(?:\s+(?:\w+\s+)?of)?(?:\s+(?:the|our|my|these))*\s", re.IGNORECASE
)
_VERB = re.compile(r"(?:differ|compar|contrast)\w*", re.IGNORECASE)


def two_of_a_kind(question: str, words: Mapping[str, frozenset[str]]) -> list[str]:
    """The two documents that a "two" or "both" names by words of no third one; empty when there are
    none. `words` are the stems of the documents' names, by name."""
    for two in _TWO.finditer(question):
        behind = words_of(question[two.end() :])
        run = takewhile(lambda one: not (one.lower() in STOP_WORDS or _VERB.fullmatch(one)), behind)
        said = stems(" ".join(run))
        pair = [name for name, own in words.items() if said and said <= own]
        if len(pair) == 2 and (len(said) > 1 or _numbered(pair, words)):
            return pair
    return []


def _numbered(pair: Sequence[str], words: Mapping[str, frozenset[str]]) -> bool:
    """Whether the names differ by years, versions or numbers alone: then one word tells enough,
    while "employees" need not be an Employee Handbook and an Employee Survey."""
    one, other = (words[name] for name in pair)
    return all(re.search(r"\d", word) for word in one ^ other)


Kind = Literal["summary", "comparison", "list"]

_PLEASE = (
    r"^\W*(?:(?:please|can you|could you|would you|i (?:need|want)|give me|show me|write)\s+)*"
)
_ARTICLE = r"(?:(?:an?|the|me|us|short|brief|quick|complete|full)\s+)*"
_SUMMARY = re.compile(
    rf"{_PLEASE}{_ARTICLE}(?:summar(?:y|ise|ize)|overview|gist|tl;?dr|sum up)\b"
    r"|^\W*what (?:is|are) (?:this|the|these|all)\b[^?]{0,60}\babout\W*$",
    re.IGNORECASE,
)
_COMPARISON = re.compile(
    rf"{_PLEASE}{_ARTICLE}(?:compare|comparison|contrast)\b"
    r"|\bdifferences? (?:between|from)\b|\bdiffers? from\b"
    r"|\bhow do(?:es)?\b[^?]*\b(?:differ|compare)",
    re.IGNORECASE,
)
_LIST = re.compile(
    rf"(?:{_PLEASE}(?:list|name|enumerate|show|find)\s+(?:me\s+)?(?:all|every|each)"
    rf"|{_PLEASE}{_ARTICLE}list of(?: all| every)?(?: the)?"
    r"|^\W*(?:what|which) are all (?:of )?the)\b(?P<what>.+)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:about|on|regarding|concerning|in terms of|with (?:respect|regard) to)\b(?P<subject>.+)",
    re.IGNORECASE,
)
_INSIDE = re.compile(r"\b(?:in|from|within|inside)\b.+", re.IGNORECASE)
_LAST_INSIDE = re.compile(r"(?s:.*)(?P<inside>\b(?:in|from|of|within|inside)\b)", re.IGNORECASE)
_NAMED = 0.5  # share of a document's name, its words weighted by how few names have them
_SURE = 0.8  # of the best share
_PLAIN = stems(
    "file report document section chapter part whole entire summary overview list email point"
    " bullet page word sentence paragraph one two three four five ten"
)


@dataclass(frozen=True)
class WholeDocumentRequest:
    """The task and its documents; `topic` has the stems of the topic."""

    kind: Kind
    documents: tuple[str, ...]
    topic: frozenset[str] = frozenset()


def understood(
    question: str, names: Sequence[str], scope: Collection[str] | None = None,
    about: Callable[[str], Collection[str]] = lambda _: (),
) -> WholeDocumentRequest | None:  # fmt: skip
    """The task over whole documents; None for a question about a fact.

    `names` are the documents of the library, `scope` those that alone are asked. `about` finds the
    documents about what a text names, such as a company; it is asked where no file is named.
    """
    within = [name for name in names if scope is None or name in scope]
    if _COMPARISON.search(question):
        pair = _pair(question, within, len(names))
        return _request("comparison", pair, question) if pair else None
    if _SUMMARY.search(question):
        one = named(question, within)[:1] or (within if len(within) == 1 else [])
        subject_of = [] if one else [name for name in within if name in about(question)]
        if len(subject_of) == 1:  # which of the words name it is not known, so none is a topic
            return WholeDocumentRequest("summary", tuple(subject_of))
        return _request("summary", one, question) if one else None
    if _LIST.search(question):
        inside = _INSIDE.search(question)  # "list all rules" does not mean a file named "Rules"
        files = _surest(inside[0], within) if inside else []
        files = files or [name for name in within if name in about(question)]
        return _request("list", files, question)
    return None


def _pair(question: str, within: Sequence[str], known: int) -> list[str]:
    """The two named documents; else the scope, when it is two of more; else two of a kind."""
    found = [name for name in named(question, within) if _unmistakable(question, name, within)][:2]
    if len(found) == 2:
        return found
    if len(within) == 2 < known:
        return list(within)
    return two_of_a_kind(question, {name: _words(name) for name in within})


def _unmistakable(question: str, name: str, names: Sequence[str]) -> bool:
    """Whether the question names a document by more than one common word, such as "employees"."""
    words = {other: _words(other) for other in names}
    said = words[name] & (stems(question) | stems(name_parts(question)))
    return len(said) > 1 or len(words[name]) == 1 or _shares(question, names)[name] > 1


def _request(kind: Kind, documents: Sequence[str], question: str) -> WholeDocumentRequest:
    of_names = frozenset().union(*(_words(name) | _written(name) for name in documents))
    doing = stems(" ".join(match.group() for match in _COMMANDS.finditer(question)))
    said = {word for word in stems(question) if not stems(name_parts(word)) <= of_names}
    return WholeDocumentRequest(kind, tuple(documents), frozenset(said) - of_names - doing - _PLAIN)


_COMMANDS = re.compile(
    r"\b(?:summari[sz]e|summary|sum|compar\w+|contrast|differ\w*|list|name|enumerate|find|show|all"
    r"|every|each|please|need|want|give|write|short|brief|about|regarding|between|terms|respect)\b",
    re.IGNORECASE,
)


def named(question: str, names: Sequence[str]) -> list[str]:
    """The documents that a question names, the most certain first."""
    shares = _shares(question, names)
    return sorted((n for n in names if shares[n] >= _NAMED), key=lambda name: -shares[name])


def _surest(question: str, names: Sequence[str]) -> list[str]:
    """The named documents without those of which less is named: "Q1 2023" is not "Q3 2023"."""
    shares = _shares(question, names)
    least = max(_NAMED, _SURE * max(shares.values(), default=0.0))
    return [name for name in named(question, names) if shares[name] >= least]


def _shares(question: str, names: Sequence[str]) -> dict[str, float]:
    """The share of each name's words in the question; a word of many names weighs little."""
    words = {name: _words(name) for name in names}
    frequency = Counter(word for found in words.values() for word in found)
    asked, low = stems(question) | stems(name_parts(question)), question.lower()

    def share(name: str) -> float:
        if name.lower() in low:
            return 2.0
        total = sum(1 / frequency[word] for word in words[name])
        said = sum(1 / frequency[word] for word in words[name] & asked)
        return said / total if total else 0.0

    return {name: share(name) for name in names}


def _words(name: str) -> frozenset[str]:
    return stems(name_parts(name.rsplit("/", 1)[-1]))


def _written(name: str) -> frozenset[str]:
    """The words of a name as they are written: "PerksPlus" is one of "PerksPlus.pdf"."""
    return stems(name.rsplit("/", 1)[-1].rsplit(".", 1)[0])


def what(question: str, placed: bool = False) -> str:
    """What to list, in the person's words; the question itself when it is phrased otherwise.

    `placed`: the question says in which documents. That is left out, as their title pages and
    tables of contents would be found first.
    """
    match = _LIST.search(question)
    wanted = match["what"] if match else question
    inside = _LAST_INSIDE.match(wanted) if placed else None
    return (wanted[: inside.start("inside")] if inside else wanted).strip(" ,?.!") or question


def subject(question: str, topic: frozenset[str]) -> str:
    """The topic of a question, without document names: title pages contain these, and would be
    found first."""
    match = _ABOUT.search(question)
    if match and topic & stems(match["subject"]):
        return match["subject"].strip(" ?.!")
    return " ".join(word for word in question.split() if topic & stems(word))
