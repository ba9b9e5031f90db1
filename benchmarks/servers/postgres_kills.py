"""Is anything lost or doubled when PostgreSQL, writers and clients are killed at random?

A home in a PostgreSQL that is started for it, vectors by pgvector, the default embedding model. Two
processes add small files, three search without an end. Ten times the server is stopped as by a loss
of power, or a writer or client is killed; each is started again. At the end every file has to be in
the library once, found by the word that it alone has, and every error has to be one sentence.
Linux only.
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
from pathlib import Path

from assistant.build import composition
from assistant.settings import Settings, default_home
from ingest.errors import PinciteError
from tests.postgres_process import PostgresProcess

MODEL = "all-minilm-l6-v2"
_SENTENCE = "pincite: "
_OFF = 1.5  # seconds that the server is away


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--models", type=Path, default=default_home() / "models")
    parser.add_argument("--role", choices=("write", "search"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        again(options.role, options.folder)
        return
    place = Path(tempfile.mkdtemp(prefix="pincite-kills-"))
    process = PostgresProcess()
    try:
        Trial(place, process, options).run()
    finally:
        process.remove()
        shutil.rmtree(place, ignore_errors=True)


def again(role: str, folder: Path) -> None:
    """The work of a child: on and on, with each error in a line of its own."""
    settings, pick, done = Settings.load(), random.Random(os.getpid()), False
    while not done:
        try:
            with composition.library(settings, make=True) as library:
                if role == "write":
                    summary = library.add([folder])
                    done = not summary.failed
                    for failure in summary.failed:
                        print(_SENTENCE + failure.error, flush=True)
                for _ in range(200 if role == "search" else 0):
                    library.search(word(pick.randrange(1000)), 3)
        except PinciteError as error:
            print(_SENTENCE + str(error), flush=True)
            time.sleep(0.5)
        except Exception:
            print(traceback.format_exc(), flush=True)
            time.sleep(0.5)


def word(number: int) -> str:
    return "".join(chr(ord("b") + int(digit)) for digit in f"{number:03}") + "kestrel"


class Trial:
    """One run."""

    def __init__(self, place: Path, process: PostgresProcess, options: argparse.Namespace) -> None:
        self._place, self._process, self._options = place, process, options
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        models = place / "home" / "models"
        models.mkdir(parents=True)
        (models / MODEL).symlink_to(options.models / MODEL)
        for number in range(options.files):
            folder = place / f"write{number % 2}"
            folder.mkdir(exist_ok=True)
            text = f"The {word(number)} of depot {number} is checked on day {number % 28 + 1}.\n"
            (folder / f"note{number}.txt").write_text(text)

    def run(self) -> None:
        begun = time.monotonic()
        for name in ("write0", "write1", "search0", "search1", "search2"):
            self._start(name)
        killed: Counter[str] = Counter()
        during = 0
        pick = random.Random(7)
        kinds = (("postgres", "write", "search") * self._options.kills)[: self._options.kills]
        for kind in pick.sample(kinds, len(kinds)):
            time.sleep(pick.uniform(6, 14))
            adding = any(self._children[name].poll() is None for name in ("write0", "write1"))
            during += adding
            killed[self._kill(kind, pick)] += 1
        print(f"killed: {dict(killed)}, {during} of them while files were added", flush=True)
        for name in ("write0", "write1"):
            self._children[name].wait(timeout=900)
        print(f"all was added after {time.monotonic() - begun:.0f} s", flush=True)
        for name, child in self._children.items():
            if name.startswith("search"):
                child.kill()
                child.wait()
        self._judge()

    def _kill(self, kind: str, pick: random.Random) -> str:
        if kind == "postgres":
            self._process.end("immediate")
            time.sleep(_OFF)
            self._process.start()
            return kind
        names = [name for name in self._children if name.startswith(kind)]
        name = pick.choice(names)
        os.killpg(self._children[name].pid, signal.SIGKILL)  # with the process that reads files
        self._children[name].wait()
        self._start(name)
        return kind

    def _start(self, name: str) -> None:
        environment = {
            **os.environ, "PINCITE_HOME": str(self._place / "home"),
            "PINCITE_CATALOGUE": self._process.address,
        }  # fmt: skip
        command = ["--role", name[:-1], "--folder", str(self._place / name)]
        with (self._place / f"{name}.log").open("ab") as log:
            self._children[name] = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "benchmarks.servers.postgres_kills",
                 *command], stdout=log, stderr=subprocess.DEVNULL, env=environment,
                start_new_session=True,
            )  # fmt: skip

    def _judge(self) -> None:
        files = [file for number in (0, 1) for file in (self._place / f"write{number}").iterdir()]
        wanted = Counter(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
        os.environ["PINCITE_CATALOGUE"] = self._process.address
        settings = Settings.load(home=self._place / "home")
        with composition.library(settings) as library:
            health = library.maintenance.verify()
            documents = library.documents()
            found = Counter(info.sha256 for info in documents)
            print(f"files {len(files)}, lost {len(wanted - found)}, doubled {len(found - wanted)}")
            print(f"verify: index {health.chroma}, mended {health.mended}, {health.lost_files}")
            wrong = [
                number
                for number in range(len(files))
                if [hit.document for hit in library.search(word(number), 1)]
                != [f"note{number}.txt"]
            ]
            print(f"not found by their own word: {len(wrong)}; jobs left {len(library.jobs.all())}")
        lines = [line for log in self._place.glob("*.log") for line in log.read_text().splitlines()]
        said = Counter(line for line in lines if line.startswith(_SENTENCE))
        others = [line for line in lines if not line.startswith(_SENTENCE)]
        print(f"errors: {said.total()} sentences, {len(others)} other lines")
        for line, count in [*said.most_common(12), *((line, 1) for line in others[-40:])]:
            print(f"{count:5} {line}")


if __name__ == "__main__":
    main()
