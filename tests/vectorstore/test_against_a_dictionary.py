"""Random orders of changes leave a library that finds what a plain dictionary holds."""

import random
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from vectorstore.library import Library

STEPS = 25


class Model:
    """A library beside a dictionary from name to the one word that only this document has."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.random = random.Random(seed)
        self.desk = folder / "desk"
        self.desk.mkdir()
        self.place = folder / "library"
        self.library = Library(self.place, "main", WordEmbedder)
        self.held: dict[str, str] = {}
        self.gone: set[str] = set()  # words of what was removed or replaced
        self.saved: dict[str, str] = {}
        self.backup = folder / "backup"

    def write(self, name: str) -> None:
        word = "zq" + "".join(self.random.choices("bcdfghjkmnp", k=8))
        (self.desk / name).write_text(f"# Note\n\nThe word of this note is {word}.\n")
        if name in self.held:
            self.gone.add(self.held[name])
        self.held[name] = word

    def add(self) -> None:
        for number in self.random.sample(range(12), 2):
            self.write(f"{number}.md")
        summary = self.library.add([self.desk], prune=True)
        assert summary.failed == []

    def remove(self) -> None:
        if self.held:
            name = self.random.choice(sorted(self.held))
            assert self.library.remove([name]) == 1
            (self.desk / name).unlink()
            self.gone.add(self.held.pop(name))

    def forget(self) -> None:
        if self.held:
            name = self.random.choice(sorted(self.held))
            self.library.forget([name])
            (self.desk / name).unlink()
            self.gone.add(self.held.pop(name))

    def delete_file(self) -> None:
        if self.held:
            name = self.random.choice(sorted(self.held))
            (self.desk / name).unlink()
            assert self.library.sources.prune([self.desk]) == [name]
            self.gone.add(self.held.pop(name))

    def rebuild(self) -> None:
        self.library.maintenance.rebuild()

    def reopen(self) -> None:
        self.library.close()
        self.library = Library(self.place, "main", WordEmbedder)

    def back_up(self) -> None:
        self.library.maintenance.back_up(self.backup)
        self.saved = dict(self.held)

    def restore(self) -> None:
        if not self.backup.exists():
            return
        self.library.maintenance.restore(self.backup)
        self.gone |= set(self.held.values())
        self.held = dict(self.saved)
        self.gone -= set(self.held.values())
        for path in self.desk.iterdir():
            path.unlink()
        for name, word in self.held.items():
            (self.desk / name).write_text(f"# Note\n\nThe word of this note is {word}.\n")

    def check(self) -> None:
        assert sorted(d.document for d in self.library.documents()) == sorted(self.held)
        for name, word in self.held.items():
            assert self.library.search(word, k=1)[0].document == name
        for word in self.gone:
            assert all(word not in hit.text for hit in self.library.search(word, k=3))
        stored = {path.stem for path in (self.place / "files").glob("*")}
        assert stored == {d.sha256 for d in self.library.documents()}


@pytest.mark.parametrize("seed", range(2))
def test_any_order_of_changes_ends_in_what_was_asked_for(tmp_path: Path, seed: int) -> None:
    model = Model(tmp_path, seed)
    steps = [
        model.add, model.add, model.add, model.remove, model.forget, model.delete_file,
        model.rebuild, model.reopen, model.back_up, model.restore,
    ]  # fmt: skip
    try:
        for _ in range(STEPS):
            model.random.choice(steps)()
            model.check()
        health = model.library.maintenance.verify()
        assert (health.lost_files, health.mended, health.unbalanced) == ((), (), ())
    finally:
        model.library.close()
