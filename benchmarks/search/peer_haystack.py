"""Another peer: Haystack's indexing and retrieval pipeline with the defaults of its components.

Run as a program it writes rankings for `benchmarks.search.retrieval --peers haystack`. Haystack
needs an environment of its own: pip install haystack-ai pypdf sentence-transformers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from haystack.components.converters import PyPDFToDocument
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from sentence_transformers import SentenceTransformer

from benchmarks.search import peer_rows


def rankings(
    embedder: Path, pdfs: Sequence[Path], questions: Sequence[str], k: int
) -> Iterator[list[peer_rows.Hit]]:
    """The k nearest passages of each question, best first: 200 words each, none shared."""
    documents = PyPDFToDocument().run(sources=list(pdfs))["documents"]
    splitter = DocumentSplitter()
    splitter.warm_up()
    passages = splitter.run(documents)["documents"]
    model = SentenceTransformer(str(embedder), device="cpu")  # as its embedders do
    vectors = model.encode([passage.content for passage in passages])
    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    store.write_documents(
        [replace(p, embedding=v.tolist()) for p, v in zip(passages, vectors, strict=True)]
    )
    retriever = InMemoryEmbeddingRetriever(store, top_k=k)
    for question in questions:
        found = retriever.run(model.encode(question).tolist())["documents"]
        yield [
            (Path(d.meta["file_path"]).name, int(d.meta["page_number"]), d.score or 0.0)
            for d in found
        ]


if __name__ == "__main__":
    peer_rows.main("haystack", rankings)
