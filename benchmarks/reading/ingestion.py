"""How fast do PDFs become searchable? Whole processes from start to end, models loaded in each.

The systems take turns, so that a busy machine slows both; compare the ratio, not the seconds. Files
that the peer's reader cannot read are added by neither. Below stands where Pincite's time goes: the
same files step by step in one process, in processor seconds.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks import common
from ingest.chunking import chunk
from ingest.document.source import Engines
from ingest.loaders import load
from ingest.pdf import pdfium
from vectorstore.embedding.embedder import load_embedder
from vectorstore.indexing.store_document import put
from vectorstore.library import Library

SETS = ("northwind", "mmlongbench", "kgrag_sec10q")

Rows = list[dict[str, Any]]


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("langchain", "pincite"), help="run one system")
    parser.add_argument("--sets", nargs="+", default=SETS, help="whose PDFs with text are added")
    options = parser.parse_args()
    folder = common.eval_folder(options.eval)
    pdfs = [pdf for name in options.sets for pdf in common.pdf_set(folder, name).pdfs]
    if options.only != "pincite":
        from benchmarks.peer_langchain import readable_pages

        pdfs = [pdf for pdf in pdfs if readable_pages(pdf)]
    systems = [options.only] if options.only else ["langchain", "pincite"]
    rows: Rows = []
    for number in range(options.rounds):
        for system in systems if number % 2 == 0 else systems[::-1]:
            path = options.cache / f"ingestion-{system}-{number + 1}.jsonl"
            rows += common.saved(path, options.reuse, lambda s=system: [run(s, options, pdfs)])  # type: ignore[misc]
            common.say(f"{rows[-1]}")
    report(rows, systems, len(pdfs))
    if options.only != "langchain":
        shares(options, pdfs)


def run(system: str, options: Any, pdfs: list[Path]) -> dict[str, Any]:
    if system == "langchain":
        embedder = common.model(options, "embedding")
        with tempfile.TemporaryDirectory() as store:
            command = [sys.executable, "-m", "benchmarks.peer_langchain"]
            settings = ["--embedder", str(embedder), "--store", store]
            return measure(system, [*command, *settings, *map(str, pdfs)], dict(os.environ))
    with common.fresh_home() as home:
        # The peer recognises nothing in pictures, so that this does not either.
        environment = common.environment(home, options, "embedding") | {"PINCITE_OCR": "off"}
        command = [*common.PINCITE, "add", "--json", *map(str, pdfs)]
        return measure(system, command, environment)


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


def report(rows: Rows, systems: list[str], pdfs: int) -> None:
    # What could not be read counts for neither: both must have read the same pages.
    pages = rows[0]["pages"]
    print(f"\n## Ingestion: {pdfs} PDFs, {pages} pages, {len(os.sched_getaffinity(0))} cores\n")
    if {row["pages"] for row in rows} != {pages}:
        print(f"NOT COMPARABLE: pages read are {[(r['system'], r['pages']) for r in rows]}\n")
    by_system = {name: [row for row in rows if row["system"] == name] for name in systems}
    header = ["", "pages/s (median)", "seconds of each run", "CPU s", "peak MB", "chunks"]
    print(common.table(header, [line(name, own, pages) for name, own in by_system.items()]))
    if len(systems) == 2:
        theirs, ours = (by_system[system] for system in systems)
        times = [t["seconds"] / o["seconds"] for t, o in zip(theirs, ours, strict=True)]
        cpu = [t["cpu_seconds"] / o["cpu_seconds"] for t, o in zip(theirs, ours, strict=True)]
        print(f"\nPincite reads {statistics.median(times):.2f} times as many pages a second "
              f"({', '.join(f'{ratio:.2f}' for ratio in times)}; target: 5), and with the "
              f"processor seconds of one {statistics.median(cpu):.2f} times as many.")  # fmt: skip


def shares(options: Any, pdfs: list[Path]) -> None:
    """Print the processor seconds of each step, after everything was loaded."""
    spent: dict[str, float] = dict.fromkeys(("read", "chunk", "embed", "store"), 0.0)
    embedder = load_embedder(common.model(options, "embedding"))
    embedder.query("once")
    pdfium.render(pdfs[0], 1)

    with (
        tempfile.TemporaryDirectory() as folder,
        Library(Path(folder), "steps", lambda: embedder) as library,
    ):
        for pdf in pdfs:
            for step, seconds in zip(spent, steps(library, pdf), strict=True):
                spent[step] += seconds
        started = time.process_time()
        library.index.sync()
        spent["index in Chroma"] = time.process_time() - started
    whole = sum(spent.values())
    rows = [[step, f"{seconds:.1f}", f"{seconds / whole:.0%}"] for step, seconds in spent.items()]
    print(f"\n{common.table(['step', 'CPU s', 'share'], rows)}")


def steps(library: Library, pdf: Path) -> list[float]:
    """Processor seconds of reading, cutting, embedding and storing one PDF."""
    marks = [time.process_time()]
    document = load(pdf, Engines(ocr="off"))
    marks.append(time.process_time())
    chunks = chunk(document)
    marks.append(time.process_time())
    vectors = library.embedder().passages([one.text for one in chunks])
    marks.append(time.process_time())
    catalog = library._catalog
    with catalog.writing() as connection:
        put(catalog, connection, document, pdf.name, chunks, vectors)
    marks.append(time.process_time())
    return [end - start for start, end in pairwise(marks)]


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
