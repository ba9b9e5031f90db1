"""How much of each office file is read: word recall against a reference, structure and time.

Prints a row a file for Pincite and, with --candidates, for the other readers that are installed.
"""

import html
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows
from benchmarks import common
from benchmarks.reading.format_readers import READERS
from ingest.document.model import Document
from ingest.errors import PinciteError
from ingest.loaders import load

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)  # the reference writes <!-- image --> for pictures
_WORD = re.compile(r"\w+")
_HEADING = re.compile(r"^#{1,6} ", re.MULTILINE)
_ITEM = re.compile(r"^\s*(?:[-*•▪◦o§·] |\d+[.)] )", re.MULTILINE)
_TABLE = re.compile(r"^\|(?: *:?-+:? *\|)+ *$", re.MULTILINE)


@dataclass(frozen=True)
class Result:
    """What one reader made of one file."""

    file: str
    format: str
    reader: str
    recall: float | None  # None: nothing to compare with
    shape: str
    milliseconds: float
    error: str = ""


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--candidates", action="store_true", help="measure other readers too")
    options.add_argument("--formats", nargs="+", help="only these, such as docx pptx")
    chosen = options.parse_args()
    folder = common.eval_folder(chosen.eval) / "office"
    rows = [row for row in read_rows(folder / "files.jsonl") if _wanted(row, chosen.formats)]
    results = [result for row in rows for result in measured(folder, row, chosen.candidates)]
    print(common.table(["file", "reader", "word recall", "h/l/t", "ms", ""], map(_cells, results)))
    print("\nh/l/t: headings, list items, tables found (in the reference)\n")
    print(common.table(["format", "reader", "files", "median", "worst", "ms"], summary(results)))


def measured(folder: Path, row: dict[str, Any], candidates: bool) -> Iterator[Result]:
    """One file by Pincite and by each candidate for its format."""
    path = folder / "files" / row["file"]
    yield measure(path, row, "pincite", lambda path: markdown(load(path)))
    if candidates:
        for name, (formats, read) in READERS.items():
            if row["format"] in formats:
                yield measure(path, row, name, read)


def measure(path: Path, row: dict[str, Any], reader: str, read: Callable[[Path], str]) -> Result:
    text, error, began = "", "", time.perf_counter()
    try:
        text = read(path)
    except PinciteError as refused:
        error = str(refused)
    except Exception as broken:  # of a candidate: that it breaks is a result
        error = f"{type(broken).__name__}: {broken}".splitlines()[0]
    spent = (time.perf_counter() - began) * 1000
    reference = row["reference_markdown"]
    found = None if reference is None else recall(text, reference)
    shapes = f"{shape(text)} ({shape(reference)})" if reference else shape(text)
    return Result(row["file"], row["format"], reader, found, shapes, spent, error)


def recall(text: str, reference: str) -> float:
    """The share of the reference's words that are in the text, each as often as it stands there."""
    wanted, found = words(reference), words(text)
    return (wanted & found).total() / max(wanted.total(), 1)


def words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(html.unescape(_COMMENT.sub(" ", text)).lower()))


def shape(text: str) -> str:
    return "/".join(str(len(pattern.findall(text))) for pattern in (_HEADING, _ITEM, _TABLE))


def markdown(document: Document) -> str:
    """A document in the notation of the references."""
    shown: list[str] = []
    for page in document.pages:
        if page.title and page.title not in page.text:  # of a sheet: it is no line of it
            shown.append(f"## {page.title}")
        heads = {table.first + max(table.header, 1) - 1: table for table in page.tables}
        for index, line in enumerate(page.lines):
            shown.append(f"{'#' * line.heading} {line.text}" if line.heading else line.text)
            if table := heads.get(index):
                shown.append("|" + " - |" * len(table.rows[0]))
    return "\n".join(shown)


def summary(results: list[Result]) -> Iterator[tuple[object, ...]]:
    """A row for each format and reader."""
    for format, reader in dict.fromkeys((r.format, r.reader) for r in results):
        mine = [r for r in results if (r.format, r.reader) == (format, reader)]
        found = [r.recall for r in mine if r.recall is not None] or [float("nan")]
        spent = statistics.median(r.milliseconds for r in mine)
        median = statistics.median(found)
        yield format, reader, len(mine), f"{median:.3f}", f"{min(found):.3f}", f"{spent:.0f}"


def _wanted(row: dict[str, Any], formats: list[str] | None) -> bool:
    return formats is None or row["format"] in formats


def _cells(result: Result) -> tuple[object, ...]:
    found = "" if result.recall is None else f"{result.recall:.3f}"
    spent = f"{result.milliseconds:.0f}"
    return result.file, result.reader, found, result.shape, spent, result.error


if __name__ == "__main__":
    main()
