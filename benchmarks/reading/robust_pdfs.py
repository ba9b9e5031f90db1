"""Do awkward PDFs behave as expected? Each is read in a process of its own, through the sandbox.

Recall is the share of pdftotext's words that Pincite has too. It is of letters in scripts that are
written without spaces or from right to left, where programs join letters in different ways, and
where pdftotext itself breaks words into letters: text that is turned, drawn twice, or of a scan.
Files of Chinese, Japanese and Korean need poppler-data, or pdftotext reads as little as nothing.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows
from benchmarks import common

SECONDS = 60
MEGABYTES = 1500
RECALL = 0.95
_LETTERS = {  # categories that are compared by letters
    "cjk", "cid font", "rtl", "rtl+rotated", "rotated", "duplicate chars", "scanned+text layer",
}  # fmt: skip


def main() -> None:
    options = common.parser(__doc__)
    options.add_argument("--one", type=Path, help="read this file and print what became of it")
    options.add_argument("--ocr", default="off", help="engine for pages without text")
    chosen = options.parse_args()
    if chosen.one:
        print(json.dumps(read(chosen.one, chosen.ocr)))
        return
    folder = common.eval_folder(chosen.eval) / "robust_pdfs"
    rows = [row | outcome(folder / "files" / row["file"], chosen.ocr, row["category"])
            for row in read_rows(folder / "manifest.jsonl")]  # fmt: skip
    common.write_rows(chosen.cache / "robust-pdfs.jsonl", rows)
    report(rows)


def read(path: Path, ocr: str) -> dict[str, Any]:
    """In a process of its own: what the sandbox gives, or its one line of error."""
    from ingest.document.source import Bounds, Engines
    from ingest.errors import PinciteError
    from ingest.sandbox.pool import Sandbox

    with Sandbox(engines=Engines(ocr=ocr, bounds=Bounds(seconds=SECONDS))) as sandbox:
        try:
            document, _ = sandbox.start(path)()
        except PinciteError as error:
            return {"error": type(error).__name__, "message": str(error), "pages": 0, "text": ""}
    text = "\n".join(page.text for page in document.pages)
    notes = sorted({page.note for page in document.pages if page.note})
    scans = sum(page.pictures > 0 and not page.lines for page in document.pages)
    return {
        "error": "", "message": "; ".join(notes), "pages": len(document.pages), "text": text,
        "scans": scans,
    }  # fmt: skip


def outcome(path: Path, ocr: str, category: str) -> dict[str, Any]:
    """With wall seconds, and the peak memory of the largest process."""
    command = [
        sys.executable,
        "-m",
        "benchmarks.reading.robust_pdfs",
        "--one",
        str(path),
        "--ocr",
        ocr,
    ]
    with tempfile.TemporaryFile("w+") as output:
        started = time.perf_counter()
        process = subprocess.Popen(command, cwd=common.ROOT, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        output.seek(0)
        found = json.loads(output.read() or '{"error": "crash", "message": "", "text": ""}')
    if os.waitstatus_to_exitcode(status):
        found["error"] = "crash"
    measured = {"seconds": round(seconds, 1), "megabytes": usage.ru_maxrss // 1024}
    share = recall(found["text"], pdftotext(path), category) if not found["error"] else None
    return found | measured | {"recall": share}


def pdftotext(path: Path) -> str:
    if shutil.which("pdftotext") is None:
        sys.exit("pdftotext (of poppler-utils) is not installed: the recall needs it.")
    done = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=False, timeout=120)
    return done.stdout.decode("utf-8", "replace")


def recall(text: str, reference: str, category: str) -> float | None:
    parts = [Counter(pieces(words, category)) for words in (text, reference)]
    total = parts[1].total()
    return round((parts[0] & parts[1]).total() / total, 3) if total else None


def pieces(text: str, category: str) -> list[str]:
    import unicodedata

    plain = unicodedata.normalize("NFKC", text).replace("\u00ad", "")
    return re.findall(r"\w" if category in _LETTERS else r"\w+", plain)


def as_expected(row: dict[str, Any]) -> bool:
    bounded = row["seconds"] < SECONDS and row["megabytes"] < MEGABYTES
    return bounded and row["error"] != "crash" and _behaves(row)


def _behaves(row: dict[str, Any]) -> bool:
    expected, error = row["expect"], row["error"]
    if expected == "password_required":
        return bool(error == "EncryptedFile")
    if expected == "text":
        return not error and (row["recall"] is None or row["recall"] >= RECALL)
    if expected == "ocr":
        return not error and (row["scans"] > 0 or bool(row["text"]))
    if expected == "empty":  # a file that no reader opens may be named as damaged instead
        return not error or row["reference"]["pages"] is None
    return True  # no_crash, no_execution, bounded_resources, empty_or_error


def report(rows: list[dict[str, Any]]) -> None:
    good = [row for row in rows if as_expected(row)]
    print(f"\n## Awkward PDFs: {len(good)} of {len(rows)} as expected\n")
    header = ["file", "category", "expected", "came", "recall", "seconds", "MB", "as expected"]
    lines = [
        [
            row["file"], row["category"], row["expect"], came(row),
            "" if row["recall"] is None else row["recall"],
            row["seconds"], row["megabytes"], "yes" if as_expected(row) else "NO",
        ]
        for row in rows
    ]  # fmt: skip
    print(common.table(header, lines))
    recalls = sorted(row["recall"] for row in rows if row["recall"] is not None)
    print(f"\nMedian recall {recalls[len(recalls) // 2]}, lowest {recalls[0]};")
    print(f"longest {max(row['seconds'] for row in rows)} s,", end=" ")
    print(f"largest {max(row['megabytes'] for row in rows)} MB.")


def came(row: dict[str, Any]) -> str:
    if row["error"]:
        return f"{row['error']}: {row['message']}"
    note = f" ({row['message']})" if row["message"] else ""
    return f"{row['pages']} pages, {len(row['text'])} characters{note}"


if __name__ == "__main__":
    main()
