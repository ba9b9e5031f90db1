"""Makes learning examples from a user's questions and thumbs."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from assistant.evaluation.sets.question_sets import Question
from assistant.feedback.ratings import Feedback, Opened, Rating
from vectorstore.retrieval.fusion import Place

OPENED = 0.3  # of an example: a page that was only opened may have been opened in vain
NEWEST = 500  # examples: more take minutes


@dataclass(frozen=True)
class Example:
    """A question, and the pages with its answer."""

    question: str
    pages: frozenset[Place]
    weight: float = 1.0
    sure: bool = True  # confirmed by a person; pages that were only opened serve for learning alone

    group: str = ""  # the same for a question in other words


def examples(feedback: Feedback, holds: Collection[str]) -> list[Example]:
    """The newest; each question once. `holds`: the documents of the library."""
    ratings, opened = feedback.ratings(), feedback.opened()
    found = [*_own(feedback.mine.of("kept")), *_thumbs(ratings), *_from_opened(opened, ratings)]
    once = {_words(example.question): example for example in reversed(found)}  # the first counts
    known = [replace(e, pages=_within(e.pages, holds)) for e in reversed(once.values())]
    return [example for example in known if example.pages][-NEWEST:]


def _own(questions: Iterable[Question]) -> Iterator[Example]:
    for question in questions:
        pages = frozenset((p.doc, p.page) for p in question.evidence if p.page is not None)
        if question.answerable and not question.history and question.passages is None:
            yield Example(question.question, pages, group=repr((question.answers, sorted(pages))))


def _thumbs(ratings: Iterable[Rating]) -> Iterator[Example]:
    """Examples from thumbs up; a thumb down gives none, because the right page is unknown."""
    for rating in ratings:
        if rating.good and rating.alone and not rating.refused:
            group = _words(rating.question)
            yield Example(rating.question, frozenset(rating.pages), group=group)


def _from_opened(opened: Iterable[Opened], ratings: Iterable[Rating]) -> Iterator[Example]:
    """Examples from opened pages, unless the answer was rated down."""
    wrong = {rating.answer for rating in ratings if not rating.good}
    for one in opened:
        if one.alone and one.answer not in wrong:
            group = _words(one.question)
            yield Example(one.question, frozenset(one.pages), OPENED, False, group)


def _within(pages: Iterable[Place], holds: Collection[str]) -> frozenset[Place]:
    return frozenset(page for page in pages if page[0] in holds)


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
