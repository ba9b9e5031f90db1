"""Stage 1, retrieve: finds the best hits for the question of a request."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from assistant.contract.request import Request
from assistant.errors import ContextOverflow
from assistant.llm import prompts
from ingest.text.reflow import lists_contents
from vectorstore.embedding.embedder import is_multilingual
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import LOOKED_AT, Reader, Reranker, reranked, reread
from vectorstore.retrieval.search_query import SearchQuery

# -- The token budget: shares of the model's window for passages, conversation and answer

_MARGIN = 48  # tokens of the chat template


@dataclass(frozen=True)
class Budget:
    """Tokens of the model's window, and the shares of passages and answer."""

    window: int = 4096
    passages: int = 600
    answer: int = 400
    part: int = 300  # more for each further part of a question
    further: int = 900  # for passages that are read when the first ones are not enough


class Room:
    """The room in the window; `count` gives a text's tokens."""

    def __init__(self, budget: Budget, count: Callable[[str], int]) -> None:
        self._budget = budget
        self.count = count

    def holds(self, question: str) -> bool:
        """Whether enough passages fit beside a question."""
        return self._rest(question) >= self._least

    def check(self, question: str) -> None:
        """Raises ContextOverflow for a question that leaves too little room."""
        if not self.holds(question):
            raise self._overlong(question)

    def passages(self, question: str, parts: int = 1) -> int:
        """Tokens for the passages beside a question of so many parts. Raises ContextOverflow."""
        self.check(question)
        wanted = self._budget.passages + self._budget.part * (parts - 1)
        return min(wanted, self._rest(question))

    @property
    def further(self) -> int:
        """Tokens of the passages that are read on for."""
        return self._budget.further

    def left(self, messages: Iterable[str]) -> int:
        """Tokens that are left for more between the messages and the answer."""
        most = self._budget.window - self._budget.answer - _MARGIN
        return most - sum(map(self.count, messages))

    def fits(self, messages: Iterable[str]) -> bool:
        """Whether the answer fits after the messages."""
        return self.left(messages) >= 0

    @property
    def _least(self) -> int:
        return self._budget.passages // 2

    def _rest(self, question: str) -> int:
        taken = self.count(prompts.SYSTEM + prompts.UNSURE) + self.count(question)
        return self._budget.window - self._budget.answer - _MARGIN - taken

    def _overlong(self, question: str) -> ContextOverflow:
        tokens, rest = self.count(question), self._rest(question)
        return ContextOverflow(
            f"The question is {tokens:,} tokens long, and {tokens + rest - self._least:,} fit "
            "beside the passages. Shorten it, or raise PINCITE_CONTEXT_TOKENS."
        )


Odds = dict[str, float]  # of a chunk's id: log-odds that the passage answers the question
_HITS = 24  # hits that are considered to fill the budget
_BETTER = 0.1  # cosine gain from which a question builds on the one before


@dataclass(frozen=True)
class Retrieved:
    """The hits of a question."""

    request: Request
    question: str  # standalone: with the questions that it builds on
    hits: tuple[Hit, ...]  # best first
    odds: Odds = field(default_factory=dict)  # of the hits that the reader has read

    @property
    def follows_up(self) -> bool:
        return self.question != self.request.question


class Retriever:
    """Searches for the meaning of a question."""

    def __init__(
        self, room: Room, reranker: Reranker | None = None, reader: Reader | None = None
    ) -> None:
        """`reranker` decides about the order of hits, where there is one, and else `reader`."""
        self._room = room
        self._reranker = reranker
        self._reader = reader

    def retrieve(self, request: Request) -> Retrieved:
        """Search for a request. Raises ContextOverflow, LibraryError, and what the evidence
        raises."""
        query = _standalone(request)
        if not self._room.holds(query.text):  # earlier questions were long
            query = request.query.alone
            self._room.check(query.text)  # before seconds are spent on a search
        found = reranked(self._reranker, query.text, search(request, query))
        retrieved = Retrieved(request, query.text, tuple(_contents_last(found)))
        return _with_parts(self._read(retrieved, LOOKED_AT))

    def read_on(self, retrieved: Retrieved) -> Retrieved:
        """The same with the rest of the hits read by the reader, and ordered by what it says."""
        return self._read(retrieved, _HITS)

    def _read(self, retrieved: Retrieved, count: int) -> Retrieved:
        # The reader has learned to read English.
        if self._reader is None or is_multilingual(retrieved.request.evidence.embedder()):
            return retrieved
        read = [hit for hit in retrieved.hits if hit.chunk.id in retrieved.odds]
        left = [hit for hit in retrieved.hits if hit.chunk.id not in retrieved.odds]
        first, rest = left[:count], left[count:]
        odds = self._reader.odds(retrieved.question, first)
        known = {hit.chunk.id: one for hit, one in zip(first, odds, strict=True)}
        ordered = first if self._reranker else reread(first, odds)
        hits = (*read, *ordered, *rest)
        return replace(retrieved, hits=hits, odds=retrieved.odds | known)


def _with_parts(retrieved: Retrieved) -> Retrieved:
    """Of a question with several parts: the hits of each, in turns. The words of the first part
    are most of the whole question; the others are searched in the documents that this has found."""
    others = retrieved.request.query.parts[1:]
    if not others or not retrieved.hits:
        return retrieved
    request = retrieved.request
    documents = {hit.document for hit in retrieved.hits[:LOOKED_AT]}
    each = [
        _contents_last(request.evidence.passages(SearchQuery(part), LOOKED_AT, documents))
        for part in others
    ]
    turns = (hit for turn in zip_longest(retrieved.hits, *each) for hit in turn if hit)
    return replace(retrieved, hits=tuple({hit.chunk.id: hit for hit in turns}.values()))


def search(request: Request, query: SearchQuery) -> list[Hit]:
    """Search in the scope of the request."""
    return request.evidence.passages(query, _HITS, request.documents)


def _standalone(request: Request) -> SearchQuery:
    query = request.query
    # In a library the passages of the question before would always fit.
    if query.follows_up or not query.earlier or not request.given:
        return query.search
    better = _fit(request, query.joined) > _fit(request, query.alone) + _BETTER
    return query.joined if better else query.alone


def _fit(request: Request, query: SearchQuery) -> float:
    return max((hit.cosine for hit in search(request, query)), default=0.0)


def _contents_last(hits: Sequence[Hit]) -> list[Hit]:
    """Moves tables of contents to the end: they name everything and state nothing."""
    return sorted(hits, key=lambda hit: lists_contents(hit.text))
