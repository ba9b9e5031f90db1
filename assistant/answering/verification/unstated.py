"""Finds the words of a sentence that no line states: what a reader has to check."""

import re
from collections.abc import Iterator, Sequence

from assistant.answering.verification.claim_extraction import plain_words, words, written
from assistant.answering.verification.read_lines import Said, Support, opening
from ingest.language.words import stems

_TOKEN = re.compile(r"\w+(?:[.,:/'’&-]\w+)*%?")
_BETWEEN = re.compile(r"[\s,/-]*")  # unstated words with nothing else between are shown as one
_SHORT = re.compile(r"['’]\w{1,2}\b")  # "it's", "Anna's"
_DENIES = re.compile(r"\b(?:no|not|never|none|neither|nor|cannot|without|nothing)\b|n['’]t\b", re.I)
_NAMED = re.compile(r"[\"“„«][^\"“”„«»]*[\"”»]|\bNo (?=[A-Z])")  # "No Man's Sky" denies nothing
_DENIED = re.compile(
    r"(?:\b(?:no|not(?!\s+only)|never|cannot|neither)|n['’]t)\s+(?:(?:be|been|a|an|the|any)\s+)*(\w+)",
    re.IGNORECASE,
)


def unstated(
    text: str, said: Said, chosen: Sequence[Support], new_names: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The words of `text` that none of the lines states, as written and in their order.

    A number, date or quoted phrase must be stated as a whole. A word is stated when its stem is in
    the lines, when it is of a name that is given for them, or of the question and stands above
    them. `new_names`: folded words of names that nobody gives.
    """
    exact, wrong = _exact(text, chosen)
    wrong |= said.missing(chosen).names | new_names
    denied = denials(said, chosen)
    found = frozenset().union(*(support.meant | support.recalled for support in chosen))
    spans = [
        match.span()
        for match in _TOKEN.finditer(text, opening(text))
        if match[0].lower() not in said.small
        and _is_unstated(match[0], found, exact, wrong, denied)
    ]
    return tuple(_joined(text, spans))


def marked_too(
    text: str, unstated: Sequence[str], spans: Sequence[tuple[int, int]]
) -> tuple[str, ...]:
    """What is unstated, and what is at the spans, in the order of the text; neighbours together."""
    found, start = list(spans), 0
    for piece in unstated:
        start = text.find(piece, start)
        found.append((start, start + len(piece)))
        start += len(piece)
    return tuple(_joined(text, _apart(sorted(found))))


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap made one."""
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if kept and start < kept[-1][1]:
            kept[-1] = kept[-1][0], max(end, kept[-1][1])
        else:
            kept.append((start, end))
    return kept


def denials(said: Said, chosen: Sequence[Support]) -> frozenset[str]:
    """What the sentence denies and no line does ("not"), or what a line denies and it says."""
    lines = [_NAMED.sub(" ", support.unit.text) for support in chosen]
    if own := _DENIES.findall(_NAMED.sub(" ", said.text)):
        denied = any(_DENIES.search(line) for line in lines)
        return frozenset() if denied else frozenset(word.lower() for word in own)
    behind = {word for line in lines for word in _DENIED.findall(line)}
    return frozenset().union(*(stems(word) & said.words for word in behind))


def _is_unstated(
    token: str, found: frozenset[str], exact: set[str], wrong: set[str], denied: frozenset[str]
) -> bool:
    parts = plain_words(token)
    meant = stems(_SHORT.sub("", token))
    if (parts | set(words(token))) & wrong or meant & denied or (denied and _DENIES.search(token)):
        return True
    new = {stem for stem in meant - found if len(stem) > 1 and not stem[0].isdigit()}
    return bool(new) and not parts <= exact


def _exact(text: str, chosen: Sequence[Support]) -> tuple[set[str], set[str]]:
    """The words of the numbers, dates and phrases: of those that are stated, and of others."""
    lines = {word for s in chosen for word in plain_words(f"{s.unit.text} {s.unit.heads}")}
    right: set[str] = set()
    wrong: set[str] = set()
    for said, claim in written(text):
        for support in chosen:
            claim = claim.without(support.stated)
        parts = plain_words(said)
        if len(claim):
            wrong |= parts - lines or parts  # all words are there, but not of one thing
        else:
            right |= parts
    return right, wrong


def _joined(text: str, spans: Sequence[tuple[int, int]]) -> Iterator[str]:
    """The words at the spans; neighbours together."""
    first = last = -1
    for start, end in spans:
        if last >= 0 and not _BETWEEN.fullmatch(text, last, start):
            yield text[first:last]
            first = -1
        first, last = (start if first < 0 else first), end
    if last >= 0:
        yield text[first:last]
