"""Is BM25 faster when only passages with a rare word of the query are scored, and as good?

Passages are three sentences of SciFact's abstracts, drawn at random until there are enough, so that
words are as frequent as in real text; queries are SciFact's claims, as `words.match` reads them.
Both ways are asked for the best 100. Times are of the processor, because other programs run
beside; ranks are compared by nDCG@10 on SciFact's own abstracts.
"""

import argparse
import json
import math
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ingest.language import words
from vectorstore.catalog import passages
from vectorstore.catalog.catalog import Catalog

K, QUERIES = 100, 60
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
Search = Callable[[str, int], list[int]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, default=os.environ.get("PINCITE_TEST_EVAL"))
    parser.add_argument("--passages", type=int, nargs="*", default=[100_000, 1_000_000])
    options = parser.parse_args()
    folder = Path(options.eval) / "scifact"
    corpus = [json.loads(line) for line in (folder / "corpus.jsonl").open(encoding="utf-8")]
    claims = [
        json.loads(line) for line in (folder / "queries_train_dev.jsonl").open(encoding="utf-8")
    ]
    texts = [f"{row.get('title', '')} {row['text']}" for row in corpus]
    for name, make in ENGINES.items():
        with tempfile.TemporaryDirectory(prefix="pincite-words-") as place:
            search = make(Path(place), texts)
            print(f"{name}: nDCG@10 {ndcg(search, corpus, claims):.4f} on {len(texts):,} abstracts")
    sentences = [part for row in corpus for part in _END.split(row["text"])]
    for count in options.passages:
        for name, make in ENGINES.items():
            with tempfile.TemporaryDirectory(prefix="pincite-words-") as place:
                _timed(name, make, Path(place), sentences, count, [c["text"] for c in claims])


def _timed(
    name: str, make: "Make", place: Path, sentences: Sequence[str], count: int, asked: list[str]
) -> None:
    begun = time.process_time()
    search = make(place, drawn(sentences, count))
    built = time.process_time() - begun
    spent, clock = [], []
    for query in asked[: QUERIES + 5]:
        used, now = time.process_time(), time.perf_counter()
        search(query, K)
        spent.append((time.process_time() - used) * 1000)
        clock.append((time.perf_counter() - now) * 1000)
    size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file()) >> 20
    points = statistics.quantiles(spent[5:], n=20)
    longest = statistics.quantiles(clock[5:], n=20)[18]
    print(
        f"{count:,} passages, {name}: processor p50 {points[9]:.1f} ms, p95 {points[18]:.1f} ms, "
        f"clock p95 {longest:.0f} ms; built in {built:.0f} s of the processor, {size} MB",
        flush=True,
    )


def drawn(sentences: Sequence[str], count: int) -> Iterator[str]:
    pick = random.Random(1)
    for _ in range(count):
        yield " ".join(pick.choices(sentences, k=3))


def fts5(place: Path, texts: Sequence[str] | Iterator[str], large: int) -> Search:
    """As the catalogue has it; libraries of `large` passages are asked by their rare words."""
    catalog = Catalog(place / "catalog.sqlite", "main")
    with catalog.writing() as connection:
        connection.execute(
            "INSERT INTO document (sha256, name, title, status, pages, chunks, extracted,"
            " ocr, dropped, empty, added) VALUES ('', 'all', '', '', 0, 0, 0, 0, 0, 0, '')"
        )
        for number, text in enumerate(texts):
            connection.execute(
                "INSERT INTO chunk (rowid, id, document_id, page, first, last, headings, text,"
                " vector) VALUES (?, ?, 1, 1, 0, 0, '[]', '', x'')",
                (number, str(number)),
            )
            connection.execute(
                "INSERT INTO chunk_words (rowid, text) VALUES (?, ?)",
                (number, words.indexed_passage(text, [])),
            )

    def search(query: str, k: int) -> list[int]:
        passages.LARGE = large
        return [int(id) for id, _ in catalog.passages.bm25(query, k)]

    return search


Make = Callable[[Path, Sequence[str] | Iterator[str]], Search]
ENGINES: dict[str, Make] = {
    "all words": partial(fts5, large=sys.maxsize), "rare words": partial(fts5, large=0),
}  # fmt: skip


def ndcg(search: Search, corpus: list[dict[str, str]], claims: list[dict[str, Any]]) -> float:
    """Of the claims, whose right abstracts are known."""
    known = {str(row["_id"]): number for number, row in enumerate(corpus)}
    gained = []
    for claim in claims:
        right = {known[one] for one in claim["relevant"] if one in known}
        found = search(claim["text"], 10)
        won = sum(1 / math.log2(at + 2) for at, row in enumerate(found) if row in right)
        best = sum(1 / math.log2(at + 2) for at in range(min(10, len(right))))
        gained.append(won / best if best else 0.0)
    return statistics.mean(gained)


if __name__ == "__main__":
    main()
