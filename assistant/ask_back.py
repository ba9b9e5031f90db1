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

from assistant.followup import NOBODY
from assistant.sentences import stems
from assistant.suggestions import FORMAL
from ingest.names import readable
from vectorstore.library import Hit
from vectorstore.words import content_words, name_parts

_AT = r"in|for|of|at|on|by|to|from|with|about|under"
_POINTING = re.compile(rf"\b(?:this|(?<=\b)(?:{_AT})\s+that)\s+", re.IGNORECASE)
_DEFINITE = re.compile(r"\bthe\s+(?=[a-z])")
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|their|he|she|him|her|his|this|these|those|that)\b", re.IGNORECASE
)
_CLAUSE = re.compile(r"[,.;:?!]|\s(?:and|when|if|where|because|that)\b", re.IGNORECASE)
_DESCRIBED = re.compile(rf"\s*(?:{_AT}|that|who|which|where|whose)\b", re.IGNORECASE)
_WORD = re.compile(r"\s*([\w’'-]+)")
_POSSESSIVE = re.compile(r"['’]s$")
# What is read, and times: "this report" is the one that is asked.
_KNOWN = stems(
    "document report paper slide deck table figure chart page handbook guide manual article book"
    " text file pdf section chapter list data question answer information topic"
    " conversation company firm organisation organization business year month week day"
    " time quarter moment way case point amount kind sort type number"
)
_NEAR = 0.7  # of the best cosine: what else a question may mean
_MAIN = 0.5  # share of these that are alike, so that it is what the question is about
_LOOKED_AT = 12  # of the best passages, for names
_MOST = 3  # choices
_LONGEST = 70  # letters of one
_ASKS = re.compile(
    r"\W*(?:what|who|whose|when|where|which|why|how|is|are|was|were|do|does|did|can|could|may|should"
    r"|will|would|has|have|tell|list|show|give|explain)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:Which .{1,80} do you mean|What do you mean by “\w+”"
    r"|What would you like to know about “\w+”)[^?]*\?\Z"
)


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
        if words[:1] == ("library",) or _CLAUSE.search(before):
            continue
        if words and not stems(" ".join(words)) & told:
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
    if not match or not few or NOBODY.search(question):
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


def _plain(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(_POSSESSIVE.sub("", word) for word in words)


def _all(words: Iterable[str]) -> frozenset[str]:
    return stems(" ".join(_plain(words)))


# -- what it may mean


@dataclass(frozen=True)
class Asked:
    """The question that goes back, and names of what it may mean."""

    text: str
    choices: tuple[str, ...] = ()


def question_back(
    question: str, said: str, found: Pointer, hits: Sequence[Hit], alone: bool = False
) -> Asked | None:
    """None when the passages leave no doubt; `alone`: one document is asked, which may be meant."""
    best = max((hit.cosine for hit in hits), default=0.0)
    near = [hit for hit in hits if hit.cosine >= _NEAR * best]
    if found.kind == "the":
        return _which_document(question, said, found.words, near)
    if found.kind == "bare":
        return _what_about(found.words[0], near)
    if alone:
        return None
    if found.kind == "this":
        return _which(found.words, near)
    word = question[found.start : found.end].strip()
    return Asked(f"{_closest(_headings(near) or _titles(near))}What do you mean by “{word}”?")


def _which(words: Sequence[str], near: Sequence[Hit]) -> Asked | None:
    """ "Which office do you mean?" with the offices of the passages, if they have names."""
    noun = _known_noun(words, near)
    titles = _titles(near)
    if len({hit.document for hit in near}) == 1 and _all(noun) <= _title_words(titles[0]):
        return None
    which = f"Which {' '.join(noun)} do you mean"
    names = _names(noun, near) or _names(noun[-1:], near)
    if names:
        return Asked(f"{which}: {_joined(names, 'or')}?", tuple(names))
    return Asked(f"{_closest(titles)}{which}?")


def _which_document(
    question: str, said: str, words: Sequence[str], near: Sequence[Hit]
) -> Asked | None:
    """When most of what fits are documents of that name, and no word tells which is meant."""
    noun = _all(words)
    named = [title for title in _titles(near, len(near)) if noun <= _title_words(title)]
    if len(named) < 2 or _title(near[0]) not in named:
        return None
    own = [_title_words(title) - noun for title in named]
    apart = [words - frozenset.intersection(*own) for words in own]
    told = stems(f"{question} {said}")
    most = sum(_title(hit) in named for hit in near) >= _MAIN * len(near)
    if not most or not all(apart) or any(words & told for words in apart):
        return None
    choices = named[:_MOST]
    text = f"Which {' '.join(_plain(words))} do you mean: {_joined(choices, 'or')}?"
    return Asked(text, tuple(choices))


def _what_about(word: str, near: Sequence[Hit]) -> Asked | None:
    """The sections that are named by the word, or those that have it; a single one is meant."""
    wanted = stems(word)
    heads = _headings([hit for hit in near if wanted <= stems(_all_of(hit))], len(near))
    choices = ([head for head in heads if wanted <= stems(head)] or heads)[:_MOST]
    if len(choices) < 2:
        return None
    text = f"What would you like to know about “{word}”: {_joined(choices, 'or')}?"
    return Asked(text, tuple(choices))


def _closest(names: Sequence[str]) -> str:
    """A sentence, for a person to see what there is."""
    quoted = [f"“{name}”" for name in names]
    return f"The closest passages are in {_joined(quoted, 'and')}. " if quoted else ""


def _joined(names: Sequence[str], last: str) -> str:
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else names[0]


def _known_noun(words: Sequence[str], near: Sequence[Hit]) -> tuple[str, ...]:
    """The longest beginning that the passages have: where a noun ends, no list of words tells."""
    plain = _plain(words)
    texts = f" {' '.join(_WORD.findall(' '.join(map(_all_of, near)).lower()))} "
    if not near:
        return plain if len(plain) <= 2 else plain[:1]
    length = len(plain)
    while length > 1 and f" {' '.join(plain[:length]).lower()} " not in texts:
        length -= 1
    capital = list(takewhile(lambda word: word[0].isupper(), plain))
    if length == len(capital) < len(plain) and _names(plain[length : length + 1], near, 1):
        length += 1  # "this California county": counties have names there
    return plain[:length]


def _names(noun: Sequence[str], near: Sequence[Hit], least: int = 2) -> list[str]:
    """Proper names that end with the noun, the most frequent first; fewer than `least` are none.

    "Ghent Office" anywhere, "Ghent office" behind other words: a verb may begin a line.
    """
    small, large = (" ".join(map(re.escape, form)) for form in (noun, map(str.capitalize, noun)))
    before = r"((?:\b[A-Z][\w&-]*[ ]){1,3})"
    name = re.compile(rf"{before}({large})\b|(?<=[\w,] ){before}({small})\b")
    count: Counter[str] = Counter()
    for hit in near[:_LOOKED_AT]:
        for text in (_title(hit), *hit.text.split("\n")):
            for one, last, other, end in name.findall(text):
                own = [word for word in (one or other).split() if content_words(word)]
                count[" ".join([*own, last or end])] += bool(own)
    known = [full for full, times in count.most_common() if times]
    short = [one for one in known if not any(one != o and one.endswith(o) for o in known)]
    return short[:_MOST] if len(short) >= least else []


def _headings(near: Sequence[Hit], most: int = _MOST) -> list[str]:
    """The sections that the passages stand in."""
    heads = [re.sub(r"^[\d.]+\s+", "", h.chunk.headings[-1]) for h in near if h.chunk.headings]
    telling = [head for head in heads if 2 < len(head) <= _LONGEST and not FORMAL.search(head)]
    return list(dict.fromkeys(telling))[:most]


def _all_of(hit: Hit) -> str:
    return f"{_title(hit)} {' '.join(hit.chunk.headings)} {hit.text}"


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
    return bool(_ASKED.search(text))


def is_reply(text: str, asked: str) -> bool:
    """Said behind a question back: does it name what was meant, or ask something else?"""
    return text in asked or not (_ASKS.match(text) and len(content_words(text)) > 1)
