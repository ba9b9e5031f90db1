"""How fast do PDFs become searchable? Whole processes from start to end, models loaded in each.

The systems take turns, so that a busy machine slows both; compare the ratio, not the seconds.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from assistant.evaluation.question_sets import read_rows
from benchmarks import common

OTHERS = 5  # PDFs of mmlongbench, the first by name, beside all of northwind

Rows = list[dict[str, Any]]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("langchain", "pincite"), help="run one system")
    options = parser.parse_args()
    folder = common.eval_folder(options.eval)
    pdfs = chosen_pdfs(folder)
    systems = [options.only] if options.only else ["langchain", "pincite"]
    rows: Rows = []
    for number in range(options.rounds):
        for system in systems if number % 2 == 0 else systems[::-1]:
            path = options.cache / f"ingestion-{system}-{number + 1}.jsonl"
            rows += common.saved(path, options.reuse, lambda s=system: [run(s, options, pdfs)])  # type: ignore[misc]
            common.say(f"{rows[-1]}")
    report(rows, systems, len(pdfs), pages_of(folder, pdfs))


def chosen_pdfs(folder: Path) -> list[Path]:
    northwind, others = (common.pdf_set(folder, name) for name in ("northwind", "mmlongbench"))
    return [*northwind.pdfs, *others.pdfs[:OTHERS]]


def pages_of(folder: Path, pdfs: list[Path]) -> int:
    sets = {pdf.parent.parent.name for pdf in pdfs}
    rows = [row for name in sets for row in read_rows(folder / name / "docs.jsonl")]
    names = {pdf.name for pdf in pdfs}
    return sum(row["pages"] for row in rows if row["doc"] in names)


def run(system: str, options: Any, pdfs: list[Path]) -> dict[str, Any]:
    if system == "langchain":
        embedder = common.model(options, "embedding")
        with tempfile.TemporaryDirectory() as store:
            command = [sys.executable, "-m", "benchmarks.peer_langchain"]
            settings = ["--embedder", str(embedder), "--store", store]
            return measure(system, [*command, *settings, *map(str, pdfs)], dict(os.environ))
    with common.fresh_home() as home:
        command = [*common.PINCITE, "add", "--json", *map(str, pdfs)]
        return measure(system, command, common.environment(home, options, "embedding"))


def measure(system: str, command: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Wall seconds, processor seconds and the peak memory of one process (of its largest, if it
    starts others)."""
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=common.ROOT, env=environment, stdout=output, stderr=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        output.seek(0)
        summary = json.loads(output.read() or "{}")
    if os.waitstatus_to_exitcode(status):
        sys.exit(f"{system} ended with {os.waitstatus_to_exitcode(status)}: {summary}")
    return {
        "system": system,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": usage.ru_maxrss // 1024,
        "pages": summary["pages"],
        "chunks": summary["chunks"],
    }


def report(rows: Rows, systems: list[str], pdfs: int, pages: int) -> None:
    print(f"\n## Ingestion: {pdfs} PDFs, {pages} pages, {len(os.sched_getaffinity(0))} cores\n")
    by_system = {name: [row for row in rows if row["system"] == name] for name in systems}
    header = ["", "pages/s (median)", "seconds of each run", "CPU s", "peak MB", "chunks"]
    print(common.table(header, [line(name, own, pages) for name, own in by_system.items()]))
    if len(systems) == 2:
        theirs, ours = (statistics.median(r["seconds"] for r in by_system[s]) for s in systems)
        print(f"\nPincite reads {theirs / ours:.2f} times as many pages a second (target: 4).")


def line(name: str, rows: Rows, pages: int) -> list[object]:
    seconds = [row["seconds"] for row in rows]
    return [
        name,
        f"{pages / statistics.median(seconds):.2f}",
        ", ".join(map(str, seconds)),
        statistics.median(row["cpu_seconds"] for row in rows),
        max(row["peak_mb"] for row in rows),
        rows[-1]["chunks"],
    ]


if __name__ == "__main__":
    main()
