"""Does a library survive being killed while a mixed folder of over 100 files is added?

An `add` is killed at a random moment, the next one takes it up and is killed, too, and so on until
one gets through; then the library must hold what an undisturbed run holds. After each kill it must
hold nothing that an undisturbed one does not, and be searchable, from a process that keeps it open
all the time as the app does. Then the same with SIGTERM, and on a disk that becomes full.
"""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.models.catalogue import Role
from benchmarks import common, crash_contents, crash_disk, crash_folder
from benchmarks.crash_contents import contents, differences, state
from tests.fakes import WordEmbedder
from vectorstore.library import Library

SEED = 9
CHAIN = 5  # kills before a run is left alone
QUESTION = "What does the plan cover?"
WITH_WORDS = [sys.executable, "-m", "tests.pincite_with_words"]


@dataclass
class Bench:
    """What all trials share."""

    command: list[str]
    environment: dict[str, str]
    folder: Path
    searched: bool  # by this process; only it can when vectors are counts of words
    expected: crash_contents.Contents = field(default_factory=crash_contents.Contents)
    seconds: tuple[float, float] = (0.0, 0.0)  # until the first file, and in all
    failures: list[str] = field(default_factory=list)

    def start(self, home: Path, log: Path) -> "subprocess.Popen[bytes]":
        command = [*self.command, "--home", str(home), "add", "--json", str(self.folder)]
        with log.open("ab") as errors:
            return subprocess.Popen(
                command, cwd=common.ROOT, env=self.environment, stdout=subprocess.DEVNULL,
                stderr=errors, start_new_session=True,
            )  # fmt: skip

    def finish(self, home: Path, log: Path) -> int:
        return self.start(home, log).wait()

    def fail(self, where: str, problems: Sequence[str]) -> None:
        self.failures += [f"{where}: {problem}" for problem in problems]
        common.say(f"{where}: {'; '.join(problems) or 'as undisturbed'}")


def main() -> None:
    options = arguments()
    with crash_folder.mixed(common.eval_folder(options.eval)) as folder:
        bench = bench_of(options, folder)
        measure_undisturbed(bench)
        pick = random.Random(options.seed)
        kills = chains(bench, options.kills, pick, signal.SIGKILL, "kill")
        terms = chains(bench, options.terms, pick, signal.SIGTERM, "term")
        disk = crash_disk.trial(bench) if options.disk else "not tried"
    print(f"\n{kills}\n\n{terms}\n\nfull disk: {disk}\n")
    print("\n".join(bench.failures) or "every library as undisturbed")
    sys.exit(bool(bench.failures))


def arguments() -> Any:
    parser = common.parser(__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--terms", type=int, default=5)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--no-disk", dest="disk", action="store_false")
    parser.add_argument("--words", action="store_true", help="vectors are counts of words: quicker")
    return parser.parse_args()


def bench_of(options: Any, folder: Path) -> Bench:
    roles: tuple[Role, ...] = () if options.words else ("embedding",)
    environment = common.environment(Path("unused"), options, *roles)
    environment["PINCITE_OCR"] = "off"  # scans would take most of the time, in one place
    command = WITH_WORDS if options.words else common.PINCITE
    return Bench(command, environment, folder, searched=options.words)


def measure_undisturbed(bench: Bench) -> None:
    with common.fresh_home() as home:
        log, started = home / "log", time.perf_counter()
        process = bench.start(home, log)
        first = _until_first_file(process, log) - started
        process.wait()
        bench.seconds = first, time.perf_counter() - started
        bench.expected = contents(home)
    files = sum(1 for path in bench.folder.rglob("*") if path.is_file())
    common.say(f"{files} files; undisturbed: {bench.expected}, {bench.seconds[1]:.0f} s")


def _until_first_file(process: "subprocess.Popen[bytes]", log: Path) -> float:
    while process.poll() is None and not log.stat().st_size:
        time.sleep(0.02)
    return time.perf_counter()


def chains(bench: Bench, wanted: int, pick: random.Random, sign: signal.Signals, name: str) -> str:
    """Chains until there were as many kills as wanted; what happened, in a sentence."""
    kills = number = searches = 0
    while kills < wanted:
        number += 1
        with common.fresh_home() as home, searching(bench, home) as searched:
            done = chain(bench, home, min(CHAIN, wanted - kills), pick, sign, f"{name} {number}")
        kills += done
        searches += searched.count
        bench.failures += [
            f"{name} {number}: a search failed: {error}" for error in searched.errors
        ]
    return f"{kills} x {sign.name} in {number} libraries; {searches} searches meanwhile"


def chain(
    bench: Bench, home: Path, most: int, pick: random.Random, sign: signal.Signals, name: str
) -> int:
    """Kill up to so many runs one after the other, then let one end; the number of kills."""
    kills, log = 0, home / "log"
    span = (bench.seconds[1] - bench.seconds[0]) / most
    while kills < most:
        process = bench.start(home, log)
        when = moment(bench, home, process, log, pick, span, aimed=kills == most - 1)
        if process.poll() is not None:
            break
        kills += 1
        process.send_signal(sign)
        status = process.wait()
        where = f"{name}.{kills} ({when})"
        problems = crash_contents.stragglers(process.pid)
        if sign == signal.SIGTERM and status != 130:
            problems.append(f"ended with status {status}, not 130")
        bench.fail(where, problems + crash_contents.foreign(home, bench.expected))
    status = bench.finish(home, log)
    problems = [] if status == 3 else [f"the last run ended with status {status}"]
    bench.fail(name, problems + differences(contents(home), bench.expected))
    return kills


def moment(
    bench: Bench, home: Path, process: "subprocess.Popen[bytes]", log: Path,
    pick: random.Random, span: float, aimed: bool,
) -> str:  # fmt: skip
    """Wait until a random moment: one in five while it starts, the last while it fills Chroma."""
    if pick.random() < 0.2:
        seconds = pick.uniform(0, bench.seconds[0])
        time.sleep(seconds)
        return f"{seconds:.2f} s after its start"
    if aimed and pick.random() < 0.5:
        while process.poll() is None and state(home) != "writing":
            time.sleep(0.005)
        time.sleep(pick.uniform(0, 0.4))
        return "while Chroma was written"
    before = log.stat().st_size
    while process.poll() is None and log.stat().st_size == before:
        time.sleep(0.02)
    seconds = pick.uniform(0, 2 * span)
    with_end = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < with_end:
        time.sleep(0.005)
    return f"{seconds:.2f} s after its first file"


@dataclass
class Searched:
    """By the process that has the library open."""

    count: int = 0
    errors: set[str] = field(default_factory=set)


@contextmanager
def searching(bench: Bench, home: Path) -> Iterator[Searched]:
    """Search all the time, and follow what other processes write, as the app does."""
    searched, over = Searched(), threading.Event()
    if not bench.searched:
        yield searched
        return

    def search() -> None:
        folder = home / "libraries" / "main"
        try:
            with Library(folder, "main", WordEmbedder) as library:
                while not over.wait(0.2):
                    library.search(QUESTION)
                    searched.count += 1
        except Exception as error:
            searched.errors.add(repr(error))

    thread = threading.Thread(target=search)
    thread.start()
    try:
        yield searched
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
