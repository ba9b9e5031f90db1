"""A shelf of small documents for tests: a line in bold is a heading."""

from collections.abc import Collection, Mapping, Sequence

from ingest.chunking import PageLedger
from ingest.document.model import Page
from tests.assistant.fakes import WordEmbedder, page_of
from vectorstore.catalog.rows import Coverage, DocumentInfo, StoredChunk
from vectorstore.embedding.embedder import Embedder
from vectorstore.library import Library
from vectorstore.retrieval.fusion import Hit


class SmallShelf(Library):
    """Documents of one-line passages; the first line of each page is its heading. No library is
    opened."""

    def __init__(self, texts: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._pages = {
            name: [page_of(*lines, number=n, bold=1) for n, lines in enumerate(pages, start=1)]
            for name, pages in texts.items()
        }

    def documents(self) -> list[DocumentInfo]:
        return [
            DocumentInfo(name, name, "main", len(pages), 1, "ready", Coverage(1, 0, 0, 0), name)
            for name, pages in self._pages.items()
        ]

    def about(self, text: str) -> frozenset[str]:
        return frozenset()

    def pages(self, document: str) -> list[Page]:
        return self._pages[document]

    def page(self, document: str, number: int) -> Page:
        return self._pages[document][number - 1]

    def passages(
        self, query: str, k: int = 8, documents: Collection[str] | None = None
    ) -> list[Hit]:
        asked = self.embedder().query(str(query))
        hits = [
            Hit(StoredChunk(f"{name}{p.number}{at}", name, p.number, at, at, (), line.text), s, s)
            for name, pages in self._pages.items()
            if documents is None or name in documents
            for p in pages
            for at, line in enumerate(p.lines)
            for s in [float(self.embedder().query(line.text) @ asked)]
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:k]

    def ledger(self, document: str) -> list[PageLedger]:
        return []

    def embedder(self) -> Embedder:
        return WordEmbedder()
