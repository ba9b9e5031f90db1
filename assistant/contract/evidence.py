"""The sources of an answer: a library, passages given with the question, or both."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import Protocol, Self

from assistant.errors import AssistantError
from ingest.chunking import PageLedger
from ingest.chunking import chunk as chunk_document
from ingest.document.model import Box, Document, Line, Page
from ingest.language.sentences import split
from ingest.language.words import stems
from vectorstore.catalog.rows import StoredChunk
from vectorstore.embedding.embedder import Embedder, nearness
from vectorstore.errors import UnknownDocument
from vectorstore.retrieval.fusion import Candidate, Hit, legs, rank
from vectorstore.retrieval.search_query import SearchQuery
from vectorstore.store import Vectors


class Evidence(Protocol):
    """What the answer tool needs from a Library."""

    def passages(
        self, query: str | SearchQuery, k: int = 8, documents: Collection[str] | None = None
    ) -> list[Hit]: ...

    def page(self, document: str, number: int) -> Page: ...

    def ledger(self, document: str) -> Sequence[PageLedger]:
        """The ledger of each page, including unreadable ones."""
        ...

    def embedder(self) -> Embedder: ...


class GivenPassages:
    """Texts that come with a question: each is a document of one page, each sentence a line; or
    documents that came with it."""

    def __init__(self, texts: Sequence[tuple[str, str]], embedder: Embedder) -> None:
        """`texts` are (title, text); a title that repeats is numbered."""
        self._embedder = embedder
        self._pages: dict[str, tuple[Page, ...]] = {}
        for title, text in texts:
            name, number = title or "Passage", 2
            while name in self._pages:
                name, number = f"{title or 'Passage'} ({number})", number + 1
            lines = tuple(Line(sentence, Box(0, 0, 0, 0)) for sentence in split(text))
            self._pages[name] = (Page(1, 0, 0, lines),)

    @classmethod
    def of(cls, pages: Mapping[str, Sequence[Page]], embedder: Embedder) -> Self:
        """Evidence from the pages of documents, by their names."""
        made = cls((), embedder)
        made._pages = {name: tuple(every) for name, every in pages.items()}
        return made

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._pages)

    def passages(
        self, query: str | SearchQuery, k: int = 8, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """Passages cut and ranked as in a library, so that the best part of a long text is read."""
        chunks, vectors = self.embedded
        asked, wanted = self._embedder.query(str(query)), stems(str(query))
        near = [nearness(self._embedder, float(vector @ asked)) for vector in vectors]
        candidates = [
            Candidate(c.id, c.document, c.page, close, _share(wanted, c))
            for c, close in zip(chunks, near, strict=True)
            if documents is None or c.document in documents
        ]
        found = {c.id: c for c in chunks}
        ranked = rank(candidates, {})
        return [
            Hit(found[r.candidate.id], r.score, r.candidate.dense, how)
            for r, how in zip(ranked[:k], legs(ranked, k), strict=True)
        ]

    @cached_property
    def embedded(self) -> tuple[list[StoredChunk], Sequence[Vectors]]:
        """The passages, embedded once: a follow-up is searched alone and with the questions it
        builds on."""
        chunks = [chunk for name, pages in self._pages.items() for chunk in _chunks(name, pages)]
        texts = tuple(f"{c.document}\n{c.text}" for c in chunks)
        # No embedder is equal to another one.
        return chunks, _vectors(self._embedder, texts) if texts else []  # type: ignore[arg-type]

    def page(self, document: str, number: int) -> Page:
        """Raises UnknownDocument."""
        try:
            return next(page for page in self._pages[document] if page.number == number)
        except (StopIteration, KeyError):
            raise UnknownDocument(f"{document} has no page {number}.") from None

    def ledger(self, document: str) -> list[PageLedger]:
        """Empty: the omissions of given passages are unknown."""
        return []

    def embedder(self) -> Embedder:
        return self._embedder


class Joined:
    """A library together with the attachments of the question."""

    def __init__(self, library: Evidence, attached: GivenPassages, about: str) -> None:
        """`about`: words of the attachments, added to the search of the library: a question about
        them ("does this match the order?") does not repeat them."""
        self._library = library
        self._attached = attached
        self._about = about

    def passages(
        self, query: str | SearchQuery, k: int = 8, documents: Collection[str] | None = None
    ) -> list[Hit]:
        """Passages in turn from the attachments, from hits of the question, and of both."""
        rows = [self._attached.passages(query, k), self._library.passages(query, k, documents)]
        if self._about:
            rows.append(self._library.passages(f"{query} {self._about}", k, documents))
        found = {hit.chunk.id: hit for row in zip_longest(*rows) for hit in row if hit}
        return list(found.values())[:k]

    def page(self, document: str, number: int) -> Page:
        """A page of a document or of an attachment. Raises UnknownDocument."""
        return self._of(document).page(document, number)

    def ledger(self, document: str) -> Sequence[PageLedger]:
        """The ledger of each page of a document; empty for attachments."""
        return self._of(document).ledger(document)

    def embedder(self) -> Embedder:
        return self._library.embedder()

    def _of(self, document: str) -> Evidence:
        return self._attached if document in self._attached.names else self._library


@lru_cache(maxsize=8)  # the questions of a conversation find the files that it has embedded
def _vectors(embedder: Embedder, texts: tuple[str, ...]) -> list[Vectors]:
    return list(embedder.passages(texts))


def _chunks(name: str, pages: tuple[Page, ...]) -> list[StoredChunk]:
    """The chunks without hidden text, such as the text of a generated picture."""
    document = Document(sha256="", name=name, title=name, pages=pages)
    return [
        StoredChunk(f"{name}:{number}", name, c.page, c.first, c.last, (), c.text)
        for number, c in enumerate(chunk_document(document))
        if not c.hidden
    ]


def _share(wanted: frozenset[str], chunk: StoredChunk) -> float:
    """The share of the question's words in the chunk or its title: BM25 needs more texts."""
    return len(wanted & stems(f"{chunk.document} {chunk.text}")) / max(len(wanted), 1)


# -- What no name may have in it: of a file, a document, a folder, a conversation

_NO_SIGNS = ("Cc", "Cs")  # control signs, NUL and line ends among them; halves of UTF-16 pairs


def check_name(name: str, what: str) -> None:
    """Raises AssistantError for signs that a file system, a database or a terminal does not take.
    `what` begins the sentence: "The name of a folder"."""
    for at, sign in enumerate(name):
        if unicodedata.category(sign) in _NO_SIGNS:
            raise AssistantError(
                f"{what} cannot have the control sign {sign!a} in it (place {at + 1}). Give"
                " another name."
            )
