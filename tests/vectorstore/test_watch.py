"""A watched folder and the library stay the same; what is away for now is kept."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.pdfs import write_pdf
from vectorstore.add_report import Change
from vectorstore.errors import LibraryAway, LibraryBusy, LibraryError
from vectorstore.library import Library
from vectorstore.watch import Watching

Told = list[tuple[str, str]]


class Watch:
    """Watches without waiting: a look, and one more when all has stayed the same."""

    def __init__(self, library: Library, *paths: Path, settle: float = 0.0) -> None:
        self.changes: list[Change] = []
        self.notices: list[str] = []
        self.watching = Watching(library, paths, self.changes.append, self.notices.append, settle)

    def __call__(self) -> Told:
        """What was told since the last time."""
        self.changes.clear()
        self.watching.look()
        return [(change.outcome, change.document) for change in self.changes]


@pytest.fixture
def watch(library: Library, papers: Path) -> Watch:
    watch = Watch(library, papers)
    watch()
    return watch


def names(library: Library) -> list[str]:
    return [info.document for info in library.documents()]


def test_what_is_there_is_added_first(library: Library, papers: Path) -> None:
    watch = Watch(library, papers)
    assert watch() == [("added", "Handbook.pdf"), ("added", "Policy.pdf")]
    assert watch() == []


def test_new_changed_renamed_and_deleted_files_are_followed(
    watch: Watch, library: Library, papers: Path
) -> None:
    write_pdf(papers / "Badge.pdf", ["A visitor wears a badge."])
    assert watch() == [("added", "Badge.pdf")]
    write_pdf(papers / "Badge.pdf", ["A visitor wears two badges."])
    assert watch() == [("updated", "Badge.pdf")]
    (papers / "Badge.pdf").rename(papers / "Visitors.pdf")
    assert watch() == [("moved", "Visitors.pdf")]
    (papers / "Visitors.pdf").unlink()
    assert watch() == [("removed", "Visitors.pdf")]
    assert names(library) == ["Handbook.pdf", "Policy.pdf"]
    assert library.maintenance.verify().chroma == "complete"


def test_what_went_before_it_was_watched_is_removed(full: Library, papers: Path) -> None:
    (papers / "Policy.pdf").unlink()
    assert ("removed", "Policy.pdf") in Watch(full, papers)()


def test_a_renamed_folder_moves_its_documents(watch: Watch, library: Library, papers: Path) -> None:
    (papers / "old").mkdir()
    write_pdf(papers / "old" / "Badge.pdf", ["A visitor wears a badge."])
    watch()
    (papers / "old").rename(papers / "new")
    told = watch()
    assert [outcome for outcome, _ in told] in ([], ["moved"])  # its name stays the same
    assert names(library) == ["Badge.pdf", "Handbook.pdf", "Policy.pdf"]
    assert library.documents()[0].path == str(papers / "new" / "Badge.pdf")


def test_a_file_is_read_when_it_has_stayed_the_same_for_a_while(
    library: Library, papers: Path
) -> None:
    watch = Watch(library, papers, settle=0.3)
    assert watch() == []
    with (papers / "Log.txt").open("w") as log:
        for number in range(6):  # written for longer than a file has to stay the same
            log.write(f"line {number} about leave\n")
            log.flush()
            assert "Log.txt" not in [name for _, name in watch()]
            time.sleep(0.1)
    time.sleep(0.4)
    assert ("added", "Log.txt") in watch()


def test_an_editor_that_replaces_a_file_does_not_remove_it(library: Library, papers: Path) -> None:
    watch = Watch(library, papers, settle=0.2)
    watch()
    time.sleep(0.25)
    watch()
    kept = (papers / "Policy.pdf").rename(papers / "Policy.tmp")
    assert watch() == []
    kept.rename(papers / "Policy.pdf")
    time.sleep(0.25)
    assert watch() == []
    assert names(library) == ["Handbook.pdf", "Policy.pdf"]


def test_a_drive_that_is_away_keeps_its_documents(
    watch: Watch, library: Library, papers: Path
) -> None:
    away = papers.rename(papers.with_name("away"))
    try:
        assert watch() == []
        papers.mkdir()  # as the empty folder is on which a drive is mounted
        assert watch() == [] == watch()
        assert watch.notices == [
            f"{papers} is empty or out of reach: its documents are kept until it is back."
        ]
        assert names(library) == ["Handbook.pdf", "Policy.pdf"]
    finally:
        shutil.rmtree(papers)
        away.rename(papers)
    (papers / "Policy.pdf").unlink()
    assert watch() == [("removed", "Policy.pdf")]


def test_a_drive_that_is_away_from_the_beginning_keeps_its_documents(
    full: Library, papers: Path
) -> None:
    for path in papers.iterdir():
        path.unlink()
    assert Watch(full, papers)() == []
    assert names(full) == ["Handbook.pdf", "Policy.pdf"]


def test_the_last_file_of_a_folder_can_be_deleted(
    watch: Watch, library: Library, papers: Path
) -> None:
    for path in papers.iterdir():
        path.unlink()
    assert watch() == [("removed", "Handbook.pdf"), ("removed", "Policy.pdf")]


def test_a_bad_file_is_told_once_and_again_when_it_changes(watch: Watch, papers: Path) -> None:
    bad = papers / "Bad.pdf"
    bad.write_bytes(b"no PDF")
    assert watch() == [("failed", "Bad.pdf")]
    assert watch() == []
    write_pdf(bad, ["A visitor wears a badge."])
    assert watch() == [("added", "Bad.pdf")]


@pytest.mark.parametrize("error", [LibraryBusy, LibraryAway])
def test_what_cannot_be_done_now_is_tried_again(
    watch: Watch, library: Library, papers: Path, monkeypatch: pytest.MonkeyPatch,
    error: type[LibraryError],
) -> None:  # fmt: skip
    def busy(*_: object, **__: object) -> None:
        raise error("Another process is writing.")

    write_pdf(papers / "Badge.pdf", ["A visitor wears a badge."])
    with monkeypatch.context() as patched:
        patched.setattr(library, "add", busy)
        assert watch() == [] == watch()
    assert watch.notices == ["Another process is writing. Trying again."]
    assert watch() == [("added", "Badge.pdf")]


def test_it_runs_until_it_is_cancelled(
    library: Library, papers: Path, elsewhere: Callable[[str], object]
) -> None:
    cancel, watch = threading.Event(), Watch(library, papers)
    thread = threading.Thread(target=watch.watching.run, args=(cancel, 0.05))
    thread.start()
    until = time.monotonic() + 60
    while len(names(library)) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    cancel.set()
    thread.join(60)
    assert not thread.is_alive()
    assert names(library) == ["Handbook.pdf", "Policy.pdf"]
