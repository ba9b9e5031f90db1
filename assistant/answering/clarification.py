"""Asks for clarification of an unclear question, with the choices that its passages suggest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from assistant.contract.request import Pointer
from ingest.document.source import readable
from ingest.language.sentences import split
from ingest.language.words import name_parts, stems
from vectorstore.retrieval.fusion import Hit

_NEAR = 0.7  # share of the best cosine for other possible meanings
_MAIN = 0.5  # share of similar passages that makes them the topic of the question
_MOST = 3  # choices
_LONGEST = 70  # letters of one
_ASKED = re.compile(r"\b(?:Which .{1,80} do you mean|What do you mean by “\w+”)[^?]{0,400}+\?\Z")


@dataclass(frozen=True)
class Clarification:
    """A request for clarification, and the names of the choices."""

    text: str
    choices: tuple[str, ...] = ()


def question_back(
    question: str, said: str, found: Pointer, hits: Sequence[Hit]
) -> Clarification | None:
    """None when the passages leave no doubt. `said` is the earlier conversation."""
    best = max((hit.cosine for hit in hits), default=0.0)
    near = [hit for hit in hits if hit.cosine >= _NEAR * best]
    if found.kind == "the":
        return _which_document(f"{question} {said}", " ".join(found.words), near)
    return Clarification(f"What do you mean by “{found.words[0]}”?")


def _which_document(said: str, noun: str, near: Sequence[Hit]) -> Clarification | None:
    """Asks when most hits are documents of that name, and no word that was said distinguishes
    them."""
    titles = dict.fromkeys(map(_title, near))
    named = [title for title in titles if stems(noun) <= _title_words(title)]
    if len(named) < 2 or _title(near[0]) not in named:
        return None
    own = [_title_words(title) for title in named]
    apart = [words - frozenset.intersection(*own) for words in own]
    most = sum(_title(hit) in named for hit in near) >= _MAIN * len(near)
    if not most or not all(apart) or any(words & stems(said) for words in apart):
        return None
    *others, last = choices = tuple(named[:_MOST])
    return Clarification(f"Which {noun} do you mean: {', '.join(others)} or {last}?", choices)


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
    """Whether a message answers a request for clarification, rather than asking something else: it
    is one of the choices, or a single sentence that is no question."""
    return text in asked or (len(split(text)) < 2 and not text.rstrip().endswith("?"))
