"""A document in at most a dozen parts that follow its headings, each within a token budget."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, takewhile
from typing import Protocol, runtime_checkable

import numpy as np

from assistant.answering.passages.window_builder import Window
from assistant.contract.evidence import Evidence
from ingest.chunking.chunk import chunk as cut
from ingest.document.model import Chunk, Document, Page
from ingest.text.reflow import about_tokens, lists_contents
from vectorstore.catalog.catalog import DocumentInfo
from vectorstore.embedding.embedder import Embedder

MOST = 12
_FEWEST = 3  # groups by heading, above which no deeper level is used
_MUCH = 0.2  # share of a document from which a part is divided further
_SMALL = 60  # tokens: a smaller part is merged


@runtime_checkable
class Shelf(Evidence, Protocol):
    """Evidence that has whole documents: a Library."""

    def documents(self) -> list[DocumentInfo]: ...

    def pages(self, document: str) -> list[Page]: ...

    def about(self, text: str) -> frozenset[str]: ...


@dataclass(frozen=True)
class Section:
    """A section of a document: its heading, and the passages to read, in order."""

    title: str
    windows: tuple[Window, ...]
    tokens: int  # of the whole part
    read: int  # of what is read


def parts(document: str, shelf: Shelf, budget: int, most: int = MOST) -> list[Section]:
    """The whole document in parts. A part longer than `budget` tokens is reduced to its most
    central passages.

    Raises UnknownDocument.
    """
    pages = {page.number: page for page in shelf.pages(document)}
    chunks = passages_of(document, tuple(pages.values()))
    groups = _merged(_by_heading(chunks), most)
    return [_part(document, group, pages, shelf.embedder(), budget) for group in groups]


def passages_of(document: str, pages: Sequence[Page]) -> list[Chunk]:
    """The visible passages of a document, without its table of contents."""
    whole = Document(sha256="", name=document, title=document, pages=pages)
    return [c for c in cut(whole) if not c.hidden and not lists_contents(c.text)]


def _by_heading(chunks: Sequence[Chunk]) -> list[list[Chunk]]:
    """Runs of passages under one heading, at the highest level that divides the document."""
    deepest = max((len(c.headings) for c in chunks), default=0)
    groups: list[list[Chunk]] = [list(chunks)] if chunks else []
    for depth in range(1, deepest + 1):
        groups = _runs(chunks, [c.headings[:depth] for c in chunks])
        if len(groups) >= _FEWEST:
            break
    if len(groups) < _FEWEST:  # no headings: page by page
        return _runs(chunks, [c.page for c in chunks])
    return [part for group in groups for part in _divided(group, chunks)]


def _divided(group: list[Chunk], chunks: Sequence[Chunk]) -> list[list[Chunk]]:
    """A group that holds much of the document, by the headings below its own; else by pages."""
    if _tokens(group) <= _MUCH * _tokens(chunks):
        return [group]
    shared = len(_shared(group))
    below = _runs(group, [c.headings[: shared + 1] for c in group])
    if len(below) == 1:
        below = _runs(group, [c.page for c in group])
    return below if len(below) == 1 else [p for part in below for p in _divided(part, chunks)]


def _runs(chunks: Sequence[Chunk], keys: Sequence[object]) -> list[list[Chunk]]:
    """Neighbours with the same key."""
    keyed = groupby(zip(keys, chunks, strict=True), lambda pair: pair[0])
    return [[c for _, c in run] for _, run in keyed]


def _merged(groups: list[list[Chunk]], most: int) -> list[list[Chunk]]:
    """Merges the two shortest neighbours until there are few enough."""
    groups = list(groups)
    while len(groups) > 1:
        sizes = [_tokens(a) + _tokens(b) for a, b in pairwise(groups)]
        at = min(range(len(sizes)), key=sizes.__getitem__)
        small = min(map(_tokens, groups)) < _SMALL and sizes[at] < 4 * _SMALL
        if len(groups) <= most and not small:
            break
        groups[at : at + 2] = [groups[at] + groups[at + 1]]
    return groups


def _part(
    document: str, chunks: Sequence[Chunk], pages: dict[int, Page], embedder: Embedder, budget: int
) -> Section:
    kept = chunks if _tokens(chunks) <= budget else _telling(chunks, embedder, budget)
    windows = _joined(document, kept, pages)
    return Section(_title(chunks), windows, _tokens(chunks), _tokens(kept))


def _telling(chunks: Sequence[Chunk], embedder: Embedder, budget: int) -> list[Chunk]:
    """The passages nearest to the middle of all (centroid summaries, Radev et al. 2004), and the
    first, which introduces them; in the order of the document."""
    vectors = embedder.passages([c.text for c in chunks])
    nearness = vectors @ np.mean(vectors, axis=0)
    nearness[0] = np.inf
    chosen: list[int] = []
    for index in np.argsort(-nearness):
        if _tokens([chunks[i] for i in [*chosen, index]]) <= budget:
            chosen.append(int(index))
    return [chunks[i] for i in sorted(chosen or [0])]


def _joined(document: str, chunks: Iterable[Chunk], pages: dict[int, Page]) -> tuple[Window, ...]:
    """Joins consecutive passages of a page."""
    windows: list[Window] = []
    for c in chunks:
        last = windows[-1] if windows else None
        if last and last.page.number == c.page and last.last + 1 >= c.first:
            windows[-1] = Window(document, last.page, last.first, max(last.last, c.last), 1.0)
        else:
            windows.append(Window(document, pages[c.page], c.first, c.last, 1.0))
    return tuple(windows)


def _title(chunks: Sequence[Chunk]) -> str:
    """The heading that its passages share, the deepest one; else its pages."""
    shared = _shared(chunks)
    if shared:
        return shared[-1]
    if chunks[0].headings:
        return chunks[0].headings[-1]
    first, last = chunks[0].page, chunks[-1].page
    return f"Page {first}" if first == last else f"Pages {first} to {last}"


def _shared(chunks: Sequence[Chunk]) -> tuple[str, ...]:
    """The headings that all of its passages stand under."""
    shared: tuple[str, ...] = chunks[0].headings
    for c in chunks:
        both = zip(shared, c.headings, strict=False)
        shared = tuple(a for a, _ in takewhile(lambda pair: pair[0] == pair[1], both))
    return shared


def _tokens(chunks: Sequence[Chunk]) -> int:
    return sum(about_tokens(c.text) for c in chunks)
