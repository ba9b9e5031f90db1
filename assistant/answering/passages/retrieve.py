"""Stage 1, retrieve: finds the best hits for the question of a request."""

from collections.abc import Sequence
from dataclasses import dataclass

from assistant.answering.passages.budget import Room
from assistant.contract.request import Request
from ingest.text.reflow import lists_contents
from vectorstore.library import Hit
from vectorstore.retrieval.query import SearchQuery
from vectorstore.retrieval.reranker import Reranker, reranked

_HITS = 24  # hits that are considered to fill the budget
_BETTER = 0.1  # cosine gain from which a question builds on the one before


@dataclass(frozen=True)
class Retrieved:
    """The hits of a question."""

    request: Request
    question: str  # standalone: with the questions that it builds on
    hits: tuple[Hit, ...]  # best first

    @property
    def follows_up(self) -> bool:
        return self.question != self.request.question


class Retriever:
    """Searches for the meaning of a question."""

    def __init__(self, room: Room, reranker: Reranker | None = None) -> None:
        self._room = room
        self._reranker = reranker

    def retrieve(self, request: Request) -> Retrieved:
        """Search for a request. Raises LibraryError, and what the evidence raises."""
        query = _standalone(request)
        if not self._room.holds(query.text):  # earlier questions were long
            query = request.query.alone
        found = reranked(self._reranker, query.text, search(request, query))
        return Retrieved(request, query.text, tuple(_contents_last(found)))


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
