"""Files inside of a file are each accounted for as if they were alone."""

import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.document.source import Engines
from ingest.document.wire import Loaded
from tests.fakes import WordEmbedder
from vectorstore.errors import HomeNotWritable
from vectorstore.indexing import store_document
from vectorstore.indexing.adding import Prefetch
from vectorstore.indexing.store_document import Item
from vectorstore.library import Library
from vectorstore.workers import Order, here


def packed(target: Path, texts: dict[str, str]) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return target


def letters(number: int) -> dict[str, str]:
    return {f"{n % 7}/{n}.md": f"# Letter {n}\n\nOf revenue {n * n}.\n" for n in range(number)}


def found(library: Library) -> dict[str, tuple[list[object], list[str]]]:
    """The ledger and the text of each document."""
    return {
        info.document.rpartition("/")[2]: (
            list(library.ledger(info.document)),
            [page.text for page in library.pages(info.document)],
        )
        for info in library.documents() if info.document != "post.zip"
    }  # fmt: skip


def test_members_are_read_as_files_of_a_folder_are(tmp_path: Path) -> None:
    texts = letters(20) | {
        "bad.json": "{",
        "empty.csv": "",
        "large.md": "A word. " * 8192,
    }
    packed(tmp_path / "post.zip", texts)
    for name, text in texts.items():
        path = tmp_path / "desk" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    with Library(tmp_path / "one", "main", WordEmbedder) as one:
        said = one.add([tmp_path / "post.zip"])
        together = found(one)
    with Library(tmp_path / "other", "main", WordEmbedder) as other:
        alone = other.add([tmp_path / "desk"])
        assert together == found(other)
    assert len(together) == said.added - 1 == alone.added
    assert sorted(f.path.rpartition("/")[2] for f in said.failed) == sorted(
        f.path.rpartition("/")[2] for f in alone.failed
    )


def test_twins_and_known_bytes_are_counted_each(tmp_path: Path) -> None:
    texts = {f"{n}.md": f"Letter {n % 3}.\n" for n in range(100)}
    with Library(tmp_path / "library", "main", WordEmbedder) as library:
        summary = library.add([packed(tmp_path / "post.zip", texts)])
        assert (summary.added, summary.unchanged, summary.failed) == (4, 97, [])
        again = library.add([packed(tmp_path / "copy.zip", texts | {"new.md": "New.\n"})])
        assert (again.added, again.unchanged, again.failed) == (2, 100, [])


def test_members_that_changed_take_the_place_of_the_old_ones(tmp_path: Path) -> None:
    with Library(tmp_path / "library", "main", WordEmbedder) as library:
        library.add([packed(tmp_path / "post.zip", letters(30))])
        changed = {name: text + "Paid.\n" for name, text in letters(30).items()}
        summary = library.add([packed(tmp_path / "post.zip", changed)])
        assert (summary.updated, summary.failed) == (31, [])
        copies = {path.stem for path in (tmp_path / "library" / "files").iterdir()}
        assert copies == {info.sha256 for info in library.documents()}
        assert len(copies) == 31


def test_members_that_cannot_be_stored_are_added_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed(tmp_path / "post.zip", letters(10))
    put, seen = store_document.put, []

    def full(*args: object) -> None:
        seen.append(args)
        if len(seen) == 6:
            raise HomeNotWritable("The disk is full.")
        put(*args)  # type: ignore[arg-type]

    with Library(tmp_path / "library", "main", WordEmbedder) as library:
        with monkeypatch.context() as patched, pytest.raises(HomeNotWritable):
            patched.setattr(store_document, "put", full)
            library.add([tmp_path / "post.zip"])
        there = len(library.documents())
        assert len(list((tmp_path / "library" / "files").iterdir())) == there == 5
        summary = library.add([])
        assert (summary.added, summary.failed, library.jobs.all()) == (6, [], [])


def test_stopping_ends_workers_that_are_just_asked_for_a_file(tmp_path: Path) -> None:
    cancel, closed = threading.Event(), threading.Event()
    workers = here(Order(Engines("off")))

    def start(*_: object) -> Callable[[], Loaded]:
        cancel.set()
        assert closed.wait(20), "nobody closes them"
        raise RuntimeError("closed")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(workers, "start", start)
        patched.setattr(workers, "close", closed.set)
        item = Item(tmp_path / "a.md", "a", "a", "0", 0)
        order = Order(Engines("off"))
        with Prefetch(order, lambda _: workers, lambda _: print, cancel, tmp_path) as reading:
            read = reading.start(item, None)
    assert read._document is None
