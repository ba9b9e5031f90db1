"""The peer: the retrieval pipeline that LangChain's tutorial builds, with nothing tuned.

Run as a program it adds PDFs to a store, so that a whole process can be measured.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pypdf
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

# The text of rlm/rag-prompt.
PROMPT = """You are an assistant for question-answering tasks. \
Use the following pieces of retrieved context to answer the question. \
If you don't know the answer, just say that you don't know. \
Use three sentences maximum and keep the answer concise.
Question: {question}
Context: {context}
Answer:"""

# Chroma refuses more rows than this in one call; the tutorial's single document never meets it.
MOST_ROWS_PER_CALL = 5000


@dataclass(frozen=True)
class PeerHit:
    """A chunk that was found, best first."""

    document: str
    page: int
    score: float
    text: str


@dataclass(frozen=True)
class PeerAnswer:
    """What the model wrote, what it read, and how long a person waited."""

    text: str
    hits: tuple[PeerHit, ...]
    seconds_first_token: float
    seconds_total: float
    prompt_tokens: int


class LangChainPeer:
    """pypdf pages, 1000-character chunks, MiniLM, Chroma, the four nearest, one prompt."""

    def __init__(
        self, embedder: Path, store: Path, gguf: Path | None = None, threads: int | None = None
    ) -> None:
        self.store = Chroma(
            collection_name="peer",
            embedding_function=HuggingFaceEmbeddings(model_name=str(embedder)),
            persist_directory=str(store),
        )
        self.splitter = RecursiveCharacterTextSplitter(
            chunk_size=1000, chunk_overlap=200, add_start_index=True
        )
        self._gguf = gguf
        self._threads = threads
        self._model: Any = None

    def add(self, paths: Iterable[Path]) -> tuple[int, int]:
        """Read, cut, embed and store PDFs; returns the numbers of pages and chunks.

        Files that pypdf cannot read are left out, and named on standard error.
        """
        return self._add([page for path in paths for page in readable_pages(path)])

    def add_texts(self, passages: Iterable[tuple[str, str, str]]) -> tuple[int, int]:
        """The same for passages of text, each (id, title, text)."""
        return self._add(
            [
                Document(f"{title}\n{text}", metadata={"source": id, "page": 1})
                for id, title, text in passages
            ]
        )

    def _add(self, pages: list[Document]) -> tuple[int, int]:
        chunks = self.splitter.split_documents(pages)
        for start in range(0, len(chunks), MOST_ROWS_PER_CALL):
            self.store.add_documents(chunks[start : start + MOST_ROWS_PER_CALL])
        return len(pages), len(chunks)

    def search(self, question: str, k: int = 4) -> list[PeerHit]:
        found = self.store.similarity_search_with_score(question, k=k)
        return [
            PeerHit(doc.metadata["source"], doc.metadata["page"], -distance, doc.page_content)
            for doc, distance in found
        ]

    def answer(self, question: str, k: int = 4) -> PeerAnswer:
        """Retrieve and answer, as the tutorial's graph does."""
        started = time.perf_counter()
        return self.answer_from(question, self.search(question, k), started)

    def answer_from(
        self, question: str, hits: Sequence[PeerHit], started: float | None = None
    ) -> PeerAnswer:
        """Answer from given passages."""
        started = started or time.perf_counter()
        prompt = PROMPT.format(question=question, context="\n\n".join(hit.text for hit in hits))
        text, first = "", 0.0
        for piece in self._stream(prompt):
            first = first or time.perf_counter() - started
            text += piece
        total = time.perf_counter() - started
        tokens = len(self._model.tokenize(prompt.encode()))
        return PeerAnswer(text.strip(), tuple(hits), first, total, tokens)

    def _stream(self, prompt: str) -> Iterable[str]:
        parts = self._llama().create_chat_completion(
            messages=[{"role": "user", "content": prompt}],
            temperature=0,
            max_tokens=200,
            stream=True,
        )
        pieces = (part["choices"][0]["delta"].get("content") for part in parts)
        return (piece for piece in pieces if piece)

    def _llama(self) -> Any:
        if self._model is None:
            import llama_cpp  # only answers need it

            if self._gguf is None:
                raise ValueError("answers need a GGUF file")
            self._model = llama_cpp.Llama(
                str(self._gguf), n_ctx=4096, n_threads=self._threads, verbose=False
            )
        return self._model


def readable_pages(path: Path) -> list[Document]:
    """The pages of a PDF; none when pypdf cannot read one of them."""
    try:
        return read_pages(path)
    except Exception as error:  # pypdf has many, and raises others of Python's own
        print(f"langchain cannot read {path.name}: {error!r}", file=sys.stderr, flush=True)
        return []


def read_pages(path: Path) -> list[Document]:
    """One Document per page; pages without text are kept, as the tutorial's loader keeps them."""
    return [
        Document(page.extract_text(), metadata={"source": path.name, "page": number})
        for number, page in enumerate(pypdf.PdfReader(path).pages, start=1)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="+", type=Path, metavar="PDF")
    parser.add_argument("--embedder", required=True, type=Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--store", required=True, type=Path, help="folder for Chroma")
    options = parser.parse_args()
    started = time.perf_counter()
    pages, chunks = LangChainPeer(options.embedder, options.store).add(options.paths)
    seconds = time.perf_counter() - started
    print(json.dumps({"pages": pages, "chunks": chunks, "seconds": round(seconds, 2)}))


if __name__ == "__main__":
    main()
