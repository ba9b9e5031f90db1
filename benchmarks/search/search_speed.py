"""How long does a search take in a library of 20,000 chunks? The embedding of the query included.

The chunks are windows of three sentences of SciFact's abstracts, with real vectors, in documents
of forty abstracts. The peer's Chroma holds the same texts and, to save half an hour, the same
vectors; it embeds each query itself.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from assistant.evaluation.metrics import read_rows
from benchmarks import common, text_library
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library

CHUNKS = 20_000
PAGES = 40  # abstracts of one document
WARM = 5  # first searches, which load the model and the index
TARGET_MS = 60

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--searches", type=int, default=300)
    parser.add_argument("--only", choices=("langchain", "pincite"), help="run one system")
    options = parser.parse_args()
    folder = common.eval_folder(options.eval) / "scifact"
    home = options.cache / "search-speed"
    fill(options, folder, home)
    claims = read_rows(folder / "queries_train_dev.jsonl")[: options.searches + WARM]
    body = []
    if options.only != "langchain":
        body.append(["pincite", *figures(pincite_seconds(options, home, claims))])
    if options.only != "pincite":
        body.append(["langchain", *figures(langchain_seconds(options, home, claims))])
    print(f"\n## Search in {CHUNKS} chunks, {options.searches} searches\n")
    print(f"Target: p95 at most {TARGET_MS} ms.\n")
    print(common.table(["", "p50 ms", "p95 ms", "max ms", "first search, ms"], body))


def opened(options: Any, home: Path) -> Library:
    embedder = common.model(options, "embedding")
    return Library(home / "libraries" / "main", "main", lambda: load_embedder(embedder))


def fill(options: Any, folder: Path, home: Path) -> None:
    """Make the library once; it is kept in the cache."""
    with opened(options, home) as library:
        have = {info.document for info in library.documents()}
        if sum(info.chunks for info in library.documents()) == CHUNKS:
            return
        common.say(f"embedding {CHUNKS} chunks, once")
        for name, pages in documents(read_rows(folder / "corpus.jsonl")):
            if name not in have:
                text_library.put(library, name, name, pages)
        library.index.sync()


def documents(corpus: list[dict[str, Any]]) -> Iterator[tuple[str, list[list[str]]]]:
    left = CHUNKS
    for start in range(0, len(corpus), PAGES):
        pages = []
        for row in corpus[start : start + PAGES]:
            pages.append(windows(row["text"])[:left])
            left -= len(pages[-1])
        if any(pages):
            yield f"abstracts {start // PAGES + 1}.pdf", pages


def windows(text: str) -> list[str]:
    sentences = _END.split(text)
    return [" ".join(sentences[i : i + 3]) for i in range(0, max(1, len(sentences) - 1), 2)]


def pincite_seconds(options: Any, home: Path, claims: list[dict[str, Any]]) -> list[float]:
    batch = home / "batch.jsonl"
    common.write_rows(batch, ({"id": row["_id"], "question": row["text"]} for row in claims))
    environment = common.environment(home, options, "embedding")
    rows = common.pincite(environment, "search", "--batch", batch, "-k", "8")
    return [row["seconds"] for row in rows]


def langchain_seconds(options: Any, home: Path, claims: list[dict[str, Any]]) -> list[float]:
    from benchmarks.peer_langchain import LangChainPeer

    peer = LangChainPeer(common.model(options, "embedding"), home / "langchain")
    copy_vectors(options, home, peer)
    seconds = []
    for row in claims:
        started = time.perf_counter()
        peer.search(row["text"], 8)
        seconds.append(time.perf_counter() - started)
    return seconds


def copy_vectors(options: Any, home: Path, peer: Any) -> None:
    collection = peer.store._collection
    if collection.count() == CHUNKS:
        return
    with opened(options, home) as library:
        ids, vectors = library._catalog.passages.vectors()
        for start in range(0, len(ids), 2000):
            some = ids[start : start + 2000]
            chunks = library._catalog.passages.chunks(some)
            collection.upsert(
                ids=some,
                embeddings=vectors[start : start + 2000],
                documents=[chunks[id].text for id in some],
                metadatas=[{"source": chunks[id].document, "page": chunks[id].page} for id in some],
            )


def figures(seconds: list[float]) -> list[str]:
    warm = np.array(seconds[WARM:]) * 1000
    values = [*np.percentile(warm, [50, 95]), warm.max(), seconds[0] * 1000]
    return [f"{value:.1f}" for value in values]


if __name__ == "__main__":
    main()
