"""Makes starter questions from headings of the documents, without a model."""

import re
from collections.abc import Mapping, Sequence
from itertools import zip_longest

_NUMBER = re.compile(r"^(?:\d+(?:\.\d+)*\.?|[A-Z]\.|Part \w+:?|Section \d+:?)\s+")
FORMAL = re.compile(
    r"\b(?:contents|introduction|appendix|index|references|revision|history|version|page|table"
    r"|figure|overview|summary|about this|foreword|preface|signature|copyright"
    r"|why|how|what|who|when|where|this|these|we|our)\b",
    re.IGNORECASE,
)


def suggest(headings: Mapping[str, Sequence[str]], limit: int, seed: int = 0) -> list[str]:
    """At most `limit` questions, from as many documents as possible."""
    by_document = [
        [question(title, document) for title in _spread(telling_titles(titles), seed)]
        for document, titles in headings.items()
    ]
    rounds = zip_longest(*by_document)
    return list(dict.fromkeys(q for turn in rounds for q in turn if q))[:limit]


def telling_titles(titles: Sequence[str]) -> list[str]:
    """Those that say what stands below them, each once and without its number."""
    plain = [_NUMBER.sub("", " ".join(title.split())) for title in titles]
    return [
        title
        for title in dict.fromkeys(plain)
        if 2 <= len(title.split()) <= 6
        and not FORMAL.search(title)
        and not re.search(r"\d|[:;,.!?]$", title)
    ]


def _spread(titles: list[str], seed: int) -> list[str]:
    """A few headings, spread over the whole document."""
    if not titles:
        return []
    step = max(len(titles) // 4, 1)
    start = seed % step
    return titles[start::step]


def question(title: str, document: str) -> str:
    """What a document says about what a heading names."""
    stem = document.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("_", " ")
    subject = title if title.isupper() or title[:2].isupper() else title[0].lower() + title[1:]
    subject = subject.lower() if subject.isupper() and len(subject) > 5 else subject
    return f"What does the {stem} say about {subject}?"
