"""Asks for clarification of an unclear question, with the choices that its passages suggest."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from assistant.answering.suggestions import FORMAL
from assistant.contract.request import Pointer, plain, plain_stems
from ingest.document.source import readable
from ingest.language.words import content_words, name_parts, stems
from vectorstore.retrieval.fusion import Hit

# Words for one of many, which people use only when it is known which one.
_KINDS = frozenset(
    re.findall(
        r"\w+",
        """
country city state town village county animal plant person man woman actor actress author artist
singer movie film show series song album band novel game team player school university college
hospital museum church bridge river lake mountain island hotel restaurant store shop car vehicle
phone drug medicine disease loan product brand recipe festival event war battle park agency program
programme language planet species bird dog building station airport street office site branch
factory warehouse customer supplier contract project
""",
    )
)
_NEAR = 0.7  # share of the best cosine for other possible meanings
_MAIN = 0.5  # share of similar passages that makes them the topic of the question
_LOOKED_AT = 12  # of the best passages, for names
_MOST = 3  # choices
_LONGEST = 70  # letters of one
_WORD = re.compile(r"[\w’'-]+")
_ASKS = re.compile(
    r"\W*(?:(?:never mind|forget (?:it|that)|ok(?:ay)?|thanks?(?: you)?|please|well|hmm+|sorry|no"
    r"|actually)\b\W*)*(?:what|who|whose|when|where|which|why|how|is|are|was|were|do|does|did|can|could|may|should"
    r"|will|would|has|have|tell|list|show|give|explain)\b",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:Which .{1,80} do you mean|What do you mean by “\w+”"
    r"|What would you like to know about “\w+”)[^?]{0,400}+\?\Z"
)


@dataclass(frozen=True)
class Clarification:
    """A request for clarification, and the names of the choices."""

    text: str
    choices: tuple[str, ...] = ()


def question_back(
    question: str,
    said: str,
    found: Pointer,
    hits: Sequence[Hit],
    alone: bool = False,
    given: bool = False,
) -> Clarification | None:
    """None when the passages leave no doubt. `alone`: the question goes to one document, which may
    be meant. `given`: the passages were chosen for this question and are of no one library."""
    best = max((hit.cosine for hit in hits), default=0.0)
    near = [hit for hit in hits if hit.cosine >= _NEAR * best]
    if found.kind == "the":
        which = _which_document(question, said, found.words, near)
        return which or _which_of_a_kind(question, found, near, unnamed=bool(given and said))
    if found.kind == "bare":
        return _what_about(found.words[0], near)
    if alone:
        return None
    if found.kind == "this":
        return _which(found.words, near)
    word = question[found.start : found.end].strip()
    return Clarification(
        f"{_closest(_headings(near) or _titles(near))}What do you mean by “{word}”?"
    )


def _which(words: Sequence[str], near: Sequence[Hit]) -> Clarification | None:
    """ "Which office do you mean?" with the named offices of the passages."""
    noun = _known_noun(words, near)
    titles = _titles(near)
    if len({hit.document for hit in near}) == 1 and plain_stems(noun) <= _title_words(titles[0]):
        return None
    which = f"Which {' '.join(noun)} do you mean"
    names = _names(noun, near) or _names(noun[-1:], near)
    if names:
        return Clarification(f"{which}: {_joined(names, 'or')}?", tuple(names))
    return Clarification(f"{_closest(titles)}{which}?")


def _which_document(
    question: str, said: str, words: Sequence[str], near: Sequence[Hit]
) -> Clarification | None:
    """Asks when most hits are documents of that name, and no word distinguishes them."""
    noun = plain_stems(words)
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
    text = f"Which {' '.join(plain(words))} do you mean: {_joined(choices, 'or')}?"
    return Clarification(text, tuple(choices))


def _which_of_a_kind(
    question: str, found: Pointer, near: Sequence[Hit], unnamed: bool
) -> Clarification | None:
    """Asks about "the office" when several have names; `unnamed`: also when none has. In the
    library of one company the building needs no name, nor does it in a question that stands alone
    beside its passages."""
    noun = _known_noun(found.words, near)
    rest = question[: found.start] + question[found.end :]
    if len(noun) > 1 or noun[0] not in _KINDS or re.search(r"\d|\w\s+[A-Z]", rest):
        return None
    asked = _which(noun, near)
    return asked if asked and (unnamed or asked.choices) else None


def _what_about(word: str, near: Sequence[Hit]) -> Clarification | None:
    """The sections named by the word, or those that have it; a single section is no choice."""
    wanted = stems(word)
    heads = _headings([hit for hit in near if wanted <= stems(_all_of(hit))], len(near))
    choices = ([head for head in heads if wanted <= stems(head)] or heads)[:_MOST]
    if len(choices) < 2:
        return None
    text = f"What would you like to know about “{word}”: {_joined(choices, 'or')}?"
    return Clarification(text, tuple(choices))


def _closest(names: Sequence[str]) -> str:
    """A sentence that shows people what there is."""
    quoted = [f"“{name}”" for name in names]
    return f"The closest passages are in {_joined(quoted, 'and')}. " if quoted else ""


def _joined(names: Sequence[str], last: str) -> str:
    return f"{', '.join(names[:-1])} {last} {names[-1]}" if len(names) > 1 else names[0]


def _known_noun(words: Sequence[str], near: Sequence[Hit]) -> tuple[str, ...]:
    """The longest prefix that occurs in the passages: no list of words says where a noun ends."""
    known = plain(words)
    texts = f" {' '.join(_WORD.findall(' '.join(map(_all_of, near)).lower()))} "
    if not near:
        return known if len(known) <= 2 else known[:1]
    length = len(known)
    while length > 1 and f" {' '.join(known[:length]).lower()} " not in texts:
        length -= 1
    capital = list(takewhile(lambda word: word[0].isupper(), known))
    if length == len(capital) < len(known) and _names(known[length : length + 1], near, 1):
        length += 1  # "this California county": counties have names there
    return known[:length]


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
    """A document's name for people; given passages of one title are numbered."""
    name = re.sub(r" \(\d+\)$", "", hit.document.rsplit("/", 1)[-1])
    name = re.sub(r"\.\w{1,5}$", "", name).replace("_", " ")
    return readable(" ".join(name.split()))[:_LONGEST]


def _title_words(title: str) -> frozenset[str]:
    return stems(f"{title} {name_parts(title)}")


# -- what is said to it


def is_question_back(text: str) -> bool:
    """Whether a text is a request for clarification from `question_back`."""
    return bool(_ASKED.search(text))


def is_reply(text: str, asked: str) -> bool:
    """Whether a message answers a request for clarification, rather than asking something else."""
    return text in asked or not (_ASKS.match(text) and len(content_words(text)) > 1)
