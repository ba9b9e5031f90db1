"""Two libraries asked at once, beside one library that holds all: does the right page come up?

The documents of a set are split over two libraries by the hash of their names. Four ways to make
one ranking of two are compared. Of `xquad`, one half of the passages is in English and the other
in German: two embedding models.
"""

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from assistant.evaluation.metrics import (
    Interval,
    bootstrap_interval,
    first_distinct,
    ndcg,
    page_hit,
    paired_difference,
    read_rows,
)
from assistant.settings import Settings
from assistant.wiring.composition import library_in
from benchmarks import common, text_library
from benchmarks.search import scifact
from vectorstore.federation import Federated
from vectorstore.library import Library
from vectorstore.retrieval.fusion import Hit

HITS = 25
ONE = "one library"
SETS = ("northwind", "mmlongbench", "scifact", "xquad")

Score = Callable[[Sequence[Hit]], float]


class Asked(NamedTuple):
    """A question, and how good hits for it are."""

    question: str
    score: Score


class Split(NamedTuple):
    """One library of all documents, and the two parts of it."""

    whole: Library
    parts: tuple[Library, Library]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--sets", nargs="+", default=SETS)
    options = parser.parse_args()
    folder = common.eval_folder(options.eval)
    for name in options.sets:
        with common.fresh_home() as home:
            make = {"scifact": _abstracts, "xquad": _languages}.get(name, _pdfs)
            title, split, asked = make(options, folder, name, home)
            _report(f"{title}: {len(asked)} questions", split, asked)
            for library in (split.whole, *split.parts):
                library.close()


def in_turns(every: Sequence[Sequence[Hit]]) -> list[Hit]:
    """The first of each library, then the second: what reciprocal rank fusion (Cormack, Clarke and
    Büttcher, SIGIR 2009) makes of rankings that share no passage."""
    return [hit for turn in zip_longest(*every) for hit in turn if hit]


def by_score(every: Sequence[Sequence[Hit]]) -> list[Hit]:
    """By the score that each library gives, normalised among its own candidates."""
    return sorted((hit for hits in every for hit in hits), key=lambda hit: -hit.score)


def by_cosine(every: Sequence[Sequence[Hit]]) -> list[Hit]:
    """By the nearness to the question alone."""
    return sorted((hit for hits in every for hit in hits), key=lambda hit: -hit.cosine)


def ways(split: Split) -> Mapping[str, Callable[[str], list[Hit]]]:
    """By their names."""

    def each(question: str) -> list[list[Hit]]:
        return [part.search(question, HITS) for part in split.parts]

    together = Federated(split.parts)
    return {
        ONE: lambda question: split.whole.search(question, HITS),
        "two, ranked together": lambda question: together.search(question, HITS),
        "two, in turns": lambda question: in_turns(each(question)),
        "two, by score": lambda question: by_score(each(question)),
        "two, by cosine": lambda question: by_cosine(each(question)),
    }


def _report(title: str, split: Split, asked: Sequence[Asked]) -> None:
    values: dict[str, list[float]] = {}
    rows: list[list[str | Interval]] = []
    for name, search in ways(split).items():
        search(asked[0].question)  # loads the model
        started = time.perf_counter()
        values[name] = [one.score(search(one.question)) for one in asked]
        milliseconds = (time.perf_counter() - started) / len(asked) * 1000
        difference = "" if name == ONE else paired_difference(values[name], values[ONE])
        rows.append([name, bootstrap_interval(values[name]), difference, f"{milliseconds:.0f}"])
    print(f"\n## {title}\n")
    print(common.table(["", "score", f"difference to {ONE}", "ms a search"], rows), flush=True)


def _second(name: str) -> bool:
    """Whether a document is in the second part."""
    return hashlib.sha256(f"half {name}".encode()).digest()[0] % 2 == 1


def _pdfs(options: Any, folder: Path, name: str, home: Path) -> tuple[str, Split, list[Asked]]:
    pdfs = common.pdf_set(folder, name)
    split = _split(options, home)
    split.whole.add(pdfs.pdfs)
    for second, part in enumerate(split.parts):
        part.add([path for path in pdfs.pdfs if _second(path.name) == second])

    def score(evidence: Any) -> Score:
        def hit(hits: Sequence[Hit]) -> float:
            pages = first_distinct(((Path(h.document).name, h.page) for h in hits), 5)
            return float(page_hit(pages, evidence, 1))

        return hit

    asked = [Asked(one.question, score(one.evidence)) for one in pdfs.questions]
    sizes = " and ".join(str(part.size()[0]) for part in split.parts)
    return f"{name}, {sizes} PDFs, page hit@5 (one page off counts)", split, asked


def _abstracts(options: Any, folder: Path, name: str, home: Path) -> tuple[str, Split, list[Asked]]:
    corpus = read_rows(folder / name / "corpus.jsonl")
    claims = read_rows(folder / name / scifact.SETS[name])
    split = _split(options, home)
    for library, rows in _divided(split, corpus):
        for row in rows:
            text = scifact.text_of(row)
            text_library.put(library, row["_id"], row["title"], [[text]])
        library.index.sync()

    def score(relevant: Any) -> Score:
        return lambda hits: ndcg([Path(hit.document).name for hit in hits], relevant, 10)

    return f"{name}, nDCG@10", split, [Asked(c["text"], score(c["relevant"])) for c in claims]


def _divided(split: Split, rows: Sequence[Any]) -> Iterator[tuple[Library, list[Any]]]:
    yield split.whole, list(rows)
    for second, part in enumerate(split.parts):
        yield part, [row for row in rows if _second(row["_id"]) == second]


def _languages(options: Any, folder: Path, name: str, home: Path) -> tuple[str, Split, list[Asked]]:
    texts = home / "texts"
    for second, language in enumerate(("en", "de")):
        (texts / language).mkdir(parents=True)
        for row in read_rows(folder / name / f"corpus.{language}.jsonl"):
            if _second(row["_id"]) == second:
                file = texts / language / f"{row['_id']}.txt"
                file.write_text(row["text"], "utf-8")
    split = _split(options, home)
    split.whole.add([texts / "en", texts / "de"])
    for part, language in zip(split.parts, ("en", "de"), strict=True):
        part.add([texts / language])
        common.say(f"{language}: {part.embedder().identity}")

    def score(document: str) -> Score:
        return lambda hits: float(document in [Path(hit.document).stem for hit in hits[:5]])

    asked = [
        Asked(row["question"], score(row["evidence"][0]["doc_id"]))
        for language in ("en", "de")
        for row in read_rows(folder / name / f"questions.{language}.jsonl")[::4]
    ]
    title = f"{name}, 60 English and 60 German passages, questions in both, hit@5"
    shutil.rmtree(texts)
    return title, split, asked


def _split(options: Any, home: Path) -> Split:
    settings = Settings.load()
    opened = [library_in(settings, home / name, name) for name in ("all", "first", "second")]
    return Split(opened[0], (opened[1], opened[2]))


if __name__ == "__main__":
    main()
