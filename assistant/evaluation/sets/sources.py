"""Finds the library for the questions of a set, and maps its document names.

A library that is named; else, when passages come with each question, no other than these; else the
default library when it holds what the questions are about; else one that is made of the documents
beside the questions, below `<home>/evaluation`, and kept there for the next time.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from assistant.build import composition
from assistant.errors import BadQuestionSet
from assistant.evaluation.sets.folders import QuestionSet, passages_as_files
from assistant.evaluation.sets.question_sets import Question
from assistant.settings import Settings
from vectorstore.add_report import AddProgress
from vectorstore.library import Library

Show = Callable[[AddProgress], None]


@dataclass(frozen=True)
class QuestionSource:
    """A library with the document names of a question set."""

    library: Library
    questions: tuple[Question, ...]  # of the set
    cited: frozenset[str]  # the names that they use
    holds: frozenset[str]  # what is in the library, named so
    corpus: bool = False  # its documents are passages of a corpus

    def named(self, document: str) -> str:
        """The set's name of a document: with its folder, without, or by its id."""
        if document in self.cited:
            return document
        last = document.rpartition("/")[2]
        return last.removesuffix(".html") if self.corpus else last

    def missing(self, question: Question) -> frozenset[str]:
        """Documents of the question's evidence that the library lacks."""
        if question.passages is not None:
            return frozenset()
        return question.documents - self.holds

    def identity(self) -> dict[str, Any]:
        """The identity of the library, for comparing runs."""
        documents = self.library.documents()
        digests = "".join(sorted(info.sha256 for info in documents))
        return {
            "library": self.library.name,
            "documents": len(documents),
            "sha256": hashlib.sha256(digests.encode()).hexdigest()[:16],
            "embedder": self.library.embedder().identity,
        }


@contextmanager
def opened(
    questions: QuestionSet, settings: Settings, named: bool, show: Show, tell: Callable[[str], None]
) -> Iterator[QuestionSource]:
    """`named`: the library of the settings was asked for by name. `tell` hears what was not read.

    Raises BadQuestionSet when nothing is beside the questions and no library holds their documents.
    """
    if named or not _needs_own(questions, settings):
        with composition.library_to_read(settings) as library:
            yield source(library, questions)
        return
    with _own(questions, settings) as library:
        yield source(library, _filled(library, questions, show, tell), questions.corpus is not None)


def source(library: Library, questions: QuestionSet, corpus: bool = False) -> QuestionSource:
    """A library as a question set sees it."""
    cited = frozenset().union(*(question.documents for question in questions.questions))
    bare = QuestionSource(library, questions.questions, cited, frozenset(), corpus)
    return replace(bare, holds=frozenset(bare.named(i.document) for i in library.documents()))


def _needs_own(questions: QuestionSet, settings: Settings) -> bool:
    if all(question.passages is not None for question in questions.questions):
        return False
    cited, holds = _default(questions, settings)
    if cited and cited <= holds:
        return False
    if questions.corpus or questions.documents:
        return True
    if holds:  # some of the questions can be asked, or they cite nothing
        return False
    raise BadQuestionSet(
        f"The library {settings.library!r} is empty, and beside {questions.file} there are no "
        "documents. `pincite add PATH` adds some; `--library NAME` chooses another library."
    )


def _default(questions: QuestionSet, settings: Settings) -> tuple[frozenset[str], frozenset[str]]:
    """The default library, if it holds the cited documents."""
    if settings.library not in composition.libraries(settings):  # opening it would make it
        return frozenset(), frozenset()
    with composition.library_to_read(settings) as library:
        default = source(library, questions)
    return default.cited, default.holds


def _own(questions: QuestionSet, settings: Settings) -> Library:
    """The set's own library, named by the place of the set."""
    place = hashlib.sha256(str(questions.file.resolve().parent).encode()).hexdigest()[:8]
    folder = settings.home / "evaluation" / f"{questions.name}-{place}"
    return composition.library_in(settings, folder, questions.name)


def _filled(
    library: Library, questions: QuestionSet, show: Show, tell: Callable[[str], None]
) -> QuestionSet:
    """The source, after the library holds the files beside the questions."""
    if not questions.corpus:
        summary = library.add(questions.documents, show, prune=True)
        for failed in summary.failed:
            tell(failed.error)
        return questions
    paths, same = passages_as_files(questions.corpus, library.folder / "passages")
    if len(library.documents()) < len(paths):
        library.add(paths, show)
    return replace(questions, questions=tuple(_renamed(q, same) for q in questions.questions))


def _renamed(question: Question, same: Mapping[str, str]) -> Question:
    """With the ids of the passages that are kept of those that repeat."""
    places = tuple(
        replace(place, doc=same.get(place.doc, place.doc)) for place in question.evidence
    )
    return replace(question, evidence=places)
