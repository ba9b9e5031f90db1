"""Where answers may come from: a library, or passages that are given with the question."""

from collections.abc import Collection, Sequence
from typing import Protocol

import numpy as np

from assistant.sentences import split
from ingest.document import Box, Line, Page
from vectorstore.catalog import StoredChunk
from vectorstore.embedder import Embedder
from vectorstore.library import Hit


class Evidence(Protocol):
    """What the answer tool needs of a Library."""

    def passages(
        self, query: str, k: int = 8, documents: Collection[str] | None = None
    ) -> list[Hit]: ...

    def page(self, document: str, number: int) -> Page: ...

    def embedder(self) -> Embedder: ...


class GivenPassages:
    """Texts that come with a question; each is a document of one page, each sentence a line."""

    def __init__(self, texts: Sequence[tuple[str, str]], embedder: Embedder) -> None:
        """`texts` are (title, text); a title that repeats is numbered."""
        self._embedder = embedder
        self._pages: dict[str, Page] = {}
        for title, text in texts:
            name, number = title or "Passage", 2
            while name in self._pages:
                name, number = f"{title or 'Passage'} ({number})", number + 1
            lines = tuple(Line(sentence, Box(0, 0, 0, 0)) for sentence in split(text))
            self._pages[name] = Page(1, 0, 0, lines)

    def passages(
        self, query: str, k: int = 8, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """All of them, the nearest first: they were given to be read."""
        names = [name for name in self._pages if documents is None or name in documents]
        if not names:
            return []
        asked = self._embedder.query(query)
        vectors = self._embedder.passages([self._pages[name].text for name in names])
        hits = [
            Hit(_chunk(name, self._pages[name]), cosine, cosine, vector)
            for name, vector in zip(names, vectors, strict=True)
            for cosine in [float(np.dot(vector, asked))]
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:k]

    def page(self, document: str, number: int) -> Page:
        return self._pages[document]

    def embedder(self) -> Embedder:
        return self._embedder


def _chunk(name: str, page: Page) -> StoredChunk:
    return StoredChunk(name, name, 1, 0, max(len(page.lines) - 1, 0), (), page.text)
