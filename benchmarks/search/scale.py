"""How do time and memory grow with files, pages and passages?

Memory: the peak of the process and of its readers, for 50 files, 2,000 files and 1,000 pages.
Time: adding, adding again and searching, for a few and for 100,000 passages. The text is made up,
and vectors are random numbers drawn by the text: how long a model takes is measured elsewhere.
"""

import hashlib
import itertools
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import common
from tests.pdfs import write_pdf
from vectorstore.library import Library
from vectorstore.store import Vectors

WIDTH = 384  # of a vector, as MiniLM's
FILES = 200
LINES = 40  # of a page
FEW, SEARCHES = 5, 60
VOCABULARY = 20_000  # words, as frequent as Zipf's law has it
WITH_WORDS = [sys.executable, "-m", "tests.pincite_with_words"]


class DrawnEmbedder:
    """A random direction for each text, the same in every run."""

    identity = "drawn"

    def passages(self, texts: Sequence[str]) -> Vectors:
        vectors = [self.query(text) for text in texts]
        return np.stack(vectors) if vectors else np.zeros((0, WIDTH), np.float32)

    def query(self, text: str) -> Vectors:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
        vector = np.random.default_rng(seed).standard_normal(WIDTH, np.float32)
        return vector / np.linalg.norm(vector)


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--only", choices=("memory", "time"))
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--model", action="store_true", help="memory with the real embedding model")
    parser.add_argument("--kept", type=Path, help="a folder for texts and libraries, used again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pincite-scale-") as folder:
        if options.only != "time":
            memory(options, Path(folder))
        if options.only != "memory":
            times(options.passages, options.kept or Path(folder))


_SYLLABLES = [a + b for a in "bdfgklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "er")]
_WORDS = ["".join(random.Random(n).choices(_SYLLABLES, k=2 + n % 3)) for n in range(VOCABULARY)]
_OFTEN = list(itertools.accumulate(1 / (n + 10) for n in range(VOCABULARY)))


def words(pick: random.Random, count: int) -> str:
    return " ".join(pick.choices(_WORDS, cum_weights=_OFTEN, k=count))


# -- memory


def memory(options: Any, folder: Path) -> None:
    pick = random.Random(1)
    for number in range(2000):
        part = folder / ("fifty" if number < 50 else "others") / f"{number:04}.pdf"
        write_pdf(part, page(pick))
    write_pdf(folder / "large" / "thousand.pdf", *[page(pick) for _ in range(1000)])
    sets = {
        "50 PDFs of a page": ["fifty"],
        "2,000 PDFs of a page": ["fifty", "others"],
        "a PDF of 1,000 pages": ["large"],
    }
    rows = []
    for name, parts in sets.items():
        rows.append([name, *_peak(options, [folder / part for part in parts])])
        common.say(str(rows[-1]))
    print("\n## Peak memory of adding, MB\n")
    print(common.table(["", "seconds", "the process", "the largest reader"], rows))


def page(pick: random.Random) -> list[str]:
    return [f"{words(pick, 10)} {pick.randint(1, 99)}." for _ in range(LINES)]


def _peak(options: Any, paths: Sequence[Path]) -> list[object]:
    with common.fresh_home() as home:
        command = common.PINCITE if options.model else WITH_WORDS
        roles = ("embedding",) if options.model else ()
        environment = common.environment(home, options, *roles)
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "add", "--json", *map(str, paths)], cwd=common.ROOT, env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        parent = children = 0
        while process.poll() is None:
            parent = max(parent, high_water(process.pid))
            children = max([children, *map(high_water, children_of(process.pid))])
            time.sleep(0.1)
        return [round(time.perf_counter() - started), parent >> 10, children >> 10]


def high_water(pid: int) -> int:
    """The most memory that a process has had so far, in KB."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
    return 0


def children_of(pid: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(child) for child in path.read_text("utf-8").split()]
    return found


# -- time


@dataclass(frozen=True)
class Timed:
    """Of one library; seconds, searches in milliseconds."""

    passages: int
    add: float
    again: float
    opened: float  # until the first search of a new process has its answer
    search: tuple[float, float]  # median and 95th percentile, with Chroma
    scan: float  # median while Chroma is not current
    processor: tuple[float, float]  # of a search, median and 95th percentile: others run beside


def times(passages: int, folder: Path) -> None:
    rows = []
    for count in (FEW * FILES, passages):
        made = texts(folder / f"texts-{count}", count // FILES)
        timed = measure(folder / f"library-{count}", made)
        common.say(str(timed))
        searches = (timed.search, timed.processor)
        rows.append(
            [f"{timed.passages:,}", f"{timed.add:.1f}", f"{timed.again:.2f}", f"{timed.opened:.2f}",
             *(f"{p50:.1f} / {p95:.1f}" for p50, p95 in searches),
             f"{timed.scan:.1f}"]
        )  # fmt: skip
    head = [
        "passages", "add, s", "add again, s", "first search, s", "search p50 / p95, ms",
        "of the processor",
    ]  # fmt: skip
    print(f"\n## {FILES} files\n\n{common.table([*head, 'by a scan, ms'], rows)}")


def texts(folder: Path, passages: int) -> Path:
    """Files of so many passages each: a paragraph of about 100 tokens becomes one."""
    pick = random.Random(2)
    if folder.is_dir():
        return folder
    folder.mkdir(parents=True)
    for number in range(FILES):
        paragraphs = [
            "\n".join(f"{words(pick, 12)} {pick.random():.6f}." for _ in "12345")
            for _ in range(passages)
        ]
        (folder / f"{number:03}.txt").write_text("\n\n".join(paragraphs), "utf-8")
    return folder


def measure(home: Path, folder: Path) -> Timed:
    with Library(home, "main", DrawnEmbedder) as library:
        started = time.perf_counter()
        summary = library.add([folder])
        add = time.perf_counter() - started
        if summary.failed:
            sys.exit(f"not added: {summary.failed[0].error}")
        again = _seconds(lambda: library.add([folder]))
    with Library(home, "main", DrawnEmbedder) as library:
        opened = _seconds(lambda: library.search("leave 0"))
        found = _searches(library)
        processor = _searches(library, time.process_time)
    return Timed(summary.chunks, add, again, opened, found, _scan(home), processor)


def _searches(
    library: Library, clock: Callable[[], float] = time.perf_counter
) -> tuple[float, float]:
    pick = random.Random(3)
    questions = [words(pick, 4) for _ in range(SEARCHES)]
    spent = sorted(
        1000 * _seconds(lambda q=question: library.search(q), clock) for question in questions
    )
    return statistics.median(spent), spent[int(0.95 * len(spent))]


def _scan(home: Path) -> float:
    """Another process owns Chroma."""
    with Library(home, "main", DrawnEmbedder) as owner, Library(home, "main", DrawnEmbedder) as me:
        owner.index.sync()
        me.search("warm up")
        return _searches(me)[0]


def _seconds(act: Any, clock: Callable[[], float] = time.perf_counter) -> float:
    started = clock()
    act()
    return clock() - started


if __name__ == "__main__":
    main()
