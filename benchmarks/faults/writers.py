"""What is left when a command that writes is ended, finds the disk full, or may not write?

Each writer runs on a copy of a small home, with word-count vectors, in a small file system in
memory (root only, Linux). Afterwards everything must be as before, or as after an undisturbed run,
or in between for what is made of several parts; the library must be whole, and the same command
must end as usual. An error must be one sentence that names a path of the home.
"""

import importlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import common
from benchmarks.faults.other_writers import ASKED, OTHERS, fetched, hub, runs
from ingest.errors import PinciteError

SAMPLES = common.ROOT / "samples"
PAGE = 4096
WRITERS: dict[str, list[str]] = {
    "add": ["add", "{papers}"],
    "remove": ["remove", "{document}"],
    "forget": ["forget", "{document}"],
    "rebuild": ["rebuild"],
    "verify": ["verify"],
    "backup": ["backup", "{home}/made.backup"],
    "restore": ["restore", "{backup}"],
    "receipts": ["ask", "How many days of leave are there?"],
    "ratings": ["eval", "rate", "{answer}", "down"],
    "runs": ["eval", "--retrieval", "--limit", str(ASKED), str(SAMPLES)],
    "settings": ["models", "use", "embedding", "auto"],
    "drawing": ["chart", "employees by site"],
    "watch": ["!watch"],
    "conversations": ["!conversations"],
    "model": ["!model"],
}
_COUNTED = {  # files beside the libraries, and what is counted in them
    "conversations.sqlite": ("message", "receipt", "turn"),
    "evaluation/runs.sqlite": ("run", "asked"),
}
Counts = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class State:
    """What a home holds: documents by name and bytes, and numbers of other rows."""

    documents: frozenset[str]
    counts: tuple[tuple[str, int], ...]
    broken: tuple[str, ...]  # files that are not whole

    def between(self, before: "State", after: "State") -> bool:
        fewest, most = before.documents & after.documents, before.documents | after.documents
        bounds = zip(self.counts, before.counts, after.counts, strict=True)
        return fewest <= self.documents <= most and all(
            min(b[1], a[1]) <= own[1] <= max(b[1], a[1]) for own, b, a in bounds
        )


@dataclass
class Ran:
    status: int
    said: str
    seconds: float


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--kills", type=int, default=16, help="of each writer")
    parser.add_argument("--sizes", type=int, default=8, help="of a full disk, for each writer")
    parser.add_argument("--only", nargs="*", default=list(WRITERS))
    options = parser.parse_args()
    _imported()
    counts: Counter[str] = Counter()
    problems: list[str] = []
    with tempfile.TemporaryDirectory(prefix="pincite-faults-") as name:
        bench = Bench(Path(name))
        for writer in options.only:
            for fault, found in bench.tried(writer, options.kills, options.sizes):
                counts[fault] += 1
                told = [f"{writer}, {fault}: {one}" for one in found]
                problems += told
                for one in told:
                    common.say(one)
            common.say(f"{writer}: {dict(counts)}, {len(problems)} problems")
    print(f"{len(options.only)} writers: {dict(counts)}")
    print("\n".join(problems) or "nothing lost, nothing doubled, each error a sentence")
    sys.exit(bool(problems))


def _imported() -> None:
    """What each run needs is loaded once, before it forks."""
    for name in ("chromadb", "tests.fakes", "assistant.wiring.composition", "assistant.cli.main"):
        importlib.import_module(name)


class Bench:
    """A prepared home, and the place where copies of it are disturbed."""

    def __init__(self, folder: Path) -> None:
        """`folder` is empty."""
        self.folder = folder
        self.disk = folder / "disk"
        self.home = self.disk / "home"
        self.log = folder / "log"
        self.modules = folder / "modules"
        self.disk.mkdir()
        self.papers = folder / "papers"
        shutil.copytree(SAMPLES / "content", self.papers)
        self.backup = folder / "given.backup"
        self.new = folder / "new"
        with self.mounted():
            made = self.run(["add", str(self.papers)])
            assert made.status == 0, made.said
            asked = self.run(["ask", "How many letters does a password have?", "--json"])
            self.answer = json.loads(asked.said[asked.said.index("{") :])["id"]
            self.run(["backup", str(self.backup)])
            self.run(["search", "password"])
            shutil.copytree(self.home, self.new)
        self.document = sorted(state(self.new).documents)[0].partition(" ")[2]

    def tried(self, writer: str, kills: int, sizes: int) -> Iterator[tuple[str, list[str]]]:
        """Each fault, and what was wrong after it."""
        given = {"home": self.home, "papers": self.papers, "backup": self.backup,
                 "document": self.document, "answer": self.answer}  # fmt: skip
        command = [part.format(**given) for part in WRITERS[writer]]
        pick = random.Random(f"faults {writer}")
        with self.mounted(), hub(self.folder / f"hub {writer}"):
            self.copy(self.new)
            self.run(command)  # it imports what the next ones need not
            self.copy(self.new)
            before, used = state(self.home), self.used()
            whole = self.run(command)
            after, need = state(self.home), max(self.used() - used, 16 * PAGE)
            usual = whole.seconds
            if whole.status not in (0, 3):
                yield "undisturbed", [f"status {whole.status}: {whole.said}"]
            for _ in range(kills):
                self.copy(self.new)
                seconds = pick.uniform(0, usual)
                killed = self.run(command, seconds)
                if killed.status != -signal.SIGKILL:
                    usual = min(
                        usual, killed.seconds
                    )  # else most kills come late on a busy machine
                when = f"killed after {seconds:.3f} of {usual:.3f} s"
                fault = "kill" if killed.status == -signal.SIGKILL else "late kill"
                yield fault, self.wrong(command, before, after, killed, when, killed=True)
            for step in range(sizes):
                self.copy(self.new)
                room = int(need * 1.2 * (step / sizes) ** 2)
                with self.full(room):
                    ran = self.run(command)
                when = f"{room >> 10} of {need >> 10} kB free"
                fault = "enough room" if ran.status in (0, 3) else "full disk"
                yield fault, self.wrong(command, before, after, ran, when)
            self.copy(self.new)
            with self.read_only():
                ran = self.run(command)
            yield "read-only", self.wrong(command, before, after, ran, "read-only")

    def wrong(
        self, command: Sequence[str], before: State, after: State, ran: Ran, when: str,
        killed: bool = False,
    ) -> list[str]:  # fmt: skip
        found = []
        if not killed and ran.status not in (0, 3) and not self.sentence(ran.said):
            found.append(f"said {ran.said[-600:]!r}")
        if ran.status not in (0, 1, 3, -signal.SIGKILL):
            found.append(f"status {ran.status}")
        held = state(self.home)
        if held.broken:
            found.append(f"broken: {held.broken}")
        if not held.between(before, after):
            found.append(f"neither before nor after: {held} {before} {after}")
        again = self.run(command)
        done = state(self.home)
        if again.status not in (0, 3) and done.documents != after.documents:
            found.append(f"again: status {again.status}, {again.said[-400:]}")
        if done.documents != after.documents or done.broken:
            found.append(f"after it ran again: {done}")
        for check in (["verify"], ["search", "password"]):
            checked = self.run(check)
            if checked.status:
                found.append(f"{check[0]}: status {checked.status}, {checked.said[-400:]}")
        return [f"{when}: {problem}" for problem in found]

    def sentence(self, said: str) -> bool:
        _, mark, last = said.rpartition("pincite: ")  # of a model it names each source in a line
        named = str(self.home) in last or "--home" in last
        return "Traceback" not in said and bool(mark) and named

    def run(self, command: Sequence[str], kill: float | None = None) -> Ran:
        """Run it in a copy of this process."""
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            self._be(command)
        if kill is not None:
            time.sleep(kill)
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        seconds = time.monotonic() - began
        self._load()
        return Ran(os.waitstatus_to_exitcode(status), self.log.read_text("utf-8"), seconds)

    def _load(self) -> None:
        """Import what the run has imported, so that the next one need not."""
        if not self.modules.exists():
            return
        for name in set(self.modules.read_text().split()) - set(sys.modules) - {"__mp_main__"}:
            with suppress(Exception):
                importlib.import_module(name)
        self.modules.unlink()

    def _be(self, command: Sequence[str]) -> None:
        from assistant.cli.main import main as pincite
        from assistant.wiring import composition
        from tests.fakes import WordEmbedder

        status = 70
        try:
            target = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(target, 1)
            os.dup2(target, 2)
            os.environ["PINCITE_OCR"] = "off"
            composition.embedder = lambda settings: WordEmbedder()  # type: ignore[assignment, attr-defined]
            if command[0] in OTHERS:
                OTHERS[command[0]](self.home, self.papers)
                status = 0
            else:
                status = pincite(["--home", str(self.home), *command])
        except PinciteError as error:
            print(f"pincite: {error}", file=sys.stderr)
            status = 1
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 71
        except BaseException as error:
            print(f"Traceback: {error!r}", file=sys.stderr)
        finally:
            with suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
                self.modules.write_text("\n".join(sys.modules))
            os._exit(status)

    def copy(self, start: Path) -> None:
        for path in self.disk.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(start, self.home)

    def used(self) -> int:
        found = os.statvfs(self.disk)
        return (found.f_blocks - found.f_bfree) * found.f_frsize

    @contextmanager
    def mounted(self) -> Iterator[None]:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4g", "none", self.disk], check=True)
        try:
            yield
        finally:
            subprocess.run(["umount", "-l", self.disk], check=True)

    @contextmanager
    def full(self, room: int) -> Iterator[None]:
        self._remount(f"size={self.used() + room}")
        try:
            yield
        finally:
            self._remount("size=4g")

    @contextmanager
    def read_only(self) -> Iterator[None]:
        self._remount("ro")
        try:
            yield
        finally:
            self._remount("rw")

    def _remount(self, option: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{option}", self.disk], check=True)


def state(home: Path) -> State:
    """Read without Pincite's own code."""
    documents: set[str] = set()
    broken: list[str] = []
    for catalog in sorted(home.glob("libraries/*/catalog.sqlite")):
        with closing(sqlite3.connect(catalog)) as file:
            if file.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
                broken.append(catalog.name)
            rows: list[tuple[str, str]] = []
            with suppress(sqlite3.OperationalError):  # it was killed before it had tables
                rows = file.execute("SELECT sha256, name FROM document").fetchall()
                documents |= {f"{catalog.parent.name[:1]}{sha[:8]} {name}" for sha, name in rows}
            copies = {path.stem for path in (catalog.parent / "files").glob("[!.]*")}
            broken += [f"no copy of {name}" for sha, name in rows if sha not in copies]
    counts = []
    for name, tables in _COUNTED.items():
        for table in tables:
            counts.append((table, _count(home / name, table)))
    counts.append(("made", len(list(home.glob("made/*")))))
    models, damaged = fetched(home)
    counts.append(("model", models))
    broken += damaged + runs(home)
    return State(frozenset(documents), tuple(counts), tuple(broken))


def _count(path: Path, table: str) -> int:
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path)) as file, suppress(sqlite3.OperationalError):
        return int(file.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    return 0


if __name__ == "__main__":
    main()
