"""Do words rank as well in PostgreSQL as in SQLite's FTS5, and how fast are they found?

SciFact's abstracts as passages of a catalogue in a PostgreSQL that is started for it, asked with
its claims: by BM25 in an index of its own (what Pincite uses) and by PostgreSQL's `ts_rank_cd`.
Then passages of three of its sentences, as in `benchmarks.search.word_engines`. Times are of the
clock, since the server is another process.
"""

import argparse
import json
import os
import re
import statistics
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.search.word_engines import QUERIES, K, drawn, ndcg
from ingest.language import words
from tests.servers.postgres_process import PostgresProcess
from vectorstore.team.postgres import Server
from vectorstore.team.postgres_catalog import Bm25, PostgresCatalog

_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_RANKED = (
    "SELECT rowid - 1 FROM chunk_words, to_tsquery('words', ?) AS asked WHERE terms @@ asked"
    " ORDER BY ts_rank_cd(terms, asked, 1) DESC LIMIT ?"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, default=os.environ.get("PINCITE_TEST_EVAL"))
    parser.add_argument("--passages", type=int, nargs="*", default=[20_000])
    options = parser.parse_args()
    folder = Path(options.eval) / "scifact"
    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    claims = [
        json.loads(line) for line in (folder / "queries_train_dev.jsonl").open(encoding="utf-8")
    ]
    process = PostgresProcess()
    try:
        server = Server(process.address)
        database = filled(server, "bench", (f"{r.get('title', '')} {r['text']}" for r in corpus))
        for name, search in {"BM25": by_bm25, "ts_rank_cd": by_rank}.items():
            found = ndcg(lambda asked, k, search=search: search(database, asked, k), corpus, claims)
            print(f"{name}: nDCG@10 {found:.4f} on {len(corpus):,} abstracts", flush=True)
        sentences = [part for row in corpus for part in _END.split(row["text"])]
        for count in options.passages:
            timed(server, sentences, count, [claim["text"] for claim in claims])
    finally:
        process.remove()


def timed(server: Server, sentences: list[str], count: int, asked: list[str]) -> None:
    begun = time.perf_counter()
    database = filled(server, f"bench_{count}", drawn(sentences, count))
    built = time.perf_counter() - begun
    database.all("VACUUM ANALYZE")
    spent = []
    for query in asked[: QUERIES + 5]:
        now = time.perf_counter()
        by_bm25(database, query, K)
        spent.append((time.perf_counter() - now) * 1000)
    points = statistics.quantiles(spent[5:], n=20)
    size = "SELECT sum(pg_total_relation_size(?::regclass))"
    taken = sum(
        int(database.all(size, f"{database.namespace}.{table}")[0][0])
        for table in ("posting", "chunk_words")
    )
    print(
        f"{count:,} passages: p50 {points[9]:.1f} ms, p95 {points[18]:.1f} ms; written in "
        f"{built:.0f} s, {taken >> 20} MB",
        flush=True,
    )


def filled(server: Server, namespace: str, texts: Iterable[str]) -> PostgresCatalog:
    """A catalogue of one document with these passages."""
    database = PostgresCatalog(server, namespace, make=True)
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO document (sha256, name, title, status, pages, chunks, extracted,"
            " ocr, dropped, empty, added) VALUES ('', 'all', '', '', 0, 0, 0, 0, 0, 0, '')"
        )
        said = [(number, text) for number, text in enumerate(texts, 1)]
        connection.executemany(
            "INSERT INTO chunk (rowid, id, document_id, page, first, last, headings, text, vector)"
            " VALUES (?, ?, 1, 1, 0, 0, '[]', '', ?)",
            [(number, str(number), b"") for number, _ in said],
        )
        connection.executemany(
            "INSERT INTO chunk_words (rowid, text) VALUES (?, ?)",
            [(number, words.indexed_passage(text, [])) for number, text in said],
        )
    database.all("ANALYZE")
    return database


def by_bm25(database: PostgresCatalog, query: str, k: int) -> list[int]:
    match = words.match(query)
    found = Bm25(database).passages(match, k, False, None) if match else []
    return [int(id) - 1 for id, _ in found]


def by_rank(database: PostgresCatalog, query: str, k: int) -> list[int]:
    asked = " | ".join(
        dict.fromkeys(re.findall(r"\w+", " ".join(re.findall(r'"([^"]*)"', words.match(query)))))
    )
    return [row for (row,) in database.all(_RANKED, asked, k)] if asked else []


if __name__ == "__main__":
    main()
