"""Stages 1 and 2, retrieve and pack: what is found for a question, and which units of it are read.

Search, embedding and the learned reader order the units together: each alone misses what the others
find (benchmarks/results/evidence.md).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, groupby, zip_longest

import numpy as np
from langchain_core.messages import BaseMessage
from numpy.typing import NDArray

from assistant.answering.evidence_units import (
    LABEL,
    Quoted,
    Unit,
    Window,
    passages_of,
    surroundings,
    windows_of,
)
from assistant.contract.evidence import Evidence
from assistant.contract.facts import Facts, Found, Passage, ReadPassage, Understood, parts_of
from assistant.contract.request import AskedQuestion, Request, Turn
from assistant.errors import ContextOverflow
from assistant.llm import prompts
from ingest.language.words import stems, telling_words
from ingest.text.reflow import lists_contents, one_line
from vectorstore.embedding.embedder import Embedder, is_multilingual, nearness
from vectorstore.retrieval.fusion import Hit
from vectorstore.retrieval.rerank import LOOKED_AT, Reader, Reranker
from vectorstore.retrieval.search_query import SearchQuery

# -- The token budget: shares of the model's window for passages, conversation and answer

_MARGIN = 48  # tokens of the chat template
Count = Callable[[str], int]  # the tokens of a text


@dataclass(frozen=True)
class Budget:
    """Tokens of the model's window, and the shares of passages and answer."""

    window: int = 4096
    passages: int = 450
    answer: int = 400
    part: int = 225  # more for each further part of a question
    follow_up: int = 225  # beside what earlier turns have read

    @property
    def prompt(self) -> int:
        """Tokens for all that the model reads."""
        return self.window - self.answer - _MARGIN


# -- What is read for a question, and the prompt that it becomes

_QUOTED = 2  # sentences
_SURE = 1.0  # log-odds from which the reader is sure
_NEAR = 0.92  # share of the best score that a second sentence needs
_SHORTEST = 4  # words: shorter sentences are headings
MOST_READ = 32  # units that the reader reads: 5 ms each


@dataclass(frozen=True)
class Context:
    """The passages and turns that are read for a question."""

    asked: SearchQuery  # as the person asked it
    question: SearchQuery  # standalone: with the questions that it builds on
    evidence: Evidence
    windows: tuple[Window, ...] = ()
    ranked: tuple[Quoted, ...] = ()  # the units of the hits, best first
    hits: tuple[Hit, ...] = ()  # best first; also those that are not read
    # The log-odds of hits, by their chunks' ids, of what the reader has read.
    odds: dict[str, float] = field(default_factory=dict)
    expected: str = ""  # words that the chat model added to the search
    before: tuple[Turn, ...] = ()  # earlier turns in the prompt
    earlier: tuple[Window, ...] = ()  # passages of those turns

    @property
    def follows_up(self) -> bool:
        """Whether the question builds on those before it."""
        return self.question.text != self.asked.text

    @property
    def is_unsure(self) -> bool:
        """Whether the reader takes none of the best hits for the answer, and there are more: a
        second search may find it. A follow-up is not searched again: its passages would leave the
        model's cache."""
        doubted = bool(self.odds) and max(self.odds.values()) < _UNSURE
        return doubted and len(self.hits) >= HITS and not self.follows_up

    @cached_property
    def passages(self) -> tuple[Passage, ...]:
        """The passages that people and the model see."""
        return passages_of(self.windows)

    @cached_property
    def passages_before(self) -> tuple[Passage, ...]:
        """Those of the turns before it."""
        return passages_of(self.earlier)

    @cached_property
    def left_out(self) -> tuple[Passage, ...]:
        """The lines among the best that are instructions to a model, which are not read."""
        units = (one.unit for one in self.ranked[:MOST_READ] if one.unit.instructs)
        return tuple(replace(u.lines.passage, instructions=(one_line(u.text),)) for u in units)

    @property
    def read(self) -> tuple[Window, ...]:
        """All that an answer may rest on."""
        return self.windows + self.earlier

    @cached_property
    def best(self) -> list[Quoted]:
        """The best one or two sentences that state something; empty when none does."""
        stating = [quoted for quoted in self.ranked if quoted.unit.states]
        full = [one for one in stating if len(one.unit.text.split()) >= _SHORTEST] or stating
        return full[:1] + [one for one in full[1:_QUOTED] if _also(one, full[0])]

    def messages(self) -> list[BaseMessage]:
        """The prompt: passages first, so that a follow-up finds them in the model's cache."""
        before: list[prompts.EarlierTurn] = []
        for turn in self.before:
            read = _in_order(turn.passages, first=not before)
            before.append((read, SearchQuery(turn.question), turn.answer))
        new = _in_order(self.passages, first=not before)
        question = self.asked if before else self.question
        return prompts.conversation(before, new, question, prompts.answering(self.asked.language))


def _also(second: Quoted, first: Quoted) -> bool:
    if first.odds is None:
        return second.score >= _NEAR * first.score
    return second.odds is not None and second.odds >= _SURE


def _in_order(passages: Sequence[Passage], first: bool) -> Sequence[Passage]:
    """A follow-up reads the best last: a small model answers from what it read last."""
    return passages if first else passages[::-1]


# -- Finds passages for the meaning of a question, and orders and packs their units

HITS = 24  # hits whose units are ranked
AGAIN = 100  # hits of each of two searches that are joined
_UNSURE = 0.0  # log-odds of the best hit: handbooks are above, tables of reports mostly below
_BETTER = 0.1  # cosine gain from which a question builds on the one before
_NOISE = 0.01  # of a score: a smaller deviation says nothing


class Retriever:
    """Reads for a question what may answer it."""

    def __init__(
        self, budget: Budget, count: Count, reranker: Reranker | None, reader: Reader | None
    ) -> None:
        """`reranker` decides about the order of hits, where there is one, and else `reader`."""
        self._budget, self._count = budget, count
        self._reranker, self._reader = reranker, reader

    def retrieve(self, request: Request, expected: str = "") -> Context:
        """What is read for a request; searched a second time with the `expected` words, if there
        are any. Raises ContextOverflow when the question leaves no room for passages, LibraryError,
        and what the evidence raises."""
        asked, evidence = request.query, request.evidence

        def search(query: SearchQuery, most: int = HITS) -> list[Hit]:
            return evidence.passages(query, most, request.documents)

        given = request.given and asked.before and not asked.follows_up
        query, room = self._fitting(_better_joined(asked, search) if given else asked.search, asked)
        embedder = evidence.embedder()
        wordings = (query,) if query is asked.alone else (query, asked.alone)
        second = SearchQuery(f"{query.text} {expected}") if expected else wordings[-1]
        if second is query:
            found = search(query)
        else:
            found = together(search(query, AGAIN), search(second, AGAIN))[:HITS]
        # In a library of several languages there is none: it has learned to read English.
        reader = None if is_multilingual(embedder) else self._reader
        hits, odds = self._ordered(query.text, found, reader)
        hits = with_parts(hits, asked.parts[1:], evidence)
        telling = [hit for hit in hits if not lists_contents(hit.text)] or hits
        # A chosen reranker decides; what the small reader thinks does not count then.
        reader, trust = (None, 2.0) if self._reranker else (reader, 1.0)
        # The turn before fits the joined question as well as the answer does: the follow-up by
        # itself counts as much.
        whole = [tuple(one.text for one in wordings)]
        parts = [(part,) for part in asked.parts] if len(wordings) == 1 else whole
        ranked = rank(parts, surroundings(telling, evidence), embedder, reader, trust)
        context = Context(asked.alone, query, evidence, (), ranked, tuple(hits), odds, expected)
        further = self._budget.part * (len(asked.parts) - 1)
        return self._continued(context, request, self._budget.follow_up + further) or replace(
            context,
            windows=packed(ranked, min(self._budget.passages + further, room), self._count),
        )

    def _continued(self, context: Context, request: Request, most: int) -> Context | None:
        """With the turns that a follow-up builds on and at most so many tokens beside them; None
        where it is no follow-up, or the turns do not fit the window."""
        if not context.follows_up or not request.query.before:
            return None
        before = request.history[-len(request.query.before.chain) :]
        full = continued(context, before, request.documents)
        if not full.before:
            return None
        full = replace(full, windows=packed(context.ranked, most, self._count, full.earlier))
        tokens = sum(self._count(str(message.content)) for message in full.messages())
        return full if tokens <= self._budget.prompt else None

    def _fitting(self, query: SearchQuery, asked: AskedQuestion) -> tuple[SearchQuery, int]:
        """The query, and the tokens that it leaves for passages; of the question alone where those
        that it builds on are too long. Raises ContextOverflow."""
        with suppress(ContextOverflow):
            return query, self._room_beside(query.text)
        return asked.alone, self._room_beside(asked.text)

    def _room_beside(self, question: str) -> int:
        """Tokens that are left for passages. Raises ContextOverflow where they are too few."""
        tokens, least = self._count(question), self._budget.passages // 2
        left = self._budget.prompt - self._count(prompts.SYSTEM + prompts.ANSWER) - tokens
        if left < least:
            raise ContextOverflow(
                f"The question is {tokens:,} tokens long, and {tokens + left - least:,} fit "
                "beside the passages. Shorten it, or raise PINCITE_CONTEXT_TOKENS."
            )
        return left

    def _ordered(
        self, question: str, found: Sequence[Hit], reader: Reader | None
    ) -> tuple[list[Hit], dict[str, float]]:
        """The hits by the reranker, where there is one, else by search and reader together; and the
        reader's log-odds of those that it has read, by the ids of their chunks."""
        hits = contents_last(reranked(self._reranker, question, found))
        if reader is None:
            return hits, {}
        first, rest = hits[:LOOKED_AT], hits[LOOKED_AT:]
        odds = reader.odds(question, first)
        known = {hit.chunk.id: one for hit, one in zip(first, odds, strict=True)}
        return [*(first if self._reranker else reread(first, odds)), *rest], known


def _better_joined(query: AskedQuestion, search: Callable[[SearchQuery], list[Hit]]) -> SearchQuery:
    """The query of a question to passages that came with it: joined with the question before where
    that fits better. In a library the passages of the question before would always fit."""
    alone, joined = (
        max((hit.cosine for hit in search(one)), default=0.0) for one in (query.alone, query.joined)
    )
    return query.joined if joined > alone + _BETTER else query.alone


def reranked(reranker: Reranker | None, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """The first hits in the reranker's order, then the rest; scores stay those of their ranks."""
    if reranker is None:
        return list(hits)
    looked_at = hits[:LOOKED_AT]
    return [*_reordered(looked_at, reranker.scores(question, looked_at)), *hits[LOOKED_AT:]]


def _reordered(hits: Sequence[Hit], scores: Sequence[float]) -> list[Hit]:
    """The hits by these scores, best first; each takes the search's score of its new rank."""
    order = sorted(range(len(hits)), key=lambda n: -scores[n])
    return [replace(hits[n], score=hits[rank].score) for rank, n in enumerate(order)]


def reread(hits: Sequence[Hit], odds: Sequence[float]) -> list[Hit]:
    """The hits in the order of search and reader together, which weigh the same."""
    if len(hits) < 2:
        return list(hits)
    scores = _standardised([hit.score for hit in hits]) + _standardised(odds)
    return _reordered(hits, list(scores))


def _standardised(values: Sequence[float]) -> NDArray[np.float64]:
    """Mean 0 and deviation 1, or less where there is hardly a difference."""
    array = np.asarray(values, float)
    return (array - array.mean()) / max(array.std(), _NOISE) if array.size else array


def together(found: Sequence[Hit], again: Sequence[Hit]) -> list[Hit]:
    """The hits of two searches by the mean of their scores; what one has not found has its lowest
    score there."""
    each = [{hit.chunk.id: hit.score for hit in hits} for hits in (found, again) if hits]
    every = {hit.chunk.id: hit for hit in (*again, *found)}
    scores = {id: sum(s.get(id, min(s.values())) for s in each) / len(each) for id in every}
    best = sorted(every, key=lambda id: -scores[id])
    return [replace(every[id], score=scores[id]) for id in best]


def with_parts(hits: list[Hit], others: Sequence[str], evidence: Evidence) -> list[Hit]:
    """The hits in turns with those of the `others`, further parts of the question. The words of the
    first part are most of the whole question; the others are searched in the documents that this
    has found."""
    if not others or not hits:
        return hits
    documents = {hit.document for hit in hits[:LOOKED_AT]}
    each = [
        contents_last(evidence.passages(SearchQuery(part), LOOKED_AT, documents)) for part in others
    ]
    turns = (hit for turn in zip_longest(hits, *each) for hit in turn if hit)
    return list({hit.chunk.id: hit for hit in turns}.values())


def contents_last(hits: Sequence[Hit]) -> list[Hit]:
    """Moves tables of contents to the end: they name everything and state nothing."""
    return sorted(hits, key=lambda hit: lists_contents(hit.text))


def continued(context: Context, before: Sequence[Turn], scope: Iterable[str] | None) -> Context:
    """The context with earlier turns, if all their passages still exist, in the `scope` of
    documents."""
    told = tuple(turn for turn in before if turn.answer and not turn.refused)
    each = [windows_of(one, context.evidence) for turn in told for one in turn.passages]
    earlier = tuple(chain.from_iterable(each))
    in_scope = scope is None or {window.document for window in earlier} <= {*scope}
    if not told or not all(each) or not in_scope:
        return context
    return replace(context, before=told, earlier=earlier)


# -- Orders the units of what a search has found

_WORDS = 0.35  # weight of the question's words against the embedding


def rank(
    parts: Sequence[Sequence[str]], found: Sequence[Window], embedder: Embedder,
    reader: Reader | None = None, trust: float = 1.0,
) -> tuple[Quoted, ...]:  # fmt: skip
    """The units of what was found, best first; of a question with several parts, those of each in
    turns. A part has one or more wordings, whose scores are averaged. `reader` is None where it
    cannot read them; `trust` is the weight of the search's order. Raises LibraryError."""
    units = [unit for window in found for unit in window.units]
    if not units:
        return ()
    vectors = embedder.passages([unit.with_heads for unit in units])
    ranked = [_ranked(part, units, vectors, embedder, reader, trust) for part in parts]
    best: dict[int, Quoted] = {}
    for one in filter(None, chain.from_iterable(zip_longest(*ranked))):
        best.setdefault(id(one.unit), one)
    return tuple(best.values())


def _ranked(
    wordings: Sequence[str], units: Sequence[Unit], vectors: NDArray[np.float32],
    embedder: Embedder, reader: Reader | None, trust: float,
) -> list[Quoted]:  # fmt: skip
    each = [
        _fitting(one, units, np.atleast_1d(nearness(embedder, vectors @ embedder.query(one))))
        for one in wordings
    ]
    fitting = sorted(map(_mean, zip(*each, strict=True)), key=lambda one: -one.score)
    near, rest = fitting[:MOST_READ], fitting[MOST_READ:]
    scores = _standardised([one.score for one in near])
    scores += trust * _standardised([one.unit.window.score for one in near])
    if reader is not None:
        odds = np.mean([reader.odds(one, near) for one in wordings], axis=0).tolist()
        near = [replace(one, odds=told) for one, told in zip(near, odds, strict=True)]
        scores += _standardised(odds)
    return [near[at] for at in np.argsort(-scores, kind="stable")] + rest


def _mean(same: Sequence[Quoted]) -> Quoted:
    """One unit by the mean of its scores; its nearness is that to the first wording."""
    return replace(same[0], score=sum(one.score for one in same) / len(same))


def _fitting(part: str, units: Sequence[Unit], cosines: Iterable[float]) -> Iterator[Quoted]:
    """By meaning and by the question's words."""
    asked = stems(telling_words(part))
    for unit, cosine in zip(units, cosines, strict=True):
        shared = len(asked & unit.meant) / max(len(asked), 1)
        yield Quoted(unit, (1 - _WORDS) * float(cosine) + _WORDS * shared, float(cosine))


# -- Packs the best of them into what a model reads

_GAP = 2  # tokens of the mark where lines are left out
_PARAGRAPH = 120  # tokens: one up to this length is read as a whole


def packed(
    ranked: Sequence[Quoted], budget: int, count: Count, earlier: Sequence[Window] = ()
) -> tuple[Window, ...]:
    """The lines of the best units, together at most `budget` tokens: pages by their best unit, each
    in its own order. None is left out for a worse one that is shorter. The best one is read with
    what stands around it, a sentence with its paragraph, a table row with its heads; of what
    `earlier` turns have read, it alone is read again."""
    read: dict[tuple[str, int], set[int]] = {}
    for window in earlier:
        read.setdefault(window.place, set()).update(range(window.first, window.last + 1))
    picked: dict[tuple[str, int], tuple[Window, set[int]]] = {}  # by page, which of its lines
    units = [one.unit for one in ranked]
    units = [one for one in units if one.states] or [one for one in units if not one.instructs]
    for unit in units:
        page, place, own = unit.window.page, unit.window.place, unit.with_head_lines
        window, known = picked.get(place, (unit.window, set()))
        again = read.get(place, set()) - known if picked else set()
        if own <= known | again:
            continue
        around = unit.lines.widened()
        wide = unit.paragraph(_PARAGRAPH) if picked else {*range(around.first, around.last + 1)}
        for lines in (own | wide, own):
            new = (own | (lines - again)) - known  # no sentence without its beginning
            texts = [page.lines[line].text for line in sorted(new)]
            tokens = count("\n".join(texts)) + (_GAP if known else LABEL)
            if tokens <= budget:
                picked[place] = window, known | new
                budget -= tokens
                break
        else:
            break
    if not picked:  # the best one is longer than all that may be read
        return tuple(unit.lines for unit in units[:1])
    return tuple(run for window, lines in picked.values() for run in _runs(window, sorted(lines)))


def _runs(window: Window, lines: Sequence[int]) -> Iterator[Window]:
    """One for each run of lines without a gap."""
    for _, run in groupby(enumerate(lines), key=lambda place: place[1] - place[0]):
        numbers = [line for _, line in run]
        yield replace(window, first=numbers[0], last=numbers[-1], is_cut=True)


# -- The facts of stages 1 and 2: what was found, and what of it is read

_MOST = 16  # passages
_BEGINNING = 60  # characters of a passage that is found


def note_search(facts: Facts, context: Context, parts: Sequence[str], count: Count) -> None:
    """Put them into an answer's facts."""
    facts.understood = Understood(context.question.text, tuple(parts), context.expected)
    facts.found = tuple(_found(hit, context) for hit in context.hits[:_MOST])
    facts.read = tuple(
        ReadPassage(p.document, p.page, sum(part.count("\n") + 1 for part in parts_of(p.text)),
                    count(p.text), earlier)
        for passages, earlier in ((context.passages, False), (context.passages_before, True))
        for p in passages
    )  # fmt: skip


def _found(hit: Hit, context: Context) -> Found:
    odds, words = context.odds.get(hit.chunk.id), " ".join(hit.text.split())
    return Found(
        hit.document, hit.page, words if len(words) <= _BEGINNING else f"{words[:_BEGINNING]}…",
        any(window.touches(hit) for window in context.windows), hit.legs,
        None if odds is None else round(odds, 3),
    )  # fmt: skip
