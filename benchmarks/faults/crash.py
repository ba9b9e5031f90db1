"""Does a library survive being killed while a mixed folder of over 100 files is added?

An `add` is killed at a random moment, the next one takes it up and is killed, too, and so on until
one gets through; then the library must hold what an undisturbed run holds. After each kill it must
hold nothing that an undisturbed one does not, and be searchable, from a process that keeps it open
all the time; in every second library that one also keeps Chroma up to date, as the app does.
Then the same with SIGTERM, and on a disk that becomes full. With --reuse, libraries that an
interrupted run has done are not done again.
"""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from assistant.evaluation.metrics import read_rows
from assistant.models.catalogue import Role
from benchmarks import common
from benchmarks.faults import crash_contents, crash_disk, crash_folder
from benchmarks.faults.crash_contents import contents, differences, fills_chroma
from tests.fakes import WordEmbedder
from vectorstore.embedding.embedder import Embedder, load_embedder
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
    embedder: Callable[[], Embedder]  # for searches of this process
    expected: crash_contents.Contents = field(default_factory=crash_contents.Contents)
    seconds: tuple[float, float] = (0.0, 0.0)  # until the first file, and in all
    size: int = 0  # bytes of the home

    def start(self, home: Path, log: Path) -> "subprocess.Popen[bytes]":
        command = [*self.command, "--home", str(home), "add", "--json", str(self.folder)]
        with log.open("ab") as errors:
            return subprocess.Popen(
                command, cwd=common.ROOT, env=self.environment, stdout=subprocess.DEVNULL,
                stderr=errors, start_new_session=True,
            )  # fmt: skip

    def finish(self, home: Path, log: Path) -> int:
        return self.start(home, log).wait()


@dataclass
class Trial:
    """What happened to one library."""

    name: str
    kills: int = 0
    searches: int = 0
    problems: list[str] = field(default_factory=list)

    def note(self, where: str, problems: Sequence[str]) -> None:
        self.problems += [f"{where}: {problem}" for problem in problems]
        common.say(f"{where}: {'; '.join(problems) or 'as undisturbed'}")


def main() -> None:
    options = arguments()
    saved = options.cache / f"crash-{'words' if options.words else 'model'}-{options.seed}.jsonl"
    if not options.reuse:
        saved.unlink(missing_ok=True)
    with crash_folder.mixed(common.eval_folder(options.eval)) as folder:
        bench = bench_of(options, folder)
        measure_undisturbed(bench)
        done = {row["name"]: Trial(**row) for row in read_rows(saved)} if saved.exists() else {}
        for sign, wanted in ((signal.SIGKILL, options.kills), (signal.SIGTERM, options.terms)):
            for trial in chains(bench, wanted, options.seed, sign, done):
                common.append_row(saved, asdict(trial))
        disk = Trial("full disk")
        told = crash_disk.fill(bench, disk) if options.disk else "not tried"
    report([*done.values(), disk], told)


def report(trials: Sequence[Trial], disk: str) -> None:
    for sign in (signal.SIGKILL, signal.SIGTERM):
        some = [trial for trial in trials if trial.name.startswith(sign.name)]
        kills, searches = sum(t.kills for t in some), sum(t.searches for t in some)
        print(f"{kills} x {sign.name} in {len(some)} libraries; {searches} searches meanwhile")
    print(f"full disk: {disk}")
    problems = [problem for trial in trials for problem in trial.problems]
    print("\n".join(problems) or "every library as undisturbed, and no search failed")
    sys.exit(bool(problems))


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
    if options.words:
        return Bench(WITH_WORDS, environment, folder, WordEmbedder)
    path = common.model(options, "embedding")
    return Bench(common.PINCITE, environment, folder, lambda: load_embedder(path))


def measure_undisturbed(bench: Bench) -> None:
    with common.fresh_home() as home:
        log, started = home / "log", time.perf_counter()
        process = bench.start(home, log)
        first = _until_first_file(process, log) - started
        process.wait()
        bench.seconds = first, time.perf_counter() - started
        bench.expected = contents(home)
        bench.size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file())
    files = sum(1 for path in bench.folder.rglob("*") if path.is_file())
    common.say(f"{files} files; undisturbed: {bench.expected}, {bench.seconds[1]:.0f} s")


def _until_first_file(process: "subprocess.Popen[bytes]", log: Path) -> float:
    while process.poll() is None and not log.stat().st_size:
        time.sleep(0.02)
    return time.perf_counter()


def chains(
    bench: Bench, wanted: int, seed: int, sign: signal.Signals, done: dict[str, Trial]
) -> Iterator[Trial]:
    """Libraries until there were as many kills as wanted; those that are done are put there."""
    kills = number = 0
    while kills < wanted:
        number += 1
        trial = Trial(f"{sign.name} {number}")
        if trial.name not in done:
            pick = random.Random(f"{seed} {trial.name}")
            most = min(CHAIN, wanted - kills)
            with common.fresh_home() as home:
                chain(bench, home, most, pick, sign, trial, follow=number % 2 == 0)
            done[trial.name] = trial
            yield trial
        kills += done[trial.name].kills


def chain(
    bench: Bench, home: Path, most: int, pick: random.Random, sign: signal.Signals, trial: Trial,
    follow: bool,
) -> None:  # fmt: skip
    """Kill up to so many runs one after the other, then let one end, and compare."""
    log = home / "log"
    with searching(bench, home, trial, follow):
        kill(bench, home, most, pick, sign, trial)
        status = bench.finish(home, log)
    problems = [] if status == 3 else [f"the last run ended with status {status}"]
    trial.note(trial.name, problems + differences(contents(home), bench.expected))


def kill(
    bench: Bench, home: Path, most: int, pick: random.Random, sign: signal.Signals, trial: Trial
) -> None:
    log = home / "log"
    span = (bench.seconds[1] - bench.seconds[0]) / most
    while trial.kills < most:
        said = log.stat().st_size if log.exists() else 0
        process = bench.start(home, log)
        when = moment(bench, home, process, log, pick, span, aimed=trial.kills == most - 1)
        if process.poll() is not None:
            return
        trial.kills += 1
        begun = log.stat().st_size > said  # before, the signal may come while Python starts
        process.send_signal(sign)
        status = process.wait()
        problems = crash_contents.stragglers(process.pid)
        if sign == signal.SIGTERM and begun and status not in (130, 3):  # 3: it had ended by then
            problems.append(f"ended with status {status}, not 130")
        problems += crash_contents.foreign(home, bench.expected)
        trial.note(f"{trial.name}.{trial.kills} ({when})", problems)


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
        while process.poll() is None and not fills_chroma(home):
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


@contextmanager
def searching(bench: Bench, home: Path, trial: Trial, follow: bool) -> Iterator[None]:
    """Search all the time; with `follow` also keep Chroma up to date, as the app does."""
    over = threading.Event()

    def search() -> None:
        try:
            with Library(home / "libraries" / "main", "main", bench.embedder) as library:
                if follow:
                    library.index.follow()
                while not over.wait(0.2):
                    library.search(QUESTION)
                    trial.searches += 1
                library.index.sync()
        except Exception as error:
            trial.problems.append(f"{trial.name}: a search failed: {error!r}")

    thread = threading.Thread(target=search)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    main()
