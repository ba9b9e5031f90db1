"""Other files go before one that held a run, and one file has a time and a number of parts."""

import itertools
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from vectorstore.add_report import Change
from vectorstore.indexing.adding import UnpackingBudget
from vectorstore.library import Library
from vectorstore.store import Vectors


class Interrupted(WordEmbedder):
    """Somebody presses Ctrl-C while a poisonous file is in work."""

    def passages(self, texts: Sequence[str]) -> Vectors:
        if any("poison" in text for text in texts):
            raise KeyboardInterrupt
        return super().passages(texts)


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "a.md").write_text("A poison for every run.\n")
    (folder / "b.md").write_text("A cure for it.\n")
    return folder


def opened(tmp_path: Path, embedder: type[WordEmbedder] = Interrupted) -> Library:
    return Library(tmp_path / "library", "main", embedder)


def interrupted(tmp_path: Path, *paths: Path) -> list[str]:
    """What a run added before it was interrupted."""
    changes: list[Change] = []
    with opened(tmp_path) as library, pytest.raises(KeyboardInterrupt):
        library.add(paths, changed=changes.append)
    return [change.document for change in changes]


def test_new_files_go_before_those_that_were_interrupted(tmp_path: Path, inbox: Path) -> None:
    assert interrupted(tmp_path, inbox) == []
    (inbox / "c.md").write_text("A new file.\n")
    assert interrupted(tmp_path, inbox) == ["b.md", "c.md"]
    with opened(tmp_path, WordEmbedder) as library:
        summary = library.add([inbox])
        assert (summary.added, summary.unchanged, summary.failed) == (1, 2, [])
        assert library.jobs.all() == []


def nested(target: Path, levels: int, each: int) -> None:
    """An archive of archives of small files."""
    inner = target.with_name("inner.zip")
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(each):
            archive.writestr(f"{number}.txt", f"line {number}\n")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(levels):
            archive.write(inner, f"{number}.zip")
    inner.unlink()


def test_an_archive_of_archives_has_no_more_files_than_fit_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.document.source._FEW", 5)
    monkeypatch.setattr("ingest.document.source._BYTES", 1 << 20)
    nested(tmp_path / "bomb.zip", levels=3, each=30)
    with opened(tmp_path, WordEmbedder) as library:
        summary = library.add([tmp_path / "bomb.zip"])
        assert summary.added <= 1 + 5
        assert {failure.error.partition("left out: ")[2] for failure in summary.failed} == {
            "there are too many files in it: unpack it yourself and add the folder."
        }


def test_what_is_inside_of_a_file_has_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "post.zip", "w") as archive:
        for number in range(4):
            archive.writestr(f"{number}.md", f"Letter {number}.\n")
    looks = itertools.count()
    monkeypatch.setattr(UnpackingBudget, "over", property(lambda _: next(looks) >= 2))
    with opened(tmp_path, WordEmbedder) as library:
        summary = library.add([tmp_path / "post.zip"])
        assert summary.added == 3
        assert [failure.error.partition(": ")[2] for failure in summary.failed] == [
            "all that is inside of post.zip took longer than 7200 seconds. Add "
            f"{tmp_path / 'post.zip'} again to continue, or raise the setting file_seconds."
        ] * 2
        looks = itertools.count(-100)
        assert library.add([tmp_path / "post.zip"]).added == 2
