"""A backup is one file; what comes out of it is what went in, or nothing is changed."""

import json
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes import WordEmbedder
from tests.pdfs import write_pdf
from tests.vectorstore.conftest import OpenLibrary
from vectorstore.errors import LibraryError
from vectorstore.library import Library


def names(library: Library) -> list[str]:
    return [info.document for info in library.documents()]


def found(library: Library, question: str) -> list[tuple[str, int, float]]:
    return [(hit.document, hit.page, hit.score) for hit in library.search(question)]


@pytest.fixture
def backup(full: Library, tmp_path: Path) -> Path:
    full.maintenance.back_up(tmp_path / "library.backup")
    return tmp_path / "library.backup"


def test_a_backup_makes_the_same_library_elsewhere(
    full: Library, backup: Path, tmp_path: Path, papers: Path
) -> None:
    with Library(tmp_path / "elsewhere" / "new", "new", WordEmbedder) as other:
        contents = other.maintenance.restore(backup)
        assert (contents.library, contents.documents, contents.passages) == ("main", 2, 3)
        assert names(other) == ["Handbook.pdf", "Policy.pdf"]
        assert found(other, "days of leave") == found(full, "days of leave")
        assert other.file("Policy.pdf").read_bytes() == (papers / "Policy.pdf").read_bytes()
        health = other.maintenance.verify()
        assert (health.chroma, health.lost_files, health.mended) == ("complete", (), ())
        assert other.add([papers]).unchanged == 2


def test_restoring_takes_back_what_came_after(
    full: Library, backup: Path, tmp_path: Path, papers: Path
) -> None:
    before = full.generation()
    write_pdf(tmp_path / "new.pdf", ["A visitor wears a badge."])
    full.add([tmp_path / "new.pdf"])
    full.remove(["Policy.pdf"])
    full.maintenance.restore(backup)
    assert names(full) == ["Handbook.pdf", "Policy.pdf"]
    assert full.generation() > before + 2
    assert full.search("visitor badge", k=1)[0].document != "new.pdf"
    assert full.maintenance.verify().chroma == "complete"
    assert len(list((full.folder / "files").iterdir())) == 2
    assert not list(full.folder.glob(".pincite-*"))


def test_a_process_that_has_the_library_open_finds_what_was_restored(
    full: Library, backup: Path, elsewhere: Callable[[str], "subprocess.Popen[str]"]
) -> None:
    full.remove(["Policy.pdf"])
    assert "Policy.pdf" not in [hit.document for hit in full.search("password")]
    other = elsewhere(f"library.maintenance.restore(Path({str(backup)!r}))")
    assert other.communicate()[1] is None and other.returncode == 0
    assert full.search("password", k=1)[0].document == "Policy.pdf"
    assert full.index.sync()
    assert full.search("password", k=1)[0].document == "Policy.pdf"


def test_vectors_of_another_model_do_not_stay_in_chroma(
    full: Library, backup: Path, opened: OpenLibrary
) -> None:
    expected = found(full, "password")
    full.close()
    other = opened(identity="other", words=("fourteen",))
    other.maintenance.rebuild()
    other.close()
    again = opened()
    again.maintenance.restore(backup)
    assert found(again, "password") == expected


@pytest.mark.slow
def test_a_backup_is_taken_while_another_process_adds(
    full: Library, elsewhere: Callable[[str], "subprocess.Popen[str]"], tmp_path: Path
) -> None:
    for number in range(6):
        write_pdf(tmp_path / "more" / f"{number}.pdf", [f"Leave in year {number}."])
    other = elsewhere(f"library.add([Path({str(tmp_path / 'more')!r})])")
    backups: list[Path] = []
    while other.poll() is None:
        backups.append(tmp_path / f"{len(backups)}.backup")
        full.maintenance.back_up(backups[-1])
        time.sleep(0.1)
    other.communicate()
    with Library(tmp_path / "elsewhere", "new", WordEmbedder) as restored:
        for backup in backups[-5:]:
            contents = restored.maintenance.restore(backup)
            assert contents.documents == len(restored.documents()) >= 2
            assert contents.lost == ()
    assert len(full.documents()) == 8


def test_a_lost_copy_is_named_and_left_out(full: Library, tmp_path: Path) -> None:
    full.file("Policy.pdf").unlink()
    assert full.maintenance.back_up(tmp_path / "b").lost == ("Policy.pdf",)
    full.remove(["Handbook.pdf"])
    assert full.maintenance.restore(tmp_path / "b").lost == ("Policy.pdf",)
    assert names(full) == ["Handbook.pdf", "Policy.pdf"]


def test_a_file_that_is_no_backup_is_not_overwritten(full: Library, tmp_path: Path) -> None:
    (tmp_path / "thesis.pdf").write_bytes(b"years of work")
    with pytest.raises(LibraryError, match="is there already and is no backup"):
        full.maintenance.back_up(tmp_path / "thesis.pdf")
    assert (tmp_path / "thesis.pdf").read_bytes() == b"years of work"


def test_an_older_backup_is_replaced(full: Library, backup: Path) -> None:
    full.remove(["Policy.pdf"])
    assert full.maintenance.back_up(backup).documents == 1
    assert full.maintenance.restore(backup).documents == 1


def rewritten(backup: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """With other bytes in its parts, or without some of them."""
    target = backup.with_suffix(".changed")
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            if (data := change(name, old.read(name))) is not None:
                new.writestr(name, data)
    return target


def flipped(wanted: str) -> Callable[[str, bytes], bytes | None]:
    return lambda name, data: data[:-1] + bytes([data[-1] ^ 1]) if wanted in name else data


def without(wanted: str) -> Callable[[str, bytes], bytes | None]:
    return lambda name, data: None if wanted in name else data


def newer(name: str, data: bytes) -> bytes:
    if not name.endswith(".json"):
        return data
    return json.dumps({**json.loads(data), "format": 99}).encode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (flipped("catalog"), "is damaged: catalog.sqlite has other bytes than it should"),
        (flipped("files/"), "has other bytes than it should"),
        (without("catalog"), "is damaged"),
        (without("files/"), "the file of Handbook.pdf is not in it"),
        (without("json"), "is not a backup of a library, or is damaged"),
        (newer, "newer version of Pincite"),
    ],
)
def test_a_damaged_backup_changes_nothing(
    full: Library, backup: Path, change: Callable[[str, bytes], bytes | None], sentence: str
) -> None:
    full.remove(["Policy.pdf"])
    before = full.generation(), full.documents()
    with pytest.raises(LibraryError, match=sentence):
        full.maintenance.restore(rewritten(backup, change))
    assert (full.generation(), full.documents()) == before
    assert len(list((full.folder / "files").iterdir())) == 1


def test_half_a_backup_is_refused(full: Library, backup: Path) -> None:
    backup.write_bytes(backup.read_bytes()[:-500])
    with pytest.raises(LibraryError, match="is not a backup of a library, or is damaged"):
        full.maintenance.restore(backup)
    with pytest.raises(LibraryError, match="There is no file"):
        full.maintenance.restore(backup.with_name("none"))


def test_a_library_can_be_moved_to_another_machine(
    full: Library, papers: Path, tmp_path: Path
) -> None:
    full.close()
    moved = tmp_path / "another machine" / "library"
    shutil.copytree(full.folder, moved)
    shutil.rmtree(full.folder)
    shutil.copytree(papers, tmp_path / "another machine" / "papers")
    for path in papers.iterdir():
        path.unlink()
    with Library(moved, "main", WordEmbedder) as library:
        assert library.search("password", k=1)[0].document == "Policy.pdf"
        assert library.file("Policy.pdf").is_file()
        assert library.maintenance.verify().chroma == "complete"
        summary = library.add([tmp_path / "another machine" / "papers"])
        assert (summary.moved, summary.added) == (2, 0)
