"""Is anything lost or doubled when PostgreSQL, writers and clients are killed at random?

A home in a PostgreSQL that is started for it, vectors by pgvector, the default embedding model. Two
processes add small files, three search without an end. Ten times the server is stopped as by a loss
of power, or a writer or client is killed; each is started again. At the end every file has to be in
the library once, found by the word that it alone has, and every error has to be one sentence.
Linux only.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from assistant.settings import Settings, default_home
from assistant.wiring import composition
from benchmarks.servers.kill_trial import (
    OFF,
    Children,
    Work,
    all_added,
    go_on,
    judge,
    models_of,
    word,
)  # fmt: skip
from tests.servers.postgres_process import PostgresProcess


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--models", type=Path, default=default_home() / "models")
    parser.add_argument("--role", choices=("write", "search"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role:
        go_on(lambda: once(options.role, options.folder))
        return
    place = Path(tempfile.mkdtemp(prefix="pincite-kills-"))
    process = PostgresProcess()
    try:
        Trial(place, process, options).run()
    finally:
        process.remove()
        shutil.rmtree(place, ignore_errors=True)


def once(role: str, folder: Path) -> bool:
    """The work of a child. A search never ends."""
    with composition.library(Settings.load(), make=True) as library:
        if role == "write":
            return all_added(library, folder)
        for _ in range(200):
            library.search(word(random.randrange(1000)), 3)
    return False


class Trial:
    """One run."""

    def __init__(self, place: Path, process: PostgresProcess, options: argparse.Namespace) -> None:
        self._place, self._process, self._options = place, process, options
        self._children = Children(place, self._work)
        models_of(place / "home", options.models)
        for number in range(options.files):
            folder = place / f"write{number % 2}"
            folder.mkdir(exist_ok=True)
            text = f"The {word(number)} of depot {number} is checked on day {number % 28 + 1}.\n"
            (folder / f"note{number}.txt").write_text(text)

    def run(self) -> None:
        begun = time.monotonic()
        self._children.start("write0", "write1", "search0", "search1", "search2")
        killed: Counter[str] = Counter()
        during = 0
        pick = random.Random(7)
        kinds = (("postgres", "write", "search") * self._options.kills)[: self._options.kills]
        for kind in pick.sample(kinds, len(kinds)):
            time.sleep(pick.uniform(6, 14))
            during += self._children.run("write")
            killed[kind] += 1
            self._kill(kind, pick)
        print(f"killed: {dict(killed)}, {during} of them while files were added", flush=True)
        while self._children.run("write"):
            time.sleep(1)
        print(f"all was added after {time.monotonic() - begun:.0f} s", flush=True)
        self._children.end()
        self._judge()

    def _kill(self, kind: str, pick: random.Random) -> None:
        if kind != "postgres":
            self._children.kill_one(kind, pick)
            return
        self._process.end("immediate")
        time.sleep(OFF)
        self._process.start()

    def _work(self, name: str) -> Work:
        environment = {
            **os.environ, "PINCITE_HOME": str(self._place / "home"),
            "PINCITE_CATALOGUE": self._process.address,
        }  # fmt: skip
        program = [sys.executable, "-W", "ignore", "-m", "benchmarks.servers.postgres_kills"]
        return Work([*program, "--role", name[:-1], "--folder", self._place / name], environment)

    def _judge(self) -> None:
        files = [file for number in (0, 1) for file in (self._place / f"write{number}").iterdir()]
        os.environ["PINCITE_CATALOGUE"] = self._process.address
        with composition.library(Settings.load(home=self._place / "home")) as library:
            judge(library, files)
            wrong = [
                number
                for number in range(len(files))
                if [hit.document for hit in library.search(word(number), 1)]
                != [f"note{number}.txt"]
            ]
            print(f"not found by their own word: {len(wrong)}")
        self._children.report()


if __name__ == "__main__":
    main()
