"""Is anything lost or doubled when parts of a cluster are killed at random while files are added?

A Ray cluster of a head and two machines on loopback reads and embeds PDFs, Word files, mails and
sheets, each with a word that it alone has, for processes that add them. Ten times a part is killed
at random: a worker, a whole machine, a process that adds; with `--head` the head of the cluster,
too, while a worker reads. Each is started again. At the end every file has to be in the library
once, found by its word, and every error has to be one sentence.

`--whole`: the catalogue and the vectors are in PostgreSQL, two processes add, others serve the API,
and twenty clients search and ask there (`cluster_client.py`). PostgreSQL, the API and the clients
are killed, too. No hit and no quote may come from another document than the one that it names.
`--app`: a visitor in Chromium asks in the app, too, which is killed and started again
(`cluster_visitor.py`). Linux only.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import docx
import openpyxl

from assistant.settings import Settings, default_home
from assistant.wiring import composition
from benchmarks import common
from benchmarks.servers import cluster_client, cluster_visitor
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
from tests.pdfs import write_pdf
from tests.servers.ports import free_port
from tests.servers.postgres_process import PostgresProcess
from tests.servers.ray_process import RayProcess

_KINDS = ("pdf", "docx", "eml", "xlsx")
_FILLER = (
    "The keeper signs the list in the morning and in the evening.",
    "Doors are checked twice, and the key goes back to the office.",
    "Deliveries are weighed before they are put on the shelves.",
    "Who finds a fault writes it down with the hour and a name.",
    "The lamp over the gate stays on until the last car has left.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--every", type=float, default=10, help="seconds between two, on average")
    parser.add_argument("--head", action="store_true", help="kill the head of the cluster, too")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--app", action="store_true")
    parser.add_argument("--servers", type=int, default=2, help="processes of `pincite serve`")
    parser.add_argument("--pause", type=float, default=0, help="seconds of a client, on average")
    parser.add_argument("--models", type=Path, default=default_home() / "models")
    parser.add_argument("--role", choices=("write", "ask", "visit"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--ports", type=int, nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.role == "write":
        go_on(lambda: write(options.folder))
    elif options.role == "visit":
        words = {number: word(number) for number in range(options.files)}
        cluster_visitor.visit(f"http://127.0.0.1:{options.ports[-1]}", words, options.folder)
    elif options.role:
        cluster_client.ask(options.ports, options.files, options.pause)
    else:
        trial(options)


def trial(options: argparse.Namespace) -> None:
    """Start what is to be killed, and end it."""
    place = Path(tempfile.mkdtemp(prefix="pincite-cluster-"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, place, ignore_errors=True)
        ray = RayProcess()
        stack.callback(ray.remove)
        postgres = PostgresProcess() if options.whole else None
        if postgres:
            stack.callback(postgres.remove)
        Trial(place, options, ray, postgres).run()


def write(folder: Path) -> bool:
    """The work of a child that adds."""
    with composition.library(Settings.load(), make=True) as library:
        return all_added(library, folder)


def make(folder: Path, number: int) -> None:
    """A file with its own word."""
    lines = [
        f"The {word(number)} of depot {number} is checked on day {number % 28 + 1}.",
        *(f"{_FILLER[(number + n) % 5]} That is rule R{number * 12 + n}." for n in range(12)),
    ]
    kind = _KINDS[number % len(_KINDS)]
    path = folder / f"note{number}.{kind}"
    if kind == "pdf":
        write_pdf(path, lines)
    elif kind == "docx":
        document = docx.Document()
        for line in lines:
            document.add_paragraph(line)
        document.save(str(path))
    elif kind == "eml":
        mail = EmailMessage()
        mail["From"], mail["To"] = "keeper@example.org", "office@example.org"
        mail["Subject"] = f"Depot {number}"
        mail.set_content("\n".join(lines))
        path.write_bytes(bytes(mail))
    else:
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append([line])
        book.save(path)


class Trial:
    """One run."""

    def __init__(
        self, place: Path, options: argparse.Namespace, ray: RayProcess,
        postgres: PostgresProcess | None,
    ) -> None:  # fmt: skip
        self._place, self._options, self._ray, self._postgres = place, options, ray, postgres
        self._children = Children(place, self._work)
        self._ports = [free_port() for _ in range(options.servers)]
        self._app = free_port()
        models_of(place / "home", options.models)
        self._writers = ["write0", "write1"] if options.whole else ["write0"]
        for name in self._writers:
            (place / name).mkdir()
        for number in range(options.files):
            make(place / self._writers[number % len(self._writers)], number)
        for sample in sorted((common.ROOT / "samples").glob("*.pdf")):
            shutil.copy(sample, place / "write0")

    def run(self) -> None:
        self._begun = time.monotonic()
        try:
            self._children.start(*self._writers)
            if self._options.whole:
                self._children.start(*(f"serve{number}" for number in range(self._options.servers)))
                self._children.start("ask0", "ask1", "ask2", "ask3")
            if self._options.app:
                self._children.start("app0", "visit0")
            self._kill_some(random.Random(11))
            while self._children.run("write"):
                self._rest(1)
            print(f"all was added after {self._since():.0f} s", flush=True)
        finally:
            self._children.end()
        self._judge()

    def _kill_some(self, pick: random.Random) -> None:
        killed, during = Counter[str](), 0
        for kind in self._order(pick):
            self._rest(pick.uniform(0.6, 1.4) * self._options.every)
            adding = self._children.run("write")
            if self._kill(kind, pick):
                during += adding
                killed[kind] += 1
                print(f"{self._since():.0f} s: {kind}", flush=True)
        print(f"killed: {dict(killed)}, {during} of them while files were added", flush=True)

    def _order(self, pick: random.Random) -> list[str]:
        kinds = ["worker", "machine", "write"]
        kinds += ["head"] * self._options.head
        kinds += ["postgres", "serve", "ask"] * self._options.whole
        kinds += ["app"] * 3 * self._options.app  # each time other work of the visitor is cut off
        kinds = (kinds * self._options.kills)[: self._options.kills]
        return pick.sample(kinds, len(kinds))

    def _rest(self, seconds: float) -> None:
        """A machine that ends by itself meanwhile is started again."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._ray.tend()
            time.sleep(min(1.0, max(0.0, until - time.monotonic())))

    def _since(self) -> float:
        return time.monotonic() - self._begun

    def _kill(self, kind: str, pick: random.Random) -> bool:
        if kind == "worker":
            return self._ray.kill_worker()
        if kind == "machine":
            self._ray.kill(pick.choice([*self._ray.machines]))
            self._ray.add()
        elif kind == "head":
            return self._kill_head()
        elif kind == "postgres" and self._postgres:
            self._restart(partial(self._postgres.end, "immediate"), self._postgres.start)
        else:
            self._children.kill_one(kind, pick)
        return True

    def _kill_head(self) -> bool:
        """While a file is read."""
        until = time.monotonic() + 20
        while not self._ray.workers():
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        self._restart(self._ray.kill_head, self._ray.start_head)
        return True

    def _restart(self, end: Callable[[], None], start: Callable[[], None]) -> None:
        end()
        time.sleep(OFF)
        start()

    def _work(self, name: str) -> Work:
        if name.startswith("serve"):
            command = [*common.PINCITE, "serve", "--port", self._ports[int(name[-1])]]
            return Work(command, self._environment(name), told=False)
        if name.startswith("app"):
            command = [*common.PINCITE, "app", "--port", self._app]
            return Work(command, self._environment(name), told=False)
        given = self._options
        command = [
            sys.executable, "-W", "ignore", "-m", "benchmarks.servers.cluster_kills",
            "--role", name[:-1], "--files", given.files, "--pause", given.pause,
            "--folder", self._place / (name if name.startswith("write") else ""),
            "--ports", *self._ports, *([self._app] if name.startswith("visit") else []),
        ]  # fmt: skip
        return Work(command, self._environment(name))

    def _environment(self, name: str) -> dict[str, str]:
        """The second one that adds is Ray's client, the first a member of the cluster."""
        workers = self._ray.client if name == "write1" else self._ray.member
        found = {
            **os.environ, **self._ray.environment, "PINCITE_HOME": str(self._place / "home"),
            "PINCITE_WORKERS": workers,
        }  # fmt: skip
        if self._postgres:
            found["PINCITE_CATALOGUE"] = self._postgres.address
        return found

    def _judge(self) -> None:
        files = [file for name in self._writers for file in (self._place / name).iterdir()]
        os.environ.update(self._environment("judge"))
        with composition.library(Settings.load()) as library:
            judge(library, files)
            asked = map(cluster_client.asked, range(self._options.files))
            first = [library.search(words, 1) for words in asked]
            wrong = [
                (number, hits[0].document if hits else "nothing")
                for number, hits in enumerate(first)
                if not hits or cluster_client.number_of(hits[0].document) != number
            ]
            print(f"not found by their own word: {len(wrong)}", *wrong[:10])
            if self._options.app:
                self._compare()
        seen = (cluster_visitor.LOST, cluster_visitor.WRONG, cluster_visitor.DID)
        self._children.report(*cluster_client.LINES, *seen)

    def _compare(self) -> None:
        kept = composition.conversations(Settings.load())
        turns = {info.id: kept.turns(info.id) for info in kept.infos()}
        cluster_visitor.compare(self._place, turns, cluster_client.fits)


if __name__ == "__main__":
    main()
