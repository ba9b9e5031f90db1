"""Stage 1, retrieve: finds the best hits for the question of a request."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import zip_longest

from assistant.contract.evidence import Evidence
from assistant.contract.facts import Passage
from assistant.contract.request import Request
from assistant.errors import ContextOverflow
from assistant.llm import prompts
from ingest.document.model import Page
from ingest.text.reflow import about_tokens, lists_contents
from vectorstore.embedding.embedder import is_multilingual
from vectorstore.errors import LibraryError
from vectorstore.retrieval.hit import Hit
from vectorstore.retrieval.query import SearchQuery
from vectorstore.retrieval.rerank import LOOKED_AT, Reader, Reranker, reranked, reread

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


# -- Widens hits to passages of whole lines around them, within a token budget

_BEFORE = 50  # tokens read above and below a hit
_AFTER = 110
_TABLE = 400  # tokens: a table up to this length is read as a whole
_JOIN = 2  # lines between two windows of a page that are merged
_LABEL = 24  # tokens of a passage's label


@dataclass(frozen=True)
class Window:
    """Lines of a page that are read: `first` to `last`, inclusive."""

    document: str
    page: Page
    first: int
    last: int
    score: float
    cosine: float = 0.0  # of the best hit in it to the question

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.page.lines[self.first : self.last + 1])

    def holds(self, hit: Hit) -> bool:
        """Whether it contains all lines of the hit."""
        same = self.document == hit.document and self.page.number == hit.page
        return same and self.first <= hit.chunk.first and hit.chunk.last <= self.last

    @property
    def passage(self) -> Passage:
        seconds = self.page.lines[self.first].seconds
        return Passage(self.document, self.page.number, round(self.score, 4), self.text, seconds)


def windows(
    hits: Sequence[Hit], evidence: Evidence, budget: int, count: Callable[[str], int] = about_tokens
) -> list[Window]:
    """The best hits with their surroundings, best first, together at most `budget` tokens."""
    chosen: list[Window] = []
    for hit in hits:
        window = _around(hit, evidence.page(hit.document, hit.page))
        grown = [_merged(chosen, w) for w in (_with_tables(window), window)]
        fitting = [c for c in grown if _room(c, budget, count) >= 0]
        if fitting:
            chosen = fitting[0]
        elif not chosen:
            return [_shrunk(window, hit, budget, count)]
        elif len(hits) > 1 and _room(chosen, budget, count) < _BEFORE:
            break
    return chosen


def next_windows(
    hits: Sequence[Hit], read: Sequence[Window], evidence: Evidence, budget: int,
    count: Callable[[str], int] = about_tokens,
) -> list[Window]:  # fmt: skip
    """What to read next, together at most `budget` tokens: the rest of the best passage's page,
    which may hold a table that was too long, then the next hits with their surroundings. No line
    that was read is in it, so that it can be read behind."""
    added: list[Window] = []
    for window in (*_rest_of_page(read[0], budget), *_unread(hits, read, evidence)):
        for part in _without([window], [*read, *added]):
            if _room([*added, part], budget, count) >= 0:
                added.append(part)
    return added


def _rest_of_page(window: Window, budget: int) -> list[Window]:
    """Below it first: what a window breaks off goes on there. Of a long page, what may fit."""
    page, size = window.page, budget - _LABEL
    wide = replace(
        window,
        first=_reach(page, window.first, -1, size),
        last=_reach(page, window.last, +1, size),
    )
    return sorted(_apart(wide, window), key=lambda part: -part.first)


def _unread(hits: Sequence[Hit], read: Sequence[Window], evidence: Evidence) -> Iterator[Window]:
    for hit in hits:
        if not any(window.holds(hit) for window in read):
            with suppress(LibraryError):  # removed while the first passages were read
                yield _with_tables(_around(hit, evidence.page(hit.document, hit.page)))


def _without(windows: Sequence[Window], read: Sequence[Window]) -> list[Window]:
    """The parts of windows that were not read."""
    left = list(windows)
    for old in read:
        left = [part for window in left for part in _apart(window, old)]
    return left


def _apart(window: Window, old: Window) -> list[Window]:
    """The lines of a window before and behind those of another one of its page."""
    same = window.document == old.document and window.page.number == old.page.number
    if not same or old.last < window.first or window.last < old.first:
        return [window]
    before = replace(window, last=old.first - 1)
    after = replace(window, first=old.last + 1)
    return [part for part in (before, after) if part.first <= part.last]


def unread_windows(
    hits: Sequence[Hit], read: Sequence[Window], evidence: Evidence
) -> tuple[Window, ...]:
    """The hits that were not read, with their surroundings, if they still exist."""
    unread = [hit for hit in hits if not any(window.holds(hit) for window in read)]
    found: list[Window] = []
    for hit in unread:
        with suppress(LibraryError):  # removed while the answer was written
            found = _merged(found, _around(hit, evidence.page(hit.document, hit.page)))
    return tuple(found)


def window_at(hit: Hit, evidence: Evidence) -> Window:
    """The lines of a hit alone."""
    page = evidence.page(hit.document, hit.page)
    return Window(hit.document, page, hit.chunk.first, hit.chunk.last, hit.score, hit.cosine)


def window_of(passage: Passage, evidence: Evidence) -> Window | None:
    """The lines of a passage of an earlier turn; None when they have changed."""
    try:
        page = evidence.page(passage.document, passage.page)
    except LibraryError:
        return None
    wanted = passage.text.split("\n")
    lines = [line.text for line in page.lines]
    for first in range(len(lines) - len(wanted) + 1):
        last = first + len(wanted) - 1
        if lines[first : last + 1] == wanted and _seen(page, first, last):
            return Window(passage.document, page, first, last, passage.score)
    return None


def _seen(page: Page, first: int, last: int) -> bool:
    """Whether all of these lines are visible: hidden ones are how documents attack assistants."""
    return not any(line.hidden for line in page.lines[first : last + 1])


def _around(hit: Hit, page: Page) -> Window:
    first = _reach(page, hit.chunk.first, -1, _BEFORE)
    last = _reach(page, hit.chunk.last, +1, _AFTER)
    return Window(hit.document, page, first, last, hit.score, hit.cosine)


def _reach(page: Page, line: int, step: int, tokens: int) -> int:
    """The last line, up or down from one, with so many tokens between; hidden lines end it."""
    while 0 <= (near := line + step) < len(page.lines) and _seen(page, near, near):
        tokens -= about_tokens(page.lines[near].text)
        if tokens < 0:
            break
        line = near
    return line


def _with_tables(window: Window) -> Window:
    """The window with the rest of each table in it: rows mean little without their head."""
    lines, first, last = window.page.lines, window.first, window.last
    for table in window.page.tables:
        shared = table.first <= window.last and window.first <= table.last
        rows = lines[table.first : table.last + 1]
        shared = shared and _seen(window.page, table.first, table.last)
        if shared and sum(about_tokens(line.text) for line in rows) <= _TABLE:
            first, last = min(first, table.first), max(last, table.last)
    return replace(window, first=first, last=last)


def _merged(chosen: Sequence[Window], window: Window) -> list[Window]:
    """Add a window; it merges with those of its page that it touches, at the first one's rank."""
    touched = [old for old in chosen if _touch(old, window)]
    if not touched:
        return [*chosen, window]
    parts = [*touched, window]
    joined = replace(
        touched[0],
        first=min(part.first for part in parts),
        last=max(part.last for part in parts),
        cosine=max(part.cosine for part in parts),
    )
    return [joined if old is touched[0] else old for old in chosen if old not in touched[1:]]


def _touch(one: Window, other: Window) -> bool:
    same = one.document == other.document and one.page.number == other.page.number
    between = min(one.last, other.last) + 1, max(one.first, other.first) - 1
    near = between[1] - between[0] < _JOIN
    return same and near and _seen(one.page, *between)


def _room(chosen: Sequence[Window], budget: int, count: Callable[[str], int]) -> int:
    return budget - sum(count(w.text) + _LABEL for w in chosen)


def _shrunk(window: Window, hit: Hit, budget: int, count: Callable[[str], int]) -> Window:
    """The hit alone, with as many lines as fit."""
    first, last = hit.chunk.first, hit.chunk.last
    shrunk = replace(window, first=first, last=last)
    while last > first and count(shrunk.text) + _LABEL > budget:
        last -= 1
        shrunk = replace(shrunk, last=last)
    return shrunk
