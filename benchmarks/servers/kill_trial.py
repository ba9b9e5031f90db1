"""What the trials share that kill parts of a home at random while files are added: the work of
their children, which goes on after each error, the children themselves, and the judgement at the
end. Linux only."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import common
from ingest.errors import PinciteError
from vectorstore.library import Library

MODEL = "all-minilm-l6-v2"
SENTENCE = "pincite: "  # before an error of Pincite's in a log
OFF = 1.5  # seconds that a server is away
_PAUSE = 0.5  # seconds after an error


def go_on(once: Callable[[], bool]) -> None:
    """Until `once` says that all is done. Each error becomes a line; one that is not Pincite's, the
    lines of its traceback."""
    done = False
    while not done:
        try:
            done = once()
        except PinciteError as error:
            say(SENTENCE + str(error))
            time.sleep(_PAUSE)
        except Exception:
            say(traceback.format_exc())
            time.sleep(_PAUSE)


def all_added(library: Library, folder: Path) -> bool:
    """Whether an `add` of the folder leaves nothing to do. Its failures become lines."""
    summary = library.add([folder])
    for failure in summary.failed:
        say(SENTENCE + failure.error)
    return not summary.failed


def say(line: str) -> None:
    """A whole line at once: several threads write into one file."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def word(number: int) -> str:
    """That stands in one file alone."""
    return "".join(chr(ord("b") + int(digit)) for digit in f"{number:03}") + "kestrel"


@dataclass(frozen=True)
class Work:
    """Of a child: its command and environment. Lines of its standard output are read at the end,
    where they are `told`."""

    command: Sequence[object]
    environment: Mapping[str, str]
    told: bool = True


class Children:
    """Processes that are killed and started again, with their logs in a folder. A name is a kind
    with a digit."""

    def __init__(self, folder: Path, work: Callable[[str], Work]) -> None:
        self._folder, self._work = folder, work
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        for name in names:
            work = self._work(name)
            out = f"{name}.log" if work.told else f"{name}.out"
            with (self._folder / out).open("ab") as log, self._errors(name).open("ab") as errors:
                self._running[name] = subprocess.Popen(
                    [*map(str, work.command)], cwd=common.ROOT, env=dict(work.environment),
                    stdin=subprocess.DEVNULL, stdout=log, stderr=errors, start_new_session=True,
                )  # fmt: skip

    def run(self, *kinds: str) -> bool:
        """Whether one of these runs."""
        return any(
            child.poll() is None for name, child in self._running.items() if name.startswith(kinds)
        )

    def kill_one(self, kind: str, pick: random.Random) -> None:
        """With its own children, and start it again."""
        name = pick.choice([name for name in self._running if name.startswith(kind)])
        self._kill(name)
        self.start(name)

    def end(self) -> None:
        """All of them."""
        for name in self._running:
            self._kill(name)

    def report(self, *told: str) -> None:
        """Print how many lines of each kind there were, what stands before a line being its kind;
        the lines of no kind; and the tracebacks that a child wrote by itself."""
        lines = [line for log in self._folder.glob("*.log") for line in _lines(log)]
        for kind in (SENTENCE, *told):
            said = Counter(line for line in lines if line.startswith(kind))
            print(f"{kind.strip()} {said.total()}")
            for line, count in said.most_common(12):
                print(f"{count:6} {line[:300]}")
        others = [line for line in lines if not line.startswith((SENTENCE, *told))]
        print(f"other lines: {len(others)}", *others[-40:], sep="\n")
        errors = [line for log in self._folder.glob("*.errors") for line in _lines(log)]
        print(f"tracebacks: {sum(line.startswith('Traceback') for line in errors)}")

    def _kill(self, name: str) -> None:
        child = self._running[name]
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()

    def _errors(self, name: str) -> Path:
        return self._folder / f"{name}.errors"


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()


def judge(library: Library, files: Iterable[Path]) -> None:
    """Print which files are lost or there twice, and what `verify` says."""
    wanted = Counter(hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    health = library.maintenance.verify()
    found = Counter(info.sha256 for info in library.documents())
    lost, doubled = wanted - found, found - wanted
    print(f"files {wanted.total()}, lost {lost.total()}, doubled {doubled.total()}")
    print(f"verify: index {health.chroma}, mended {health.mended}, {health.lost_files}")
    print(f"jobs left {len(library.jobs.all())}")


def models_of(home: Path, models: Path) -> None:
    """A home with the embedding model alone."""
    (home / "models").mkdir(parents=True)
    (home / "models" / MODEL).symlink_to(models / MODEL)
