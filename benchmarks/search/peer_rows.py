"""What peers with an environment of their own share: which PDFs and questions, which file."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks import common

HITS = 25  # asked for, so that five different pages are among them

Hit = tuple[str, int, float]  # document, page from 1, score
Rankings = Callable[[Path, Sequence[Path], Sequence[str], int], Iterator[list[Hit]]]


def main(name: str, rankings: Rankings) -> None:
    """Ask one peer all questions of some sets, and save the rows that `retrieval` reads."""
    parser = common.parser(f"Rankings of {name} for benchmarks.search.retrieval.")
    parser.add_argument("--sets", nargs="+", default=["northwind", "mmlongbench"])
    options = parser.parse_args()
    folder = common.eval_folder(options.eval)
    for each in options.sets:
        pdfs = common.pdf_set(folder, each)
        asked = [question.question for question in pdfs.questions]
        found = rankings(common.model(options, "embedding"), pdfs.pdfs, asked, HITS)
        rows = (
            {"id": question.id, "hits": [dict(zip(FIELDS, hit, strict=True)) for hit in hits]}
            for question, hits in zip(pdfs.questions, found, strict=True)
        )
        common.write_rows(options.cache / f"retrieval-{each}-{name}.jsonl", rows)


FIELDS = ("document", "page", "score")
