"""Is it open what a question is about? Then a question goes back, with what it may mean.

Rules on words, measured in docs/evaluation.md: the small chat model does not know when a question
is unclear. Only four forms are taken for unclear, each by itself rare in questions that people
have thought about: "this office" where no office was named; "the contract" where several documents
that fit are contracts; "How long does it last?" as the first question; a single word.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from assistant.reply import Choice
from assistant.sentences import stems
from ingest.names import readable
from vectorstore.library import Hit
from vectorstore.words import content_words, name_parts

_AT = r"in|for|of|at|on|by|to|from|with|about|under"
_POINTING = re.compile(rf"\b(?:this|(?<=\b)(?:{_AT})\s+that)\s+", re.IGNORECASE)
_DEFINITE = re.compile(r"\bthe\s+(?=[a-z])")
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|he|she|him|her|his|this|these|those|that)\b", re.IGNORECASE
)
_NO_PRONOUN = re.compile(  # "is it possible to", "does it rain": it stands for nothing
    r"\bit\b(?:\s+\w+){1,2}\s+(?:to|that|if|for|when)\b|\b(?:rain|snow)", re.IGNORECASE
)
_CLAUSE = re.compile(r"[,.;:?!]|\b(?:and|when|if|where|because|that)\b", re.IGNORECASE)
_DESCRIBED = re.compile(rf"\s*(?:{_AT}|that|who|which|where|whose)\b", re.IGNORECASE)
_WORD = re.compile(r"\s*([\w’'-]+)")
_POSSESSIVE = re.compile(r"['’]s$")
# What is read, and times: "this report" is the one that is asked.
_KNOWN = stems(
    "document report paper slide deck table figure chart page handbook guide manual article book"
    " text file pdf section chapter library list data question answer information topic"
    " conversation company firm organisation organization business year month week day"
    " time quarter moment way case point amount kind sort type number"
)
_NEAR = 0.5  # of the best score: what else a question may mean
_MAIN = 0.5  # share of these that are alike, so that it is what the question is about
_LOOKED_AT = 12  # of the best passages, for names
_MOST = 3  # choices
_LONGEST = 70  # letters of one
_ASKS = re.compile(
    r"\W*(?:what|who|whose|when|where|which|why|how|is|are|was|were|do|does|did|can|could|may|should"
    r"|will|would|has|have|tell|list|show|give|explain)\b",
    re.IGNORECASE,
)
_OPENINGS = re.compile(r"(?:Which .{1,80} do you mean\b|What do you mean by “|What would you like)")


@dataclass(frozen=True)
class Pointer:
    """A phrase of a question that points at something nobody has named: `start` to `end`."""

    start: int
    end: int
    words: tuple[str, ...]  # "this office open" has office and open: where it ends is not known
    kind: str  # this, the, it, or bare


def pointer(question: str, said: str) -> Pointer | None:
    """What has to be looked at; `said` is the conversation before, empty for a first question."""
    return (
        next(_pointing(question, said), None)
        or next(_definite(question, said), None)
        or (None if said else _pronoun(question) or _bare(question))
    )


def _pointing(question: str, said: str) -> Iterator[Pointer]:
    known = stems(said) | _KNOWN
    for match in _POINTING.finditer(question):
        words = _noun(question, match.end())
        before = question[: match.start()]
        told = known | stems(before)
        if words and not _CLAUSE.search(before) and not stems(" ".join(words)) & told:
            start = match.start() + match.group().lower().rindex("th")
            yield Pointer(start, match.end(), words, "this")


def _definite(question: str, said: str) -> Iterator[Pointer]:
    for match in _DEFINITE.finditer(question):
        words = _noun(question, match.end())
        if not words or any(not word.islower() for word in words):
            continue
        end = match.end() + len(question[match.end() :].partition(words[-1])[0]) + len(words[-1])
        plural = words[-1].endswith("s") and not words[-1].endswith(("ss", "’s", "'s"))
        if not plural and not _DESCRIBED.match(question, end) and not _all(words) <= stems(said):
            yield Pointer(match.start(), match.end(), words, "the")


def _pronoun(question: str) -> Pointer | None:
    match = _PRONOUN.search(question)
    few = len(content_words(question)) <= 2
    if not match or not few or _NO_PRONOUN.search(question):
        return None
    if _CLAUSE.search(question[: match.start()]) or re.search(r"\d|\w\s+[A-Z]", question):
        return None
    return Pointer(match.start(), match.end(), (), "it")


def _bare(question: str) -> Pointer | None:
    found = re.fullmatch(r"\W*(?:the\s+)?([^\W\d_]+)\W*", question.strip(), re.IGNORECASE)
    if not found or not content_words(question):
        return None
    return Pointer(0, len(question), (found.group(1),), "bare")


def _noun(question: str, at: int) -> tuple[str, ...]:
    """The words behind an article, up to one that carries no meaning or to a sign; four at most."""
    words: list[str] = []
    while len(words) < 4 and (match := _WORD.match(question, at)):
        if not content_words(_POSSESSIVE.sub("", match.group(1))):
            break
        words.append(match.group(1))
        at = match.end()
        if _POSSESSIVE.search(match.group(1)):
            break
    return tuple(words)


def _all(words: Iterable[str]) -> frozenset[str]:
    return stems(" ".join(_POSSESSIVE.sub("", word) for word in words))


# -- what it may mean


@dataclass(frozen=True)
class Asked:
    """The question that goes back, and what it may mean."""

    text: str
    choices: tuple[Choice, ...] = ()


def question_back(
    question: str, said: str, found: Pointer, hits: Sequence[Hit], given: bool
) -> Asked | None:
    """None when the passages leave no doubt; `given`: they were chosen for this question."""
    best = hits[0].score if hits else 0.0
    near = [hit for hit in hits if hit.score >= _NEAR * best]
    if found.kind == "this":
        one = len(_titles(near)) == 1 and not given
        return None if one else _which(question, found, near)
    if found.kind == "the":
        return _which_document(question, said, found, near)
    choices = _headings(near, found.words) or _titles(near)
    if len(choices) < 2:
        return None
    if found.kind == "it":
        word = question[found.start : found.end]
        return _asked(f"What do you mean by “{word}”", question, found, choices)
    texts = [f"What do the documents say about {choice}?" for choice in choices]
    text = f"What would you like to know about “{found.words[0]}”: {_joined(choices)}?"
    return Asked(text, tuple(map(Choice, choices, texts)))


def _which(question: str, found: Pointer, near: Sequence[Hit]) -> Asked:
    """ "Which office do you mean?" with the offices of the passages, else with their titles."""
    noun = _known_noun(found.words, near)
    whole = Pointer(found.start, _end(question, found, noun), noun, found.kind)
    names = _names(noun, near) or _names(noun[-1:], near)
    return _asked(f"Which {' '.join(noun)} do you mean", question, whole, names or _titles(near))


def _which_document(question: str, said: str, found: Pointer, near: Sequence[Hit]) -> Asked | None:
    """When most of what fits are documents of that name, and no word tells which is meant."""
    noun = _all(found.words)
    named = [title for title in _titles(near, len(near)) if noun <= _title_words(title)]
    if len(named) < 2 or _title(near[0]) not in named:
        return None
    own = [_title_words(title) - noun for title in named]
    apart = [words - frozenset.intersection(*own) for words in own]
    told = stems(f"{question} {said}")
    most = sum(_title(hit) in named for hit in near) >= _MAIN * len(near)
    if not most or not all(apart) or any(words & told for words in apart):
        return None
    words = tuple(_POSSESSIVE.sub("", word) for word in found.words)
    whole = Pointer(found.start, _end(question, found, words), words, "the")
    return _asked(f"Which {' '.join(words)} do you mean", question, whole, named[:_MOST])


def _asked(opening: str, question: str, found: Pointer, names: Sequence[str]) -> Asked:
    questions = [f"{question[: found.start]}{name}{question[found.end :]}" for name in names]
    choices = tuple(map(Choice, names, questions))
    if len(names) == 1:
        return Asked(f"{opening}? What comes closest is about {names[0]}.", choices)
    return Asked(f"{opening}: {_joined(names)}?" if names else f"{opening}?", choices)


def _joined(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"


def _known_noun(words: Sequence[str], near: Sequence[Hit]) -> tuple[str, ...]:
    """The longest beginning that the passages have: where a noun ends, no list of words tells."""
    plain = [_POSSESSIVE.sub("", word) for word in words]
    texts = " ".join(f"{_title(hit)} {hit.text}" for hit in near).lower()
    if not texts:
        return tuple(plain[:2]) if len(plain) <= 2 else (plain[0],)
    length = len(plain)
    while length > 1 and " ".join(plain[:length]).lower() not in " ".join(texts.split()):
        length -= 1
    capital = list(takewhile(lambda word: word[0].isupper(), plain))
    if length == len(capital) < len(plain) and _names(plain[length : length + 1], near):
        length += 1  # "this California county": counties have names there
    return tuple(plain[:length])


def _end(question: str, found: Pointer, words: Sequence[str]) -> int:
    end = found.end
    for word in words:
        end = question.index(word, end) + len(word)
    return end


def _names(noun: Sequence[str], near: Sequence[Hit]) -> list[str]:
    """Proper names that end with the noun, the most frequent first; fewer than two are none."""
    head = " ".join(f"[{w[0].upper()}{w[0].lower()}]{re.escape(w[1:])}" for w in noun)
    name = re.compile(rf"((?:\b[A-Z][\w’'&-]*[ ]){{1,3}})({head})\b")
    count: Counter[str] = Counter()
    for hit in near[:_LOOKED_AT]:
        for text in (_title(hit), *hit.text.split("\n")):
            for before, last in name.findall(text):
                own = [word for word in before.split() if content_words(word)]
                count[" ".join([*own, last])] += bool(own)
    known = [full for full, times in count.most_common() if times]
    short = [full for full in known if not any(full.endswith(f" {other}") for other in known)]
    return short[:_MOST] if len(short) > 1 else []


def _headings(near: Sequence[Hit], words: Sequence[str]) -> list[str]:
    """Of the passages that have the words, or all passages when there are no words."""
    wanted = _all(words)
    heads = [
        re.sub(r"^[\d.]+\s+", "", hit.chunk.headings[-1])
        for hit in near
        if hit.chunk.headings and wanted <= stems(f"{' '.join(hit.chunk.headings)} {hit.text}")
    ]
    return [head for head in dict.fromkeys(heads) if 2 < len(head) <= _LONGEST][:_MOST]


def _titles(near: Sequence[Hit], most: int = _MOST) -> list[str]:
    return list(dict.fromkeys(map(_title, near)))[:most]


def _title(hit: Hit) -> str:
    """A document as people call it; passages of one title that were given are numbered."""
    name = re.sub(r" \(\d+\)$", "", hit.document.rsplit("/", 1)[-1])
    name = re.sub(r"\.\w{1,5}$", "", name).replace("_", " ")
    return readable(" ".join(name.split()))[:_LONGEST]


def _title_words(title: str) -> frozenset[str]:
    return stems(f"{title} {name_parts(title)}")


# -- what is said to it


def is_question_back(text: str) -> bool:
    """Was this said by `question_back`?"""
    return bool(_OPENINGS.match(text))


def is_reply(text: str) -> bool:
    """Said behind a question back: does it name what was meant, or ask something else?"""
    return not (_ASKS.match(text) and len(content_words(text)) > 1)
