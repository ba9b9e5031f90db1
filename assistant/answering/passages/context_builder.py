"""Decides what is read for a question: passages within the budget, and the turns it builds on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from langchain_core.messages import BaseMessage

from assistant.answering.passages import window_builder
from assistant.answering.passages.window_builder import Window
from assistant.answering.query import followups
from assistant.contract.outcome import Passage
from assistant.contract.request import Request, Turn
from assistant.errors import ContextOverflow
from assistant.llm import prompts
from ingest.text.reflow import lists_contents
from vectorstore.library import Hit
from vectorstore.retrieval.reranker import Reranker, reranked

_HITS = 24  # looked at to fill the budget
_BETTER = 0.1  # cosine by which a question fits better with the one before: it builds on that
_MARGIN = 48  # tokens of the chat template


@dataclass(frozen=True)
class Budget:
    """Tokens: the model's window, and of it what passages and the answer may take."""

    window: int = 4096
    passages: int = 600
    answer: int = 400


@dataclass(frozen=True)
class Reading:
    """What is read for a question."""

    meant: str  # the question, with those before it that it builds on
    windows: tuple[Window, ...]
    before: tuple[Turn, ...] = ()  # turns that stay in front of it
    earlier: tuple[Window, ...] = ()  # what was read for them
    closest: Passage | None = None  # what fits a follow-up best, whichever turn has read it
    hits: tuple[Hit, ...] = ()  # all that was found, also what was not read

    @property
    def passages(self) -> tuple[Passage, ...]:
        """What is shown to people, and to the model."""
        return tuple(window.passage for window in self.windows)

    def messages(self, question: str, instruction: str = prompts.ANSWER) -> list[BaseMessage]:
        """Passages first, so that the next question about them finds them in the model's cache."""
        if not self.before:
            return prompts.first_turn(self.passages, self.meant, instruction)
        first, *rest = self.before
        messages = prompts.first_turn(first.passages, first.question, prompts.ANSWER)
        answer, read = first.answer, list(first.passages)
        for turn in rest:
            more = _unread(turn.passages, read)
            messages = prompts.next_turn(messages, answer, more, turn.question, prompts.ANSWER)
            answer, read = turn.answer, read + more
        new = _closest_last(_unread(self.passages, read), self.closest)
        return prompts.next_turn(messages, answer, new, question, instruction)


class Reader:
    """Reads within a budget; `count` gives a text's tokens."""

    def __init__(
        self, budget: Budget, count: Callable[[str], int], reranker: Reranker | None = None
    ) -> None:
        self._budget = budget
        self._count = count
        self._reranker = reranker

    def read(self, request: Request) -> Reading:
        """Search for what the question means, and keep what was read if it builds on that.

        Raises ContextOverflow.
        """
        meant = _meant(request)
        continues = meant != request.question
        if self._rest(meant) < self._least:  # earlier questions were long
            meant, continues = request.question, False
        rest = self._rest(meant)
        if rest < self._least:
            raise self._overlong(meant, rest)
        room = min(self._budget.passages, rest)
        found = request.evidence.passages(meant, _HITS, request.documents)
        hits = _contents_last(reranked(self._reranker, meant, found))
        windows = tuple(window_builder.windows(hits, request.evidence, room, self._count))
        reading = Reading(meant, windows, hits=tuple(hits))
        return self._continued(request, reading, hits) if continues else reading

    @property
    def _least(self) -> int:
        return self._budget.passages // 2

    def _rest(self, question: str) -> int:
        """Tokens that the window has for passages beside a question."""
        taken = self._count(prompts.SYSTEM + prompts.UNSURE) + self._count(question)
        return self._budget.window - self._budget.answer - _MARGIN - taken

    def _overlong(self, question: str, rest: int) -> ContextOverflow:
        tokens = self._count(question)
        return ContextOverflow(
            f"The question is {tokens:,} tokens long, and {tokens + rest - self._least:,} fit "
            "beside the passages. Shorten it, or raise PINCITE_CONTEXT_TOKENS."
        )

    def _continued(self, request: Request, reading: Reading, hits: Sequence[Hit]) -> Reading:
        """With the turns that the question builds on, if all of it is still there and fits."""
        before = tuple(t for t in _chain(request.history) if t.answer and not t.refused)
        passages = [passage for turn in before for passage in turn.passages]
        earlier = [window_builder.window_of(passage, request.evidence) for passage in passages]
        windows = tuple(window for window in earlier if window)
        scope = request.documents
        in_scope = scope is None or all(window.document in scope for window in windows)
        if not before or len(windows) < len(passages) or not in_scope:
            return reading
        closest = _closest(request, hits, reading.windows + windows)
        full = replace(reading, before=before, earlier=windows, closest=closest)
        most = self._budget.window - self._budget.answer - _MARGIN
        fits = sum(self._count(str(m.content)) for m in full.messages(request.question)) <= most
        return full if fits else reading


def _meant(request: Request) -> str:
    """The question, with those before it that it builds on."""
    question, earlier = request.question, [turn.question for turn in request.history]
    if not earlier or followups.needs_history(question):
        return followups.search_query(question, earlier)
    if not request.given:  # in a library the passages of the question before would always fit
        return question
    joined = f"{followups.search_query(earlier[-1], earlier[:-1])} {question}"
    return joined if _fit(request, joined) > _fit(request, question) + _BETTER else question


def _fit(request: Request, query: str) -> float:
    found = request.evidence.passages(query, _HITS, request.documents)
    return max((hit.cosine for hit in found), default=0.0)


def _chain(history: Sequence[Turn]) -> list[Turn]:
    """The last turns up to the one that stands on its own, oldest first."""
    chain: list[Turn] = []
    for turn in reversed(history):
        chain.insert(0, turn)
        if not followups.needs_history(turn.question):
            break
    return chain


def _contents_last(hits: Sequence[Hit]) -> list[Hit]:
    """A table of contents names everything and says nothing."""
    return sorted(hits, key=lambda hit: lists_contents(hit.text))


def _closest(request: Request, hits: Sequence[Hit], windows: Sequence[Window]) -> Passage | None:
    """Of what was read, what fits both the follow-up and the questions that it builds on."""
    found = request.evidence.passages(request.question, _HITS, request.documents)
    alone = {hit.chunk.id: hit.score for hit in found}
    read = [hit for hit in hits if any(window.holds(hit) for window in windows)]
    if not read:
        return None
    best = max(read, key=lambda hit: hit.score + alone.get(hit.chunk.id, 0.0))
    return window_builder.window_at(best, request.evidence).passage


def _unread(passages: Sequence[Passage], read: Sequence[Passage]) -> list[Passage]:
    return [passage for passage in passages if not any(_is_part(passage, of=old) for old in read)]


def _closest_last(new: list[Passage], closest: Passage | None) -> list[Passage]:
    """What is new must not hide what fits better: a small model answers from what it read last."""
    if closest is None or not new:
        return new
    holding = [passage for passage in new if _is_part(closest, of=passage)]
    return [passage for passage in new if passage not in holding] + (holding or [closest])


def _is_part(passage: Passage, of: Passage) -> bool:
    same = passage.document == of.document and passage.page == of.page
    return same and passage.text in of.text
