"""A file goes to the disk piece by piece, and leaves nothing where it finds no place."""

import io
from pathlib import Path

import pytest

from assistant.uploads.staged_file import staged
from vectorstore.errors import HomeNotWritable

LENGTH = 40 << 20


class Sender(io.RawIOBase):
    """Sends many bytes, and notes how many are asked for at once."""

    def __init__(self) -> None:
        self.left, self.most = LENGTH, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self.most = max(self.most, len(buffer))
        given = min(len(buffer), self.left)
        self.left -= given
        return given


def test_a_large_file_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    sender = Sender()
    file = staged(tmp_path, "large.bin", sender)  # type: ignore[arg-type]
    assert file.path.stat().st_size == LENGTH
    assert 0 < sender.most <= 1 << 20
    file.move_to(tmp_path / "large.bin")
    assert [path.name for path in tmp_path.iterdir()] == ["large.bin"]


def test_a_sender_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(HomeNotWritable, match="No space left on device"):
        staged(tmp_path, "a.txt", Broken())  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())
