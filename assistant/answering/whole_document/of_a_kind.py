"""Which two documents "the two security policies" are: those whose names both have these words."""

import re
from collections.abc import Iterator, Mapping, Sequence

from ingest.language.words import STOP_WORDS, name_parts, stems

_WORD = re.compile(r"[^\W_]+")
_TWO = re.compile(r"\b(?:two|both|2)(?:\s+(?:\w+\s+)?of)?(?:\s+(?:the|our|my|these))*\s*$", re.I)
_COMPARED = re.compile(r"\b(?:compar\w*|contrast)\s*$", re.I)
# What follows is compared, too, or tells where: another thing than the two.
_OTHER = re.compile(r"\b(?:with|to|from|and|than|between|against|versus|vs)\b", re.I)
_VERB = re.compile(r"(?:differ|compar|contrast)\w*", re.I)
_LONGEST = 6  # words


def two_of_a_kind(question: str, words: Mapping[str, frozenset[str]]) -> list[str]:
    """The two documents that a "two" or a plural names by words of no third one; empty when there
    are none. `words` are the stems of the documents' names, by name."""
    for before, run, behind in _runs(question):
        said = stems(" ".join(run))
        pair = [name for name, own in words.items() if said <= own]
        if len(pair) != 2 or not _is_whole(behind, words[pair[0]] | words[pair[1]]):
            continue
        if _both_meant(before, run, pair, len(said) > 1, words):
            return pair
    return []


def _runs(question: str) -> Iterator[tuple[str, Sequence[str], str]]:
    """Words with a meaning beside each other, with what stands before and behind them; the longest
    first."""
    found = list(_WORD.finditer(question))
    for length in range(min(_LONGEST, len(found)), 0, -1):
        for at in range(len(found) - length + 1):
            run = [one[0] for one in found[at : at + length]]
            if STOP_WORDS.isdisjoint(word.lower() for word in run):
                yield question[: found[at].start()], run, question[found[at + length - 1].end() :]


def _is_whole(behind: str, own: frozenset[str]) -> bool:
    """Whether the words are all that is compared: not "security incidents", and not "the security
    policies with the handbook". `own` are the stems of both names."""
    following = _WORD.findall(behind)
    if following and not (following[0].lower() in STOP_WORDS or _VERB.fullmatch(following[0])):
        return False
    others = (stems(behind[joint.end() :]) for joint in _OTHER.finditer(behind))
    return all(words <= own for words in others)


def _both_meant(
    before: str, run: Sequence[str], pair: Sequence[str], several: bool,
    words: Mapping[str, frozenset[str]],
) -> bool:  # fmt: skip
    if _TWO.search(before):
        return several or _numbered(pair, words)
    return several and _is_plural(run[-1], pair) and _begins(before)


def _begins(before: str) -> bool:
    """Whether nothing narrows the words behind: "the three", "the French security policies"."""
    last = _WORD.findall(before.lower())[-1:]
    return STOP_WORDS.issuperset(last) or bool(_COMPARED.search(before))


def _is_plural(word: str, names: Sequence[str]) -> bool:
    """Whether the names have it without its "s"."""
    written = {one.lower() for name in names for one in name_parts(name).split()}
    return word.lower().endswith("s") and word.lower() not in written


def _numbered(pair: Sequence[str], words: Mapping[str, frozenset[str]]) -> bool:
    """Whether the names differ by years, versions or numbers alone: then one word tells enough,
    while "employees" need not be an Employee Handbook and an Employee Survey."""
    one, other = (words[name] for name in pair)
    return all(re.search(r"\d", word) for word in one ^ other)
