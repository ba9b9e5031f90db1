"""Does a library survive `kill -9` while documents are added?

Each trial starts with one document, is killed at a random moment of adding the others (every other
one aimed at the writing of Chroma), must be searchable at once, and after one more `add` must hold
what an undisturbed run holds: in the catalogue, in its word index and in Chroma.
"""

import hashlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import common

SEED = 9
QUESTION = "What does the plan cover?"


@dataclass(frozen=True)
class Contents:
    """What a library holds, in forms that can be compared."""

    chunks: frozenset[tuple[object, ...]]  # with the hash of the vector
    words: int  # rows of the full-text index that belong to a chunk
    chroma: frozenset[str]
    vectors_differ: int  # ids whose vector in Chroma is not the catalogue's


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--kills", type=int, default=20)
    options = parser.parse_args()
    first, *others = common.pdf_set(common.eval_folder(options.eval), "northwind").pdfs
    with common.fresh_home() as home:
        environment = common.environment(home, options, "embedding")
        common.pincite(environment, "add", first, "--json")
        started = time.perf_counter()
        common.pincite(environment, "add", *others, "--json")
        seconds = time.perf_counter() - started
        expected = contents(home)
    common.say(f"undisturbed: {len(expected.chunks)} chunks, {seconds:.1f} s")
    pick = random.Random(SEED)
    failures = [
        failure
        for number in range(1, options.kills + 1)
        if (failure := trial(options, number, [first, *others], seconds, pick, expected))
    ]
    print(f"\n## {options.kills} kills: {options.kills - len(failures)} libraries as undisturbed\n")
    print("\n".join(failures))
    sys.exit(bool(failures))


def trial(
    options: Any,
    number: int,
    pdfs: list[Path],
    seconds: float,
    pick: random.Random,
    expected: Contents,
) -> str:
    """One kill; returns what went wrong, or nothing."""
    with common.fresh_home() as home:
        environment = common.environment(home, options, "embedding")
        common.pincite(environment, "add", pdfs[0], "--json")
        moment = killed(home, environment, pdfs[1:], seconds, pick, aimed=number % 2 == 0)
        kept = chunks_kept(home)
        hits = common.pincite(environment, "search", QUESTION, "--json")
        common.pincite(environment, "add", *pdfs[1:], "--json")
        problems = differences(contents(home), expected)
        problems += [] if hits else ["the search after the kill found nothing"]
        common.say(f"kill {number}, {moment}: {kept} chunks kept; {problems or 'recovered'}")
        return f"kill {number}, {moment}: {'; '.join(problems)}" if problems else ""


def killed(
    home: Path,
    environment: dict[str, str],
    pdfs: list[Path],
    seconds: float,
    pick: random.Random,
    aimed: bool,
) -> str:
    """Start an add, kill it; returns the moment in words."""
    command = [*common.PINCITE, "add", "--json", *map(str, pdfs)]
    started = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=common.ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    if aimed:
        wait_for_chroma(home, process)
        time.sleep(pick.uniform(0, 0.4))
    else:
        time.sleep(pick.uniform(0, seconds))
    after = time.perf_counter() - started
    finished = process.poll() is not None
    process.kill()
    process.wait()
    left = stragglers(process.pid)
    return (
        f"after {after:.2f} s"
        + (", while Chroma was written" if aimed else "")
        + (" (it had finished)" if finished else "")
        + (" (child processes stayed behind)" if left else "")
    )


def wait_for_chroma(home: Path, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None and state(home) != "writing":
        time.sleep(0.005)


def state(home: Path) -> str:
    with suppress(sqlite3.Error), closing(connect(home)) as connection:
        row = connection.execute("SELECT value FROM meta WHERE key = 'chroma'").fetchone()
        return str(row[0]) if row else ""
    return ""


def stragglers(group: int) -> bool:
    """Whether processes of the killed one live on after five seconds; they are ended."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    return True


def library(home: Path) -> Path:
    return home / "libraries" / "main"


def connect(home: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{library(home) / 'catalog.sqlite'}?mode=ro", uri=True)


def chunks_kept(home: Path) -> int:
    with closing(connect(home)) as connection:
        return int(connection.execute("SELECT count(*) FROM chunk").fetchone()[0])


def contents(home: Path) -> Contents:
    """Read from the files, without Pincite's own code."""
    with closing(connect(home)) as connection:
        rows = connection.execute(
            "SELECT chunk.id, name, page, first, last, headings, text, vector FROM chunk"
            " JOIN document ON document.id = document_id"
        ).fetchall()
        words = connection.execute(
            "SELECT count(*) FROM chunk_words WHERE rowid IN (SELECT rowid FROM chunk)"
        ).fetchone()[0]
    vectors = {row[0]: np.frombuffer(row[7], "<f4") for row in rows}
    chroma = chroma_vectors(library(home) / "chroma")
    differ = sum(
        not np.allclose(chroma[id], vectors[id], atol=1e-5) for id in chroma if id in vectors
    )
    chunks = frozenset((*row[:7], hashlib.sha256(row[7]).hexdigest()) for row in rows)
    return Contents(chunks, words, frozenset(chroma), differ)


def chroma_vectors(folder: Path) -> dict[str, Any]:
    import chromadb

    client = chromadb.PersistentClient(folder, chromadb.Settings(anonymized_telemetry=False))
    try:
        found = client.get_collection("chunks", embedding_function=None).get(include=["embeddings"])
        return dict(zip(found["ids"], found["embeddings"], strict=True))
    finally:
        client.close()


def differences(found: Contents, expected: Contents) -> list[str]:
    problems = []
    if missing := expected.chunks - found.chunks:
        problems.append(f"{len(missing)} chunks are missing")
    if extra := found.chunks - expected.chunks:
        problems.append(f"{len(extra)} chunks are too many")
    if found.words != len(expected.chunks):
        problems.append(f"the word index has {found.words} chunks")
    if found.chroma != {chunk[0] for chunk in expected.chunks}:
        problems.append(f"Chroma has {len(found.chroma)} chunks, or others")
    if found.vectors_differ:
        problems.append(f"{found.vectors_differ} vectors in Chroma are wrong")
    return problems


if __name__ == "__main__":
    main()
