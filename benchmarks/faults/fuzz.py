"""What becomes of 5,000 files that were changed at random? Each is read as `add` reads it.

The originals are the question sets' files of all kinds, and the samples. A number is the seed of
each case, so that a case can be read again alone with `--only NUMBER --keep FOLDER`.
"""

import os
import random
import re
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows
from benchmarks import common
from ingest.chunking import ledger
from ingest.containers import CONTAINERS
from ingest.document.source import Bounds, Engines
from ingest.errors import PinciteError
from ingest.loaders import needs_office, suffixes
from ingest.media.ffmpeg import DecodedSound, decode
from ingest.sandbox.pool import Sandbox
from tests.ingest.hostile.mutations import mutated

LARGEST = 400 << 10  # bytes of an original: 5,000 files are to take half an hour
BOUNDS = Bounds(seconds=60.0, silence=30.0)
OFFICE = 0.8  # of the cases have no file that LibreOffice reads
_SOUNDS = {".wav", ".mp3", ".m4a", ".ogg", ".flac", ".aiff", ".opus", ".mp4"}
_ENDINGS = (  # what the sentence of the sandbox says
    ("crashed the reader", "crash"), ("no progress for", "silent"), ("took longer than", "late"),
    ("MB of memory", "memory"), ("send data that no reader", "invalid"), ("MB of text", "large"),
)  # fmt: skip
_FAULT = re.compile(r"could not be read: \w+\(")


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--share", type=int, nargs=2, default=(0, 1), metavar=("PART", "PARTS"),
                        help="of the cases, so that several processes can take them")  # fmt: skip
    parser.add_argument("--only", type=int, help="the number of one case")
    parser.add_argument("--keep", type=Path, help="folder for its file")
    options = parser.parse_args()
    files = originals(common.eval_folder(options.eval))
    saved = options.cache / "fuzz.jsonl"
    if options.only is not None:
        path, data = case(files, options.only)
        (options.keep / f"{options.only}{path.suffix}").write_bytes(data)
        return
    if not options.reuse:
        saved.unlink(missing_ok=True)
    done = {row["number"] for row in read_rows(saved)} if saved.exists() else set()
    part, parts = options.share
    left = [n for n in range(options.cases) if n not in done and n % parts == part]
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="pincite-fuzz-") as folder:
        run(files, left, Path(folder), saved)
    report(read_rows(saved), time.monotonic() - began)


def originals(folder: Path) -> list[Path]:
    """The small ones of each kind that is read, kinds in turn."""
    known = set(suffixes())
    found = [path for root in (folder, common.ROOT / "samples") for path in sorted(root.rglob("*"))]
    kinds: dict[str, list[Path]] = {}
    for path in found:
        suffix = path.suffix.lower()
        if path.is_file() and suffix in known and 0 < path.stat().st_size <= LARGEST:
            kinds.setdefault(suffix, []).append(path)
    return [path for kind in kinds.values() for path in kind]


def case(files: list[Path], number: int) -> tuple[Path, bytes]:
    """The original and the changed bytes; each kind is as likely as each file."""
    pick = random.Random(f"fuzz {number}")
    if pick.random() < OFFICE:  # LibreOffice takes as long as twenty others
        files = [path for path in files if not needs_office(path)]
    kinds = sorted({path.suffix.lower() for path in files})
    kind = pick.choice(kinds)
    some = files if pick.random() < 0.5 else [p for p in files if p.suffix.lower() == kind]
    path = pick.choice(some)
    return path, mutated(path.read_bytes(), pick)


def run(files: list[Path], numbers: list[int], folder: Path, saved: Path) -> None:
    home, inbox = folder / "home", folder / "inbox"
    home.mkdir()
    inbox.mkdir()
    os.chdir(home)  # where a file that names another one without a folder would write
    os.environ["HOME"] = str(home)
    unpacked = folder / "unpacked"
    unpacked.mkdir()
    with Sandbox(engines=Engines(ocr="off", bounds=BOUNDS), folder=unpacked) as sandbox:
        for number in numbers:
            original, data = case(files, number)
            path = inbox / f"{number}{original.suffix.lower()}"
            path.write_bytes(data)
            before = _state(folder, unpacked)
            started = time.monotonic()
            row = outcome(sandbox, path, unpacked)
            row |= {"number": number, "original": original.name, "suffix": path.suffix}
            row["seconds"] = round(time.monotonic() - started, 2)
            row["outside"] = sorted(_state(folder, unpacked) - before)
            common.append_row(saved, row)
            path.unlink()
            if number % 250 == 0:
                common.say(f"{number}: {row}")


def _state(folder: Path, unpacked: Path) -> set[str]:
    """Names and sizes of all files, but those that may be written."""
    return {
        f"{path} {path.stat().st_size}" for path in folder.rglob("*")
        if unpacked not in path.parents and path.is_file()
    }  # fmt: skip


def outcome(sandbox: Sandbox, path: Path, unpacked: Path) -> dict[str, Any]:
    """How it ended: `read`, `refused` by its loader, one of the endings, or `parent`."""
    try:
        if path.suffix in _SOUNDS:
            sandbox.start_work(path, partial(decode, target=unpacked / "sound"), DecodedSound)()
        document, chunks = sandbox.start(path)()
        if path.suffix in CONTAINERS:
            sandbox.start_expand(path, unpacked)()
        wrong = [row.page for row in ledger(document, chunks) if not row.balanced]
        return {"ended": "unbalanced" if wrong else "read", "said": f"pages {wrong}" * bool(wrong)}
    except PinciteError as error:
        said = str(error)
    except Exception as error:  # what `add` would show as a traceback
        return {"ended": "parent", "said": repr(error)}
    ended = next((kind for sign, kind in _ENDINGS if sign in said), "refused")
    return {"ended": "fault" if _FAULT.search(said) else ended, "said": said}


def report(rows: list[dict[str, Any]], seconds: float) -> None:
    counts = Counter(row["ended"] for row in rows)
    longest = max(rows, key=lambda row: row["seconds"])
    print(f"{len(rows)} files in {seconds / 60:.0f} minutes: {dict(counts)}")
    print(f"longest: {longest['seconds']} s, {longest['number']}, {longest['said']}")
    print(f"files outside: {sum(bool(row['outside']) for row in rows)}")
    kinds = sorted({row["suffix"] for row in rows})
    print(common.table(["kind", "files", *counts], [
        [kind, sum(r["suffix"] == kind for r in rows),
         *(sum(r["suffix"] == kind and r["ended"] == e for r in rows) for e in counts)]
        for kind in kinds
    ]))  # fmt: skip
    for row in rows:
        if row["ended"] not in ("read", "refused"):
            print(row["number"], row["original"], row["ended"], row["seconds"], row["said"][:300])


if __name__ == "__main__":
    main()
