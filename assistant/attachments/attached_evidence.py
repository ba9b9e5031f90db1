"""Attachments as evidence: the text on pictures, and a model's descriptions of them.

Descriptions help to understand a question, and are never cited: they are no evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from assistant.contract.evidence import GivenPassages, Joined
from assistant.contract.outcome import Outcome, Sentence
from assistant.contract.request import Request
from assistant.images.vision.image_facts import Seen
from ingest.document.model import Line, Page

CAME_WITH = ("your picture ", "your video ")  # as the names of what can be cited begin
_ABOUT = 40  # words of an attachment that are added to a search


@dataclass(frozen=True)
class Attached:
    """Attachments as pages, by their citable names."""

    pages: dict[str, Page]
    made_up: frozenset[str] = frozenset()  # names of pages that a model wrote

    @property
    def about(self) -> str:
        """Its first words."""
        words = " ".join(page.text for page in self.pages.values()).split()
        return " ".join(words[:_ABOUT])

    def alone(self, request: Request, question: str) -> Request:
        """The question, to be answered from the attachments alone."""
        given = GivenPassages.of(self.pages, request.evidence.embedder())
        return replace(
            request, question=question, evidence=given, history=(), documents=None, given=True,
            files=(), intent=None,
        )  # fmt: skip

    def add_to(self, request: Request) -> Request:
        """The request, to be answered from the library and the attachments."""
        given = GivenPassages.of(self.pages, request.evidence.embedder())
        return replace(
            request, evidence=Joined(request.evidence, given, self.about), files=(), clear=True
        )

    def uncited(self, outcome: Outcome) -> Outcome:
        """The outcome without citations of a model's words; sentences that rest on nothing else are
        marked as not supported."""
        kept = {c.mark: c for c in outcome.citations if c.document not in self.made_up}
        if len(kept) == len(outcome.citations):
            return outcome
        numbers = {mark: number for number, mark in enumerate(kept, start=1)}
        sentences = tuple(_with(sentence, numbers) for sentence in outcome.sentences)
        citations = tuple(replace(c, mark=numbers[c.mark]) for c in kept.values())
        return replace(outcome, sentences=sentences, citations=citations)


def attached(pictures: Sequence[Seen]) -> Attached:
    """Pictures as pages: the text on each, and its description."""
    pages: dict[str, Page] = {}
    made_up = []
    for seen in pictures:
        for page in seen.pages:
            if page.lines:
                pages[_free(f"{CAME_WITH[0]}{seen.name}", pages)] = replace(page, number=1)
        if seen.shows:
            name = _free(f"what your picture {seen.name} shows", pages)
            pages[name] = Page(1, 0, 0, (Line(seen.shows),))
            made_up.append(name)
    return Attached(pages, frozenset(made_up))


def _free(name: str, taken: dict[str, Page]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def _with(sentence: Sentence, numbers: dict[int, int]) -> Sentence:
    marks = tuple(numbers[mark] for mark in sentence.marks if mark in numbers)
    supported = sentence.supported and bool(marks)
    words = sentence.unstated if supported == sentence.supported else (sentence.text,)
    return replace(sentence, marks=marks, supported=supported, unstated=words)
