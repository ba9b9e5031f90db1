"""SciFact and Cranfield, nDCG@10: dense MiniLM alone, BM25 alone, and Pincite's fusion of the two.

Each abstract is one chunk of one document. `legs` alone knows how Pincite ranks.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assistant.evaluation.metrics import bootstrap_interval, ndcg, paired_difference, read_rows
from benchmarks import common, text_library
from vectorstore.embedding.embedder import load_embedder
from vectorstore.library import Library
from vectorstore.retrieval import fusion as ranking
from vectorstore.retrieval.search import Sought

FP32 = "dense MiniLM, fp32"
INT8 = "dense MiniLM, Pincite's int8"
BM25 = "BM25 leg"
FUSION = "fusion of the legs"
WHOLE = "Pincite's search"
KEPT = 10
SETS = {"scifact": "queries_train_dev.jsonl", "cranfield": "queries.jsonl"}

Row = dict[str, Any]


def run(options: Any, folder: Path, name: str = "scifact") -> None:
    """Rank the abstracts of a set for each query with every method, and print the table."""
    corpus = read_rows(folder / name / "corpus.jsonl")
    claims = read_rows(folder / name / SETS[name])
    rows: list[Row] = []
    if options.only != "pincite":
        path = options.cache / f"{name}-langchain.jsonl"
        rows += common.saved(
            path, options.reuse, lambda: reference_rankings(options, corpus, claims)
        )
    if options.only != "langchain":
        path = options.cache / f"{name}-pincite.jsonl"
        rows += common.saved(path, options.reuse, lambda: pincite_rankings(options, corpus, claims))
    report(rows, claims, name)


def report(rows: list[Row], claims: list[Row], name: str) -> None:
    ranked = {(row["method"], row["id"]): row["ranking"] for row in rows}
    values = {
        method: [ndcg(ranked[method, claim["_id"]], claim["relevant"], KEPT) for claim in claims]
        for method in dict.fromkeys(row["method"] for row in rows)
    }
    base = values.get(FP32)
    body = [
        [method, bootstrap_interval(scores), paired_difference(scores, base) if base else "-"]
        for method, scores in values.items()
    ]
    print(f"\n## {name}: {len(claims)} queries\n")
    print(common.table(["", "nDCG@10", f"difference to {FP32}"], body))


def text_of(row: Row) -> str:
    return f"{row['title']}\n{row['text']}"


def reference_rankings(options: Any, corpus: list[Row], claims: list[Row]) -> Iterator[Row]:
    """Sentence-transformers in fp32, every abstract compared with every claim."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(common.model(options, "embedding")), device="cpu")
    common.say(f"sentence-transformers embeds {len(corpus)} abstracts")
    passages, queries = (
        model.encode(texts, normalize_embeddings=True, convert_to_numpy=True)
        for texts in ([text_of(row) for row in corpus], [claim["text"] for claim in claims])
    )
    ids = [row["_id"] for row in corpus]
    for claim, scores in zip(claims, queries @ passages.T, strict=True):
        yield ranking_row(FP32, claim, best(ids, scores))


def best(ids: Sequence[str], scores: Any) -> list[str]:
    return [ids[index] for index in np.argsort(-scores, kind="stable")[:KEPT]]


def ranking_row(method: str, claim: Row, ranking: Sequence[str]) -> Row:
    return {"method": method, "id": claim["_id"], "ranking": list(ranking[:KEPT])}


def pincite_rankings(options: Any, corpus: list[Row], claims: list[Row]) -> Iterator[Row]:
    """Pincite's legs and their fusion, from a library whose documents are the abstracts."""
    embedder = load_embedder(common.model(options, "embedding"))
    with (
        tempfile.TemporaryDirectory() as folder,
        Library(Path(folder), "scifact", lambda: embedder) as library,
    ):
        fill(library, corpus)
        vectors = vectors_by_document(library, corpus)
        for claim in claims:
            yield from legs(library, vectors, [row["_id"] for row in corpus], claim)


def fill(library: Library, corpus: list[Row]) -> None:
    common.say(f"Pincite embeds {len(corpus)} abstracts")
    for row in corpus:
        text_library.put(library, row["_id"], row["title"], [[text_of(row)]])
    library.index.sync()


def vectors_by_document(library: Library, corpus: list[Row]) -> Any:
    ids, matrix = library._catalog.passages.vectors()
    row_of = {id: index for index, id in enumerate(ids)}
    return matrix[[row_of[text_library.first_chunk(row["_id"])] for row in corpus]]


def legs(library: Library, vectors: Any, ids: list[str], claim: Row) -> Iterator[Row]:
    query = claim["text"]
    vector = library.embedder().query(query)
    yield ranking_row(INT8, claim, best(ids, vectors @ vector))
    found = [chunk for chunk, _ in library._catalog.passages.bm25(query, KEPT)]
    places = library._catalog.passages.places(found)
    yield ranking_row(BM25, claim, [places[chunk][0] for chunk in found])
    everywhere = Sought(query, query, None, False, frozenset())
    candidates = library._search._candidates(everywhere, vector)
    fused = ranking.rank(candidates, {})
    yield ranking_row(FUSION, claim, [ranked.candidate.document for ranked in fused])
    whole = library.search(query, KEPT)
    yield ranking_row(WHOLE, claim, [hit.document for hit in whole])
