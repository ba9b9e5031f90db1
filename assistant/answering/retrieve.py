"""Stages 1 and 2, retrieve and pack: the passages and turns that are read for a question."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, zip_longest

from langchain_core.messages import BaseMessage

from assistant.answering.evidence_units import Quoted, packed, rank
from assistant.answering.window import Window, passages_of, surroundings, windows_of
from assistant.contract.facts import Facts, Found, Passage, ReadPassage, Understood, parts_of
from assistant.contract.request import Request, Turn
from assistant.errors import ContextOverflow
from assistant.llm import prompts
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
    passages: int = 450
    answer: int = 400
    part: int = 225  # more for each further part of a question


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

    def fits(self, messages: Iterable[str]) -> bool:
        """Whether the answer fits after the messages."""
        return sum(map(self.count, messages)) <= self._budget.window - self._budget.answer - _MARGIN

    @property
    def _least(self) -> int:
        return self._budget.passages // 2

    def _rest(self, question: str) -> int:
        taken = self.count(prompts.SYSTEM + prompts.ANSWER) + self.count(question)
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
    ranked: tuple[Quoted, ...] = ()  # the units of the hits, best first
    hits: tuple[Hit, ...] = ()  # best first; also those that are not read
    odds: Odds = field(default_factory=dict)  # of the hits that the reader has read
    before: tuple[Turn, ...] = ()  # earlier turns in the prompt
    earlier: tuple[Window, ...] = ()  # passages of those turns
    closest: Passage | None = None  # the best passages for a follow-up, from any turn

    @property
    def follows_up(self) -> bool:
        """Whether the question builds on those before it."""
        return self.question != self.request.question

    @property
    def embedder(self) -> Embedder:
        """By which passages and sentences are found."""
        return self.request.evidence.embedder()

    @property
    def passages(self) -> tuple[Passage, ...]:
        """The passages that people and the model see."""
        return passages_of(self.windows)

    def messages(self, instruction: str = prompts.ANSWER) -> list[BaseMessage]:
        """The prompt: passages first, so that a follow-up finds them in the model's cache."""
        if not self.before:
            return prompts.first_turn(self.passages, self.question, instruction)
        first, *rest = self.before
        messages = prompts.first_turn(
            first.passages, first.question, prompts.answering(first.question)
        )
        answer, read = first.answer, list(first.passages)
        for turn in rest:
            more = _unread(turn.passages, read)
            messages = prompts.next_turn(
                messages, answer, more, turn.question, prompts.answering(turn.question)
            )
            answer, read = turn.answer, read + more
        new = _closest_last(_unread(self.passages, read), self.closest)
        return prompts.next_turn(messages, answer, new, self.request.question, instruction)


# -- Searches for the meaning of a question, and packs the best of what is found

_HITS = 24  # hits whose units are ranked
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
        context = self._looked_at(Context(request, query.text, hits=tuple(found)))
        hits = _with_parts(request, context.hits)
        context = replace(context, hits=tuple(hits))
        telling = [hit for hit in hits if not lists_contents(hit.text)] or hits
        around = surroundings(telling, request.evidence)
        # A chosen reranker decides; what the small reader thinks does not count then.
        reader, trust = (None, 2.0) if self._reranker else (self._reader_of(context), 1.0)
        ranked = rank(_asked(context), around, context.embedder, reader, trust)
        size = self._room.passages(context.question, len(request.query.parts))
        windows = packed(ranked, size, self._room.count)
        context = replace(context, ranked=ranked, windows=windows)
        return self._continued(context) if context.follows_up else context

    def _looked_at(self, context: Context) -> Context:
        """With the first of the hits read by the reader."""
        reader = self._reader_of(context)
        if reader is None:
            return context
        first, rest = context.hits[:LOOKED_AT], context.hits[LOOKED_AT:]
        odds = reader.odds(context.question, first)
        known = {hit.chunk.id: one for hit, one in zip(first, odds, strict=True)}
        ordered = first if self._reranker else reread(first, odds)
        return replace(context, hits=(*ordered, *rest), odds=known)

    def _reader_of(self, context: Context) -> Reader | None:
        """None in a library of several languages: the reader has learned to read English."""
        return None if is_multilingual(context.embedder) else self._reader

    def _continued(self, context: Context) -> Context:
        """The context with earlier turns, if all their passages still exist and fit."""
        request = context.request
        before = tuple(t for t in _built_on(request) if t.answer and not t.refused)
        passages = [passage for turn in before for passage in turn.passages]
        earlier = [windows_of(passage, request.evidence) for passage in passages]
        windows = tuple(chain.from_iterable(earlier))
        scope = request.documents
        in_scope = scope is None or all(window.document in scope for window in windows)
        if not before or not all(earlier) or not in_scope:
            return context
        closest = _closest(request, context, windows)
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


def _asked(context: Context) -> Sequence[str]:
    """The parts of the question; of one that builds on others, the whole of it."""
    parts = context.request.query.parts
    return parts if len(parts) > 1 and not context.follows_up else (context.question,)


def _contents_last(hits: Sequence[Hit]) -> list[Hit]:
    """Moves tables of contents to the end: they name everything and state nothing."""
    return sorted(hits, key=lambda hit: lists_contents(hit.text))


def _built_on(request: Request) -> Sequence[Turn]:
    """The last turns, starting with the one that stands alone, oldest first."""
    before = request.query.before
    return request.history[-len(before.chain) :] if before else ()


def _closest(request: Request, context: Context, earlier: Sequence[Window]) -> Passage | None:
    """The passage that fits both the follow-up and the questions it builds on."""
    alone = {hit.chunk.id: hit.score for hit in _search(request, request.query.alone)}
    found: list[tuple[float, Passage]] = []
    for windows in (context.windows, earlier):
        for passage in passages_of(windows):
            place = passage.document, passage.page
            own = [window for window in windows if window.place == place]
            held = [hit for hit in context.hits if any(window.touches(hit) for window in own)]
            found += [(hit.score + alone.get(hit.chunk.id, 0.0), passage) for hit in held]
    return max(found, key=lambda one: one[0], default=(0.0, None))[1]


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
    return same and all(part in of.text for part in parts_of(passage.text))


# -- The facts of stages 1 and 2: what was found, and what of it is read

_MOST = 16  # passages
_WORDS = 60  # characters of a passage that is found


def note_search(facts: Facts, context: Context, count: Callable[[str], int]) -> None:
    """Put them into an answer's facts; `count` gives a text's tokens."""
    facts.understood = Understood(context.question, context.request.query.parts)
    facts.found = tuple(_found(hit, context) for hit in context.hits[:_MOST])
    facts.read = (
        *_read(context.passages, count), *_read(passages_of(context.earlier), count, earlier=True)
    )  # fmt: skip


def _found(hit: Hit, context: Context) -> Found:
    odds = context.odds.get(hit.chunk.id)
    words = " ".join(hit.text.split())
    return Found(
        hit.document, hit.page, words if len(words) <= _WORDS else f"{words[:_WORDS]}…",
        any(window.touches(hit) for window in context.windows), hit.legs,
        None if odds is None else round(odds, 3),
    )  # fmt: skip


def _read(
    passages: Sequence[Passage], count: Callable[[str], int], earlier: bool = False
) -> list[ReadPassage]:
    return [
        ReadPassage(p.document, p.page, sum(part.count("\n") + 1 for part in parts_of(p.text)),
                    count(p.text), earlier)
        for p in passages
    ]  # fmt: skip
