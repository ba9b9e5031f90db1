"""Do four processes that change and search one library at once ever find anything wrong?

Each has documents of its own and a plain dictionary of them, from the name to the one word that
only this document has. One adds and replaces, one removes and forgets beside it, one watches a
folder, and one rebuilds, verifies and backs up; all search between. Whatever a search of one's own
word finds first must be that document, and words of what is gone must not be found. At the end the
library must hold what the dictionaries hold, and the last backup must be whole.
"""

import faulthandler
import json
import multiprocessing
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import common
from tests.fakes import WordEmbedder
from vectorstore.errors import LibraryBusy, LibraryError
from vectorstore.library import Library
from vectorstore.watch import Watching

MOST = 25  # documents of each process
CONTEXT = multiprocessing.get_context("spawn")


class Worker:
    """One process's documents, the dictionary of them, and what it does."""

    def __init__(self, kind: str, folder: Path, seed: int) -> None:
        self.kind = kind
        self.random = random.Random(f"{kind} {seed}")
        self.desk = folder / kind
        self.desk.mkdir()
        self.backup = folder / "made.backup"
        self.library = Library(folder / "library", "main", WordEmbedder)
        self.held: dict[str, str] = {}
        self.gone: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.cancel = threading.Event()
        if kind == "watch":
            own = Library(folder / "library", "main", WordEmbedder)  # as `pincite watch` has one
            watching = Watching(own, [self.desk], lambda _: None, lambda _: None, 0.2)
            threading.Thread(target=watching.run, args=(self.cancel, 0.2), daemon=True).start()

    def run(self, until: float) -> dict[str, Any]:
        while time.time() < until:
            step = self.random.choice(self.steps())
            name = step.__name__
            try:
                step()
                self.counts[name] += 1
            except LibraryBusy:
                self.counts[f"{name} busy"] += 1
            except LibraryError as error:
                if "in use by another process" not in str(error):
                    self.wrong.append(f"{name}: {error}")
                self.counts[f"{name} refused"] += 1
            except Exception as error:
                self.wrong.append(f"{name}: {error!r}")
            self.check()
        self.cancel.set()
        return {"kind": self.kind, "held": self.held, "gone": sorted(self.gone),
                "counts": dict(self.counts), "wrong": self.wrong}  # fmt: skip

    def steps(self) -> list[Callable[[], None]]:
        match self.kind:
            case "add":
                return [self.add, self.add, self.add, self.remove]
            case "remove":
                return [self.add, self.remove, self.forget]
            case "watch":
                return [self.watched]
            case _:
                return [self.add, self.rebuild, self.verify, self.back_up]

    def write(self) -> dict[str, str]:
        made = {}
        for number in self.random.sample(range(MOST), 2):
            word = "zq" + "".join(self.random.choices("bcdfghjkmnp", k=10))
            name = f"{self.kind}-{number}.md"
            (self.desk / name).write_text(f"# Note\n\nThe word of this note is {word}.\n")
            made[name] = word
        return made

    def settle(self, made: dict[str, str]) -> None:
        for name, word in made.items():
            if name in self.held:
                self.gone.add(self.held[name])
            self.held[name] = word

    def add(self) -> None:
        made = self.write()
        summary = self.library.add([self.desk])
        self.settle(made)
        # Files of others that it takes over from the queue may change while it reads them.
        own = [failure for failure in summary.failed if failure.path.startswith(str(self.desk))]
        self.wrong += [f"add: {failure.error}" for failure in own]

    def remove(self) -> None:
        self._take(self.library.remove)

    def forget(self) -> None:
        self._take(self.library.forget)

    def _take(self, out: Callable[[list[str]], object]) -> None:
        if self.held:
            name = self.random.choice(sorted(self.held))
            out([name])
            (self.desk / name).unlink()
            self.gone.add(self.held.pop(name))

    def watched(self) -> None:
        """Wait until the watching thread has seen to what was written."""
        made = self.write()
        if self.held and self.random.random() < 0.3:
            name = self.random.choice(sorted(set(self.held) - set(made)) or [""])
            if name:
                (self.desk / name).unlink()
                self.gone.add(self.held.pop(name))
        self.settle(made)
        until = time.time() + 120
        while time.time() < until and not self._seen():
            time.sleep(0.2)

    def _seen(self) -> bool:
        own = [d.document for d in self.library.documents() if d.document.startswith("watch-")]
        return sorted(own) == sorted(self.held) and all(map(self._found, self.held))

    def _found(self, name: str) -> bool:
        hits = self.library.search(self.held[name], k=1)
        return bool(hits) and hits[0].document == name

    def rebuild(self) -> None:
        self.library.maintenance.rebuild()

    def verify(self) -> None:
        health = self.library.maintenance.verify()
        found = (*health.lost_files, *health.unbalanced)
        self.wrong += [f"verify: {found}"] if found else []

    def back_up(self) -> None:
        self.library.maintenance.back_up(self.backup)

    def check(self) -> None:
        for name in self.random.sample(sorted(self.held), min(5, len(self.held))):
            self.counts["search"] += 1
            if not self._found(name):
                self.wrong.append(f"{name} was not found by its word")
        for word in self.random.sample(sorted(self.gone), min(3, len(self.gone))):
            self.counts["search"] += 1
            if any(word in hit.text for hit in self.library.search(word, k=3)):
                self.wrong.append(f"{word} of what is gone was found")


def _work(kind: str, folder: Path, seed: int, until: float) -> None:
    faulthandler.enable()
    worker = Worker(kind, folder, seed)
    done = worker.run(until)
    (folder / f"{kind}.json").write_text(json.dumps(done))
    worker.library.close()


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    kinds = ("add", "remove", "watch", "keep")
    with tempfile.TemporaryDirectory(prefix="pincite-concurrent-") as name:
        folder = Path(name)
        Library(folder / "library", "main", WordEmbedder).close()
        until = time.time() + 60 * options.minutes
        running = [
            CONTEXT.Process(target=_work, args=(kind, folder, options.seed, until))
            for kind in kinds
        ]
        for process in running:
            process.start()
        for process in running:
            process.join()
        ended = {kind: process.exitcode for kind, process in zip(kinds, running, strict=True)}
        report(folder, kinds, [f"{kind} ended with {code}" for kind, code in ended.items() if code])


def report(folder: Path, kinds: tuple[str, ...], wrong: list[str]) -> None:
    held: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for kind in kinds:
        if not (folder / f"{kind}.json").exists():
            continue
        done = json.loads((folder / f"{kind}.json").read_text())
        held |= done["held"]
        counts.update(done["counts"])
        wrong += [f"{kind}: {one}" for one in done["wrong"]]
    with Library(folder / "library", "main", WordEmbedder) as library:
        wrong += whole(library, held)
    with Library(folder / "restored", "main", WordEmbedder) as restored:
        restored.maintenance.restore(folder / "made.backup")
        health = restored.maintenance.verify()
        wrong += [f"backup: {health}"] if health.lost_files or health.unbalanced else []
    print(dict(counts))
    print("\n".join(wrong) or f"{len(held)} documents, {counts['search']} searches: none wrong")


def whole(library: Library, held: dict[str, str]) -> list[str]:
    """What differs from the dictionaries."""
    wrong = []
    if (names := sorted(info.document for info in library.documents())) != sorted(held):
        wrong.append(f"documents differ: {sorted(set(names) ^ set(held))}")
    for name, word in held.items():
        hits = library.search(word, k=1)
        if not hits or hits[0].document != name:
            wrong.append(f"at the end {name} is not found")
    copies = {path.stem for path in (library.folder / "files").glob("[!.]*")}
    if copies != {info.sha256 for info in library.documents()}:
        wrong.append("the copies of the files are not those of the documents")
    health = library.maintenance.verify()
    return wrong + ([f"verify: {health}"] if health.lost_files or health.unbalanced else [])


if __name__ == "__main__":
    main()
