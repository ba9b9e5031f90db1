"""Is anything lost or doubled when writers and the S3 server that has the files are killed?

A home whose files are in a bucket of a server that is started for it (Ceph's gateway, or another
one with `--server`), its catalogue in SQLite or, with `--postgres`, in PostgreSQL; the words of the
tests' small embedder. A process adds files of 300 kB on and on; twenty times it is killed at a
random moment, and ten times the server while files go up. At the end every file has to be in the
library and in the bucket once, with its bytes, and every error has to be one sentence. Linux only.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from ingest.errors import PinciteError
from tests.fakes import WordEmbedder
from tests.postgres_process import PostgresProcess
from tests.s3_process import S3Process
from vectorstore.files.s3 import Bucket
from vectorstore.library import Library
from vectorstore.postgres.server import Server

_SENTENCE = "pincite: "
_UNEXPECTED = "unexpected: "
_OFF = 1.0  # seconds that the server is away


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--server", choices=("ceph", "localbucket"), default="ceph")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--write", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        again(*options.write)
        return
    place = Path(tempfile.mkdtemp(prefix="pincite-kills-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        server = S3Process(options.server)
        stack.callback(server.remove)
        address = ""
        if options.postgres:
            postgres = PostgresProcess()
            stack.callback(postgres.remove)
            address = postgres.address
        Trial(place, server, address, options.files).run()


def opened(place: str, endpoint: str, key: str, secret: str, catalogue: str) -> Library:
    bucket = Bucket("s3://papers/kills", endpoint, key=key, secret=secret)
    server = Server(catalogue) if catalogue else None
    return Library(
        Path(place) / "library", "main", WordEmbedder, vectors=server or "", catalogue=server,
        files=bucket,
    )  # fmt: skip


def again(place: str, endpoint: str, key: str, secret: str, catalogue: str) -> None:
    """The work of a child: until all is added, with each error in a line of its own."""
    done = False
    while not done:
        try:
            with opened(place, endpoint, key, secret, catalogue) as library:
                summary = library.add([Path(place) / "papers"])
                done = not summary.failed
                for failure in summary.failed:
                    print(_SENTENCE + failure.error, flush=True)
        except PinciteError as error:
            print(_SENTENCE + str(error), flush=True)
            time.sleep(0.2)
        except Exception:
            print(_UNEXPECTED + traceback.format_exc(), flush=True)
            time.sleep(0.2)


class Trial:
    """One run."""

    def __init__(self, place: Path, server: S3Process, catalogue: str, files: int) -> None:
        self._place, self._server, self._files = place, server, files
        bucket = server.bucket("kills")
        self._given = (str(place), server.endpoint, bucket.key, bucket.secret, catalogue)
        (place / "papers").mkdir()
        for number in range(files):
            line = f"<p>Depot {number} is checked on day {number % 28 + 1} with a laptop.</p>"
            note = "x" * 300_000  # is stored, and not read
            (place / "papers" / f"note{number}.html").write_text(f"{line}<!-- {note} -->")

    def run(self) -> None:
        begun, pick, killed = time.monotonic(), random.Random(11), Counter[str]()
        child = self._start()
        kinds = ["writer"] * 20 + ["server"] * 10
        for kind in pick.sample(kinds, len(kinds)):
            time.sleep(pick.uniform(0.5, 6))
            if child.poll() is not None:
                print("all was added before the last kill: give more files")
                break
            killed[kind] += 1
            if kind == "writer":
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                child = self._start()
            else:
                self._server.kill()
                time.sleep(_OFF)
                self._server.start()
        print(f"killed while files were added: {dict(killed)}", flush=True)
        child.wait(timeout=1800)
        print(f"all was added after {time.monotonic() - begun:.0f} s", flush=True)
        self._judge()

    def _start(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "benchmarks.servers.bucket_kills", "--write", *self._given]
        with (self._place / "log").open("ab") as log:
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def _judge(self) -> None:
        with opened(*self._given) as library:
            health = library.maintenance.verify()
            known = {info.sha256 for info in library.documents()}
            names = [info.document for info in library.documents()]
            library._files.sweep(known, older=-60)  # copies without a document, however young
            stored = Counter(copy.name[:64] for copy in library._files._copies.names())
            there = library.jobs.all()
        wanted = {
            hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (self._place / "papers").iterdir()
        }
        lines = [line for line in (self._place / "log").read_text().splitlines() if line]
        said = [line for line in lines if line.startswith(_SENTENCE)]
        other = [line for line in lines if line.startswith(_UNEXPECTED)]
        print(f"in the library {len(names)} of {self._files}, each once: {known == wanted}")
        print(f"in the bucket {sum(stored.values())}, each once: {stored == Counter(wanted)}")
        print(
            f"verify: lost {len(health.lost_files)}, mended {health.mended}; waiting {len(there)}"
        )
        print(f"errors: {len(said)} sentences, {len(other)} others")
        for line, count in Counter(said + other).most_common(12):
            print(f"  {count} × {line[:200]}")


if __name__ == "__main__":
    main()
