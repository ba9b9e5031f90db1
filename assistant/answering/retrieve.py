"""Stages 1 and 2, retrieve and pack: the passages and turns that are read for a question."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest

from langchain_core.messages import BaseMessage

from assistant.answering.window import Window, next_windows, widened, window_at, window_of
from assistant.contract.facts import Facts, Found, Passage, ReadPassage, Understood
from assistant.contract.request import Request, Turn
from assistant.errors import ContextOverflow
from assistant.llm import prompts
from ingest.language.words import stems, telling_words
from ingest.text.reflow import lists_contents
from vectorstore.embedding.embedder import Embedder, is_multilingual
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


@dataclass(frozen=True)
class Context:
    """The passages and turns that are read for a question."""

    request: Request
    question: str  # standalone: with the questions that it builds on
    windows: tuple[Window, ...] = ()
    hits: tuple[Hit, ...] = ()  # best first; also those that are not read
    odds: Odds = field(default_factory=dict)  # of the hits that the reader has read
    before: tuple[Turn, ...] = ()  # earlier turns in the prompt
    earlier: tuple[Window, ...] = ()  # passages of those turns
    closest: Passage | None = None  # the best passages for a follow-up, from any turn

    @property
    def follows_up(self) -> bool:
        """Whether the question builds on those before it."""
        return self.question != self.request.question

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of that question, without words that tell nothing."""
        return stems(telling_words(self.question))

    @property
    def embedder(self) -> Embedder:
        """By which passages and sentences are found."""
        return self.request.evidence.embedder()

    @property
    def reader_odds(self) -> float | None:
        """Of the passage in it that answers the question best; None when the reader has read
        none of them."""
        read = [hit for hit in self.hits if any(window.holds(hit) for window in self.windows)]
        known = (self.odds[hit.chunk.id] for hit in read if hit.chunk.id in self.odds)
        return max(known, default=None)

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The passages that people and the model see."""
        return tuple(window.passage for window in self.windows)

    def messages(self, instruction: str = prompts.ANSWER) -> list[BaseMessage]:
        """The prompt: passages first, so that a follow-up finds them in the model's cache."""
        if not self.before:
            return prompts.first_turn(self.passages, self.question, instruction)
        first, *rest = self.before
        messages = prompts.first_turn(
            first.passages, first.question, prompts.answering(first.question, sure=True)
        )
        answer, read = first.answer, list(first.passages)
        for turn in rest:
            more = _unread(turn.passages, read)
            messages = prompts.next_turn(
                messages, answer, more, turn.question, prompts.answering(turn.question, sure=True)
            )
            answer, read = turn.answer, read + more
        new = _closest_last(_unread(self.passages, read), self.closest)
        return prompts.next_turn(messages, answer, new, self.request.question, instruction)


# -- Searches for the meaning of a question, and widens what is found until the budget is full

_HITS = 24  # hits that are considered to fill the budget
_BETTER = 0.1  # cosine gain from which a question builds on the one before


class Retriever:
    """Finds and packs what is read for a question."""

    def __init__(
        self, room: Room, reranker: Reranker | None = None, reader: Reader | None = None
    ) -> None:
        """`reranker` decides about the order of hits, where there is one, and else `reader`."""
        self._room = room
        self._reranker = reranker
        self._reader = reader

    def retrieve(self, request: Request) -> Context:
        """What is read for a request. Raises ContextOverflow when the question leaves no room for
        passages, LibraryError, and what the evidence raises."""
        query = _standalone(request)
        if not self._room.holds(query.text):  # earlier questions were long
            query = request.query.alone
            self._room.check(query.text)  # before seconds are spent on a search
        found = _contents_last(reranked(self._reranker, query.text, _search(request, query)))
        context = self._looked_at(Context(request, query.text, hits=tuple(found)), LOOKED_AT)
        hits = _with_parts(request, context.hits)
        size = self._room.passages(context.question, len(request.query.parts))
        windows = widened(hits, request.evidence, size, self._room.count)
        context = replace(context, hits=tuple(hits), windows=tuple(windows))
        return self._continued(context) if context.follows_up else context

    def read_on(self, context: Context) -> Context | None:
        """The context with the next passages behind those that were read, so that a model reads
        only what is new; None when there are no more, or no room for them. The reader has read the
        rest of the hits then, and ordered them."""
        context = self._looked_at(context, _HITS)
        texts = [str(message.content) for message in context.messages(prompts.UNSURE)]
        size = min(self._room.left(texts), self._room.further)
        evidence = context.request.evidence
        more = next_windows(context.hits, context.windows, evidence, size, self._room.count)
        return replace(context, windows=(*context.windows, *more)) if more else None

    def _looked_at(self, context: Context, count: int) -> Context:
        """With so many more of the hits read by the reader."""
        # The reader has learned to read English.
        if self._reader is None or is_multilingual(context.embedder):
            return context
        read = [hit for hit in context.hits if hit.chunk.id in context.odds]
        left = [hit for hit in context.hits if hit.chunk.id not in context.odds]
        first, rest = left[:count], left[count:]
        odds = self._reader.odds(context.question, first)
        known = {hit.chunk.id: one for hit, one in zip(first, odds, strict=True)}
        ordered = first if self._reranker else reread(first, odds)
        return replace(context, hits=(*read, *ordered, *rest), odds=context.odds | known)

    def _continued(self, context: Context) -> Context:
        """The context with earlier turns, if all their passages still exist and fit."""
        request = context.request
        before = tuple(t for t in _built_on(request) if t.answer and not t.refused)
        passages = [passage for turn in before for passage in turn.passages]
        earlier = [window_of(passage, request.evidence) for passage in passages]
        windows = tuple(window for window in earlier if window)
        scope = request.documents
        in_scope = scope is None or all(window.document in scope for window in windows)
        if not before or len(windows) < len(passages) or not in_scope:
            return context
        closest = _closest(request, context.hits, context.windows + windows)
        full = replace(context, before=before, earlier=windows, closest=closest)
        texts = [str(message.content) for message in full.messages()]
        return full if self._room.fits(texts) else context


def _search(request: Request, query: SearchQuery) -> list[Hit]:
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
    return max((hit.cosine for hit in _search(request, query)), default=0.0)


def _with_parts(request: Request, hits: Sequence[Hit]) -> Sequence[Hit]:
    """Of a question with several parts: the hits of each, in turns. The words of the first part
    are most of the whole question; the others are searched in the documents that this has found."""
    others = request.query.parts[1:]
    if not others or not hits:
        return hits
    documents = {hit.document for hit in hits[:LOOKED_AT]}
    each = [
        _contents_last(request.evidence.passages(SearchQuery(part), LOOKED_AT, documents))
        for part in others
    ]
    turns = (hit for turn in zip_longest(hits, *each) for hit in turn if hit)
    return list({hit.chunk.id: hit for hit in turns}.values())


def _contents_last(hits: Sequence[Hit]) -> list[Hit]:
    """Moves tables of contents to the end: they name everything and state nothing."""
    return sorted(hits, key=lambda hit: lists_contents(hit.text))


def _built_on(request: Request) -> Sequence[Turn]:
    """The last turns, starting with the one that stands alone, oldest first."""
    before = request.query.before
    return request.history[-len(before.chain) :] if before else ()


def _closest(request: Request, hits: Sequence[Hit], windows: Sequence[Window]) -> Passage | None:
    """The passages that fit both the follow-up and the questions it builds on."""
    alone = {hit.chunk.id: hit.score for hit in _search(request, request.query.alone)}
    read = [hit for hit in hits if any(window.holds(hit) for window in windows)]
    if not read:
        return None
    best = max(read, key=lambda hit: hit.score + alone.get(hit.chunk.id, 0.0))
    return window_at(best, request.evidence).passage


def _unread(passages: Sequence[Passage], read: Sequence[Passage]) -> list[Passage]:
    return [passage for passage in passages if not any(_is_part(passage, of=old) for old in read)]


def _closest_last(new: list[Passage], closest: Passage | None) -> list[Passage]:
    """Puts the best passage last, because a small model answers from what it read last."""
    if closest is None or not new:
        return new
    holding = [passage for passage in new if _is_part(closest, of=passage)]
    return [passage for passage in new if passage not in holding] + (holding or [closest])


def _is_part(passage: Passage, of: Passage) -> bool:
    same = passage.document == of.document and passage.page == of.page
    return same and passage.text in of.text


# -- The facts of stages 1 and 2: what was found, and what of it is read

_MOST = 16  # passages
_WORDS = 60  # characters of a passage that is found


def note_search(facts: Facts, context: Context, count: Callable[[str], int]) -> None:
    """Put them into an answer's facts; `count` gives a text's tokens."""
    facts.understood = Understood(context.question, context.request.query.parts)
    facts.found = tuple(_found(hit, context) for hit in context.hits[:_MOST])
    facts.read = (
        *_read(context.windows, count), *_read(context.earlier, count, earlier=True)
    )  # fmt: skip


def _found(hit: Hit, context: Context) -> Found:
    odds = context.odds.get(hit.chunk.id)
    words = " ".join(hit.text.split())
    return Found(
        hit.document, hit.page, words if len(words) <= _WORDS else f"{words[:_WORDS]}…",
        any(window.holds(hit) for window in context.windows), hit.legs,
        None if odds is None else round(odds, 3),
    )  # fmt: skip


def _read(
    windows: Sequence[Window], count: Callable[[str], int], earlier: bool = False
) -> list[ReadPassage]:
    return [
        ReadPassage(w.document, w.page.number, w.last - w.first + 1, count(w.text), earlier)
        for w in windows
    ]
