"""Drafts questions from a library's own passages, which a person keeps or drops, or which are
offered to be asked.

Of a passage the chat model writes a question with the answer copied from it, and the same question
in other words. Code checks what can be checked; the rest is for the person to say.
"""

import hashlib
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from assistant.answering.write import Stream
from assistant.conversation.assistant import Assistant
from assistant.conversation.suggestions import TRIED, Offered, is_tried, offer, offered
from assistant.evaluation.metrics import EvidencePage, Question, contains, words
from assistant.i18n.translation import _
from assistant.llm import prompts
from ingest.document.model import Page
from ingest.language.quantities import find_quantities
from ingest.language.sentences import numbers
from ingest.language.words import stems
from vectorstore.library import Library

if TYPE_CHECKING:
    from assistant.llm.chat_model import ChatModel

AGAIN = (
    "Ask the following question in other words, as another person would, with the same meaning. "
    "Write only the question.\n\n{question}"
)

_WORDS = 120  # of a passage
_LEAST = 40  # words of a passage that is worth a question
_LONGEST = 20  # words of an answer
_TRIES = 4  # passages tried for each question
_ABOUT_ITSELF = re.compile(r"\b(?:passage|text|document|author|excerpt|above)\b", re.IGNORECASE)
_QUESTION = re.compile(r"question:\s*(.+)", re.IGNORECASE)
_ANSWER = re.compile(r"answer:\s*(.+)", re.IGNORECASE)


@dataclass(frozen=True)
class DraftingPassage:
    """Some lines of a page, to draft from."""

    document: str
    page: int
    text: str


@dataclass
class Drafting:
    """Drafts questions about a library; its assistant checks whether they can be answered."""

    library: Library
    assistant: Assistant
    model: "ChatModel"
    show: Callable[[int, int], None] = lambda done, total: None
    cancel: threading.Event | None = None

    def drafts(self, number: int, seed: int = 0) -> Iterator[Question]:
        """Questions from so many passages, each with its variants; fewer when few passages give a
        good one."""
        done = 0
        for passage in passages(self.library, number * _TRIES, seed):
            if done == number or (self.cancel and self.cancel.is_set()):
                return
            self.show(done, number)
            if (first := self._question(passage)) is not None:
                done += 1
                yield first
                again = _line(self._write([("user", AGAIN.format(question=first.question))]))
                if well_asked(again) and same_meaning(again, first.question):
                    yield replace(first, id=_draft_id(again), question=again)
        self.show(done, number)

    def _question(self, passage: DraftingPassage) -> Question | None:
        said = self._write(prompts.drafting(passage.document, passage.text))
        question, answer = drafted(said, passage)
        given = [(passage.document, passage.text)]
        if not question or self.assistant.ask_given(question, given).finish().refused:
            return None  # the passage alone does not answer it
        place = EvidencePage(passage.document, passage.page)
        return Question(_draft_id(question), question, (answer,), True, (place,), state="draft")

    def _write(self, prompt: Sequence[Any]) -> str:
        return str(self.model.invoke(prompt).content).strip()


# -- Questions that are offered to be asked: written while nobody asks, and kept only if the library
# answers them

_EACH = 3  # questions of a document
_TOKENS = 80  # of a question with its answer
_LOOK_AGAIN = 0.2  # seconds


def write_offers(
    library: Library, assistant: Assistant, model: "ChatModel", names: Sequence[str],
    busy: threading.Event,
) -> None:  # fmt: skip
    """Write those that the named documents lack; each is kept at once, and a document is tried once
    while it has the same bytes. What is being written is dropped as soon as `busy` is set, and
    tried again later. Raises what searching raises."""
    there = {info.document: info for info in library.documents()}
    for name in filter(there.__contains__, names):
        if is_tried(library, name):
            continue
        has = {one.question for one in offered(library) if one.document == name}
        found, most = _passages_of(library, name), 2 * _EACH
        for passage in found[:: max(len(found) // most, 1)][:most]:  # of the whole document
            if len(has) < _EACH and (text := _offer(assistant, model, passage, busy)):
                offer(library, [Offered(name, there[name].sha256, text)])
                has.add(text)
        offer(library, [Offered(name, there[name].sha256, TRIED)])


def _offer(
    assistant: Assistant, model: "ChatModel", passage: DraftingPassage, busy: threading.Event
) -> str:
    messages = prompts.drafting(passage.document, passage.text)
    while True:
        while busy.is_set():
            time.sleep(_LOOK_AGAIN)
        said = "".join(Stream(model, messages, _TOKENS, busy))
        if not busy.is_set():
            break
    question, _answer = drafted(said, passage)
    return question if question and assistant.is_answerable(question) else ""


def drafted(said: str, passage: DraftingPassage) -> tuple[str, str]:
    """The question and the answer that a model has written; empty where they are no good."""
    question, answer = _extract(_QUESTION, said), _extract(_ANSWER, said).rstrip(".")
    good = well_asked(question) and stands_in(answer, passage.text)
    return (question, answer) if good else ("", "")


def passages(library: Library, number: int, seed: int) -> Iterator[DraftingPassage]:
    """Passages from each document in turn, the same for a seed."""
    pick = random.Random(seed)
    names = [info.document for info in library.documents() if not info.superseded_by]
    pick.shuffle(names)
    of_each = [
        pick.sample(found, len(found)) for name in names if (found := _passages_of(library, name))
    ]
    turn = 0
    while number and any(of_each):
        if stock := of_each[turn % len(of_each)]:
            number -= 1
            yield stock.pop()
        turn += 1


def _passages_of(library: Library, document: str) -> list[DraftingPassage]:
    """All its stretches that are long enough."""
    return [
        DraftingPassage(document, page.number, text)
        for page in library.pages(document)
        for text in _stretches(page)
        if len(words(text)) >= _LEAST
    ]


def _stretches(page: Page) -> Iterator[str]:
    lines: list[str] = []
    for line in page.lines:
        lines.append(line.text)
        if sum(len(words(text)) for text in lines) >= _WORDS:
            yield "\n".join(lines)
            lines = []
    yield "\n".join(lines)


# -- what is checked


def well_asked(question: str) -> bool:
    """Whether a question can be understood without the passage."""
    enough = 4 <= len(words(question)) <= 40
    return enough and question.endswith("?") and not _ABOUT_ITSELF.search(question)


def stands_in(answer: str, passage: str) -> bool:
    """Whether the answer was copied: in order, or all its numbers and most of its words."""
    if not answer or len(words(answer)) > _LONGEST:
        return False
    if contains(passage, answer):
        return True
    wanted, known = stems(answer), stems(passage)
    copied = len(wanted & known) >= 0.8 * len(wanted)
    return bool(wanted) and copied and numbers(answer) <= numbers(passage)


def same_meaning(again: str, question: str) -> bool:
    """Whether two questions seem to mean the same: the same numbers, and some common words."""
    one, other = words(again), words(question)
    mine, theirs = ([n.amount or n.digits for n in find_quantities(t)] for t in (again, question))
    return one != other and mine == theirs and bool(stems(again) & stems(question))


def _extract(pattern: re.Pattern[str], said: str) -> str:
    match = pattern.search(said)
    return match[1].strip().strip('"“”') if match else ""


def _line(said: str) -> str:
    """The first line, without a model's usual introduction."""
    first = next(iter(said.splitlines()), "")
    return re.sub(r"^(?:question:|[-*\d.]+\s)\s*", "", first, flags=re.IGNORECASE).strip('"“” ')


def _draft_id(question: str) -> str:
    return f"own-{hashlib.sha256(question.encode()).hexdigest()[:10]}"


def describe_draft(question: Question) -> Sequence[str]:
    """What a person needs to judge a draft: the answer and its place."""
    if not question.answerable:
        return [_("The documents should not answer it.")]
    places = (
        _("{document}, page {page}", document=place.doc, page=place.page)
        for place in question.evidence
    )
    return [*question.answers, *places]
