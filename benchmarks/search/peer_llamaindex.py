"""Another peer: the VectorStoreIndex of LlamaIndex with its defaults, over pages as it reads them.

Run as a program it writes rankings for `benchmarks.search.retrieval --peers llamaindex`. LlamaIndex
needs an environment of its own: pip install llama-index-core pypdf sentence-transformers.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pypdf
from llama_index.core import Document, Settings, VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from pydantic import PrivateAttr
from sentence_transformers import SentenceTransformer

from benchmarks.search import peer_rows


class MiniLM(BaseEmbedding):
    """What llama-index-embeddings-huggingface does, for one folder."""

    _model: Any = PrivateAttr()

    def __init__(self, folder: Path) -> None:
        super().__init__(model_name=folder.name)
        self._model = SentenceTransformer(str(folder), device="cpu")

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._model.encode(texts, normalize_embeddings=True).tolist()
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embeddings([query])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


def pages(paths: Iterable[Path]) -> Iterator[Document]:
    """A document for each page, as LlamaIndex's PDFReader makes them (with pypdf)."""
    for path in paths:
        for number, page in enumerate(pypdf.PdfReader(path).pages, start=1):
            metadata = {"page_label": str(number), "file_name": path.name}
            yield Document(text=page.extract_text(), metadata=metadata)


def rankings(
    embedder: Path, pdfs: Sequence[Path], questions: Sequence[str], k: int
) -> Iterator[list[peer_rows.Hit]]:
    """The k nearest nodes of each question, best first."""
    Settings.llm = None  # else it looks for OpenAI
    index = VectorStoreIndex.from_documents(list(pages(pdfs)), embed_model=MiniLM(embedder))
    retriever = index.as_retriever(similarity_top_k=k)
    for question in questions:
        yield [
            (found.metadata["file_name"], int(found.metadata["page_label"]), found.score or 0.0)
            for found in retriever.retrieve(question)
        ]


if __name__ == "__main__":
    peer_rows.main("llamaindex", rankings)
