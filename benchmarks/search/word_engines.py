"""Is tantivy a faster BM25 than SQLite's FTS5, and does it rank as well?

Passages are three sentences of SciFact's abstracts, drawn at random until there are enough, so that
words are as frequent as in real text; queries are SciFact's claims, as `words.match` reads them.
Both engines are asked for the best 100. Times are of the processor, because other programs run
beside; ranks are compared by nDCG@10 on SciFact's own abstracts.
"""

import argparse
import json
import math
import os
import random
import re
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ingest.language import words
from vectorstore.word_index import TantivyIndex

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


def fts5(place: Path, texts: Sequence[str] | Iterator[str]) -> Search:
    """As the catalogue has it."""
    database = sqlite3.connect(place / "words.sqlite")
    database.execute("PRAGMA mmap_size = 0")
    database.execute(
        "CREATE VIRTUAL TABLE chunk_words USING fts5 (text, tokenize = 'porter unicode61')"
    )
    rows = ((number, words.indexed_passage(text, [])) for number, text in enumerate(texts))
    database.executemany("INSERT INTO chunk_words (rowid, text) VALUES (?, ?)", rows)
    database.commit()
    asked = "SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? ORDER BY rank LIMIT ?"

    def search(query: str, k: int) -> list[int]:
        match = words.match(query)
        return [row for (row,) in database.execute(asked, (match, k))] if match else []

    return search


def by_tantivy(place: Path, texts: Sequence[str] | Iterator[str]) -> Search:
    """As large libraries have it beside the catalogue."""
    index = TantivyIndex(place)
    index.add((f"{number}:0", words.indexed_passage(text, [])) for number, text in enumerate(texts))

    def search(query: str, k: int) -> list[int]:
        match = words.match(query)
        found = index.nearest(match, k) if match else []
        return [int(id.partition(":")[0]) for id, _ in found]

    return search


Make = Callable[[Path, Sequence[str] | Iterator[str]], Search]
ENGINES: dict[str, Make] = {"FTS5": fts5, "tantivy": by_tantivy}


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
