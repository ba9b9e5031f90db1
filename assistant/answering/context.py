"""Stage 2, pack: widens hits to passages within the budget, and adds earlier turns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from langchain_core.messages import BaseMessage

from assistant.answering.retrieve import Retrieved, Room, search
from assistant.answering.window import Window, next_windows, widened, window_at, window_of
from assistant.contract.facts import Facts, Found, Passage, ReadPassage, Understood
from assistant.contract.request import Request, Turn
from assistant.llm import prompts
from ingest.language.words import stems, telling_words
from vectorstore.embedding.embedder import Embedder
from vectorstore.retrieval.hit import Hit


@dataclass(frozen=True)
class Context:
    """The passages and turns that are read for a question."""

    retrieved: Retrieved  # all hits, also those that were not read
    windows: tuple[Window, ...]
    before: tuple[Turn, ...] = ()  # earlier turns in the prompt
    earlier: tuple[Window, ...] = ()  # passages of those turns
    closest: Passage | None = None  # the best passages for a follow-up, from any turn

    @property
    def request(self) -> Request:
        """What was asked."""
        return self.retrieved.request

    @property
    def question(self) -> str:
        """Standalone: with the questions that it builds on."""
        return self.retrieved.question

    @cached_property
    def words(self) -> frozenset[str]:
        """The stems of that question, without words that tell nothing."""
        return stems(telling_words(self.question))

    @property
    def embedder(self) -> Embedder:
        """By which passages and sentences are found."""
        return self.request.evidence.embedder()

    @property
    def hits(self) -> tuple[Hit, ...]:
        return self.retrieved.hits

    @property
    def reader_odds(self) -> float | None:
        """Of the passage in it that answers the question best; None when the reader has read
        none of them."""
        odds = self.retrieved.odds
        read = [hit for hit in self.hits if any(window.holds(hit) for window in self.windows)]
        return max((odds[hit.chunk.id] for hit in read if hit.chunk.id in odds), default=None)

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


class ContextBuilder:
    """Widens hits to passages until the budget is full, and keeps the turns that the question
    builds on."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def build(self, retrieved: Retrieved) -> Context:
        """Build the context. Raises ContextOverflow when the question leaves no room for
        passages."""
        request, hits = retrieved.request, retrieved.hits
        size = self._room.passages(retrieved.question, len(request.query.parts))
        windows = widened(hits, request.evidence, size, self._room.count)
        context = Context(retrieved, tuple(windows))
        return self._continued(context) if retrieved.follows_up else context

    def read_on(self, context: Context) -> Context | None:
        """The context with the next passages behind those that were read, so that a model reads
        only what is new; None when there are no more, or no room for them."""
        texts = [str(message.content) for message in context.messages(prompts.UNSURE)]
        size = min(self._room.left(texts), self._room.further)
        evidence = context.request.evidence
        more = next_windows(context.hits, context.windows, evidence, size, self._room.count)
        return replace(context, windows=(*context.windows, *more)) if more else None

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


def _built_on(request: Request) -> Sequence[Turn]:
    """The last turns, starting with the one that stands alone, oldest first."""
    before = request.query.before
    return request.history[-len(before.chain) :] if before else ()


def _closest(request: Request, hits: Sequence[Hit], windows: Sequence[Window]) -> Passage | None:
    """The passages that fit both the follow-up and the questions it builds on."""
    alone = {hit.chunk.id: hit.score for hit in search(request, request.query.alone)}
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
    facts.understood = Understood(context.question, context.retrieved.request.query.parts)
    facts.found = tuple(_found(hit, context) for hit in context.hits[:_MOST])
    facts.read = (
        *_read(context.windows, count), *_read(context.earlier, count, earlier=True)
    )  # fmt: skip


def _found(hit: Hit, context: Context) -> Found:
    odds = context.retrieved.odds.get(hit.chunk.id)
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
