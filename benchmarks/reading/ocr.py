"""How well are scans read? Errors a letter on clean pages, words found on receipts, and which
pages of PDFs are recognised at all.

Files are read by the loaders as `pincite add` does it, one after the other in this process, after
a first one that loads the models. Seconds are those of the processor, all threads together: they
do not depend on what else the machine does.
"""

import re
import resource
import statistics
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import numpy as np

from assistant.evaluation.metrics import read_rows
from benchmarks import common
from ingest.document.model import Document, Page, count
from ingest.document.source import Engines
from ingest.errors import PinciteError
from ingest.loaders import load
from ingest.pdf import loader as pdf_loader
from ingest.pdf import pdfium

ERRORS, WORDS = 0.03, 0.85  # wanted: at most, at least
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Score:
    """What one engine made of one file."""

    file: str
    errors: float  # changed, missing and invented letters, for each letter that is there
    words: float  # the share of the words that were found, each as often as it is there
    confidence: float
    seconds: float  # of the processor
    receipt: bool


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--pdfs", type=Path, nargs="*", default=[], help="folders: which pages?")
    options.add_argument("--read", type=int, default=0, help="recognise so many of those pages")
    options.add_argument("--show", action="store_true", help="print what was read")
    chosen = options.parse_args()
    for folder in chosen.pdfs:
        pages_of(folder, chosen.read)
    if not chosen.pdfs:
        for engine in ["rapidocr", *(["tesseract"] if which("tesseract") else [])]:
            accuracy(common.eval_folder(chosen.eval) / "ocr", Engines(engine), chosen.show)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"\nPeak memory of this process: {peak / 1024:.0f} MB")


def accuracy(folder: Path, engines: Engines, show: bool) -> None:
    rows = list(read_rows(folder / "ocr.jsonl"))
    load(folder / "images" / rows[0]["file"], engines)  # loads the models
    scores = [score(folder / "images", row, engines, show) for row in rows]
    print(
        f"\n## {engines.ocr}\n\n| file | errors | words | confidence | s |\n|---|---|---|---|---|"
    )
    for one in sorted(scores, key=lambda one: (one.receipt, one.file)):
        print(
            f"| {one.file} | {one.errors:.3f} | {one.words:.3f} | {one.confidence:.3f} "
            f"| {one.seconds:.1f} |"
        )
    clean = [one for one in scores if not one.receipt]
    receipts = [one for one in scores if one.receipt]
    print(
        f"\nClean pages: errors {statistics.fmean(one.errors for one in clean):.3f} on the mean, "
        f"{max(one.errors for one in clean):.3f} at most (wanted: {ERRORS}). "
        f"Receipts: {statistics.fmean(one.words for one in receipts):.3f} of the words on the "
        f"mean, {min(one.words for one in receipts):.3f} at least (wanted: {WORDS})."
    )


def score(folder: Path, row: dict[str, Any], engines: Engines, show: bool) -> Score:
    started = time.process_time(), resource.getrusage(resource.RUSAGE_CHILDREN)
    document = load(folder / row["file"], engines)
    seconds = time.process_time() - started[0] + _children() - _children(started[1])
    found = "\n".join(page.text for page in document.pages)
    if show:
        print(f"----- {engines.ocr}: {row['file']}\n{found}")
    truth, read = plain(row["text"]), plain(found)
    errors = distance(truth, read) / len(truth)
    receipt = row["file"].startswith("receipt")
    return Score(row["file"], errors, recall(truth, read), _confidence(document), seconds, receipt)


def _children(usage: resource.struct_rusage | None = None) -> float:
    usage = usage or resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def plain(text: str) -> str:
    """One space between words; quotes and dashes of one kind."""
    text = unicodedata.normalize("NFKC", text)
    return " ".join(text.translate(str.maketrans("‘’“”–—", "''\"\"--")).split())


def distance(one: str, other: str) -> int:
    """Letters put in, left out or changed (Levenshtein)."""
    letters = np.array([ord(letter) for letter in other])
    steps = np.arange(len(other) + 1)
    row = steps.copy()
    for number, letter in enumerate(one, start=1):
        best = np.minimum(row[1:] + 1, row[:-1] + (letters != ord(letter)))
        row = np.minimum.accumulate(np.concatenate(([number], best)) - steps) + steps
    return int(row[-1])


def recall(truth: str, read: str) -> float:
    there, found = (Counter(_WORD.findall(text.casefold())) for text in (truth, read))
    return (there & found).total() / max(there.total(), 1)


def _confidence(document: Document) -> float:
    lines = [line for page in document.pages for line in page.lines]
    letters = sum(count(line.text) for line in lines)
    return sum(line.confidence * count(line.text) for line in lines) / max(letters, 1)


def pages_of(folder: Path, most: int) -> None:
    """Which pages would be recognised and why, and what the look at all of them costs."""
    print(f"\n## {folder.name}\n\n| file | pages | recognised | why | look, of reading |")
    print("|---|---|---|---|---|")
    reading = looking = 0.0
    chosen: list[tuple[Path, Page]] = []
    for path in sorted(folder.rglob("*.pdf")):
        started = time.process_time()
        try:
            pages = list(pdfium.pages(path))
        except PinciteError:
            continue
        middle = time.process_time()
        reasons = {
            page.number: reason for page in pages if (reason := pdf_loader.reason(path, page))
        }
        end = time.process_time()
        reading, looking = reading + middle - started, looking + end - middle
        chosen += [(path, page) for page in pages if page.number in reasons]
        if reasons:
            why = ", ".join(f"{reason} {n}" for reason, n in Counter(reasons.values()).items())
            cost = (end - middle) / max(middle - started, 0.001)
            print(f"| {path.name[:40]} | {len(pages)} | {len(reasons)} | {why} | {cost:.0%} |")
    print(f"\nLooking takes {looking:.2f} s, reading {reading:.2f} s: {looking / reading:.1%}.")
    _recognise(chosen[:: max(1, len(chosen) // most)][:most] if most else [])


def _recognise(chosen: list[tuple[Path, Page]]) -> None:
    for path, page, seconds in _read(chosen):
        print(
            f"{path.name[:40]} page {page.number}: {sum(count(o.text) for o in page.lines)} "
            f"characters, {page.unread} unread, {page.note or 'no note'}, {seconds:.1f} s"
        )


def _read(chosen: list[tuple[Path, Page]]) -> Iterator[tuple[Path, Page, float]]:
    for path, page in chosen:
        started = time.process_time()
        (read,) = pdf_loader.recognised(path, (page,), Engines())
        yield path, read, time.process_time() - started


if __name__ == "__main__":
    main()
