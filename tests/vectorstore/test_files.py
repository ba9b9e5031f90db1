""""""

import hashlib
from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from vectorstore.copies import Files


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_that_was_saved_meanwhile_is_not_kept_under_the_old_hash(
    files: Files, tmp_path: Path
) -> None:
    (tmp_path / "a.pdf").write_bytes(b"new")
    with pytest.raises(UnreadableFile, match=r"a\.pdf changed while it was read\. Add it again\."):
        files.keep(tmp_path / "a.pdf", sha256(b"old"))
    assert list((tmp_path / "files").iterdir()) == []


def test_a_file_that_has_vanished_is_named(files: Files, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"a\.pdf cannot be opened: No such file"):
        files.keep(tmp_path / "a.pdf", sha256(b"old"))
    assert list((tmp_path / "files").iterdir()) == []


def kept(files: Files, tmp_path: Path) -> Path:
    (tmp_path / "a.pdf").write_bytes(b"good")
    files.keep(tmp_path / "a.pdf", sha256(b"good"))
    return files.path(sha256(b"good"))


def test_a_damaged_copy_is_deleted(files: Files, tmp_path: Path) -> None:
    copy = kept(files, tmp_path)
    assert files.intact(sha256(b"good"))
    copy.write_bytes(b"")
    assert not files.intact(sha256(b"good"))
    assert not copy.exists()


def test_a_copy_that_cannot_be_read_is_not_deleted(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OSError(5, "Input/output error")

    copy = kept(files, tmp_path)
    with monkeypatch.context() as drive:
        drive.setattr(Path, "open", away)
        assert not files.intact(sha256(b"good"))
    assert copy.read_bytes() == b"good"
