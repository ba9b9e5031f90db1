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
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from benchmarks.servers.kill_trial import OFF, Children, Work, all_added, go_on, judge
from tests.fakes import WordEmbedder
from tests.servers.postgres_process import PostgresProcess
from tests.servers.s3_process import S3Process
from vectorstore.library import Library
from vectorstore.team.postgres import Server
from vectorstore.team.s3 import Bucket


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--server", choices=("ceph", "localbucket"), default="ceph")
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--write", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        go_on(lambda: once(*options.write))
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
        Path(place) / "library", "main", WordEmbedder, vectors=server, catalogue=server,
        files=bucket,
    )  # fmt: skip


def once(place: str, endpoint: str, key: str, secret: str, catalogue: str) -> bool:
    """The work of the child."""
    with opened(place, endpoint, key, secret, catalogue) as library:
        return all_added(library, Path(place) / "papers")


class Trial:
    """One run."""

    def __init__(self, place: Path, server: S3Process, catalogue: str, files: int) -> None:
        self._place, self._server = place, server
        self._children = Children(place, self._work)
        bucket = server.bucket("kills")
        self._given = (str(place), server.endpoint, bucket.key, bucket.secret, catalogue)
        (place / "papers").mkdir()
        for number in range(files):
            line = f"<p>Depot {number} is checked on day {number % 28 + 1} with a laptop.</p>"
            note = "x" * 300_000  # is stored, and not read
            (place / "papers" / f"note{number}.html").write_text(f"{line}<!-- {note} -->")

    def run(self) -> None:
        begun, pick, killed = time.monotonic(), random.Random(11), Counter[str]()
        self._children.start("write0")
        kinds = ["write"] * 20 + ["server"] * 10
        for kind in pick.sample(kinds, len(kinds)):
            time.sleep(pick.uniform(0.5, 6))
            if not self._children.run("write"):
                print("all was added before the last kill: give more files")
                break
            killed[kind] += 1
            self._kill(kind, pick)
        print(f"killed while files were added: {dict(killed)}", flush=True)
        while self._children.run("write"):
            time.sleep(1)
        print(f"all was added after {time.monotonic() - begun:.0f} s", flush=True)
        self._judge()

    def _kill(self, kind: str, pick: random.Random) -> None:
        if kind == "write":
            self._children.kill_one(kind, pick)
            return
        self._server.kill()
        time.sleep(OFF)
        self._server.start()

    def _work(self, _name: str) -> Work:
        program = [sys.executable, "-m", "benchmarks.servers.bucket_kills"]
        return Work([*program, "--write", *self._given], os.environ)

    def _judge(self) -> None:
        files = [*(self._place / "papers").iterdir()]
        with opened(*self._given) as library:
            judge(library, files)
            known = {info.sha256 for info in library.documents()}
            library._files.sweep(known, older=-60)  # copies without a document, however young
            stored = Counter(copy.name[:64] for copy in library._files._copies.names())
        wanted = Counter(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)
        print(f"in the bucket {stored.total()}, each once: {stored == wanted}")
        self._children.report()


if __name__ == "__main__":
    main()
