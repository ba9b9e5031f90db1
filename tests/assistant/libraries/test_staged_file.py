"""A file goes to the disk piece by piece, and leaves nothing where it finds no place."""

import io
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import AssistantError
from assistant.libraries import uploads as libraries_uploads
from assistant.libraries.uploads import given_path, staged
from ingest.errors import NothingFound
from tests.assistant.ui.fakes import HANDBOOK, SAMPLES, FakeLibrary
from tests.fakes import WordEmbedder
from vectorstore.errors import HomeNotWritable
from vectorstore.library import Library

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
    [path] = staged(tmp_path, [("large.bin", sender)])  # type: ignore[list-item]
    assert path.name == "large.bin" and path.stat().st_size == LENGTH
    assert 0 < sender.most <= 1 << 20


def test_a_sender_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    class Broken(io.RawIOBase):
        def read(self, size: int = -1) -> bytes:
            raise OSError(28, "No space left on device")

    with pytest.raises(HomeNotWritable, match="No space left on device"):
        staged(tmp_path, [("b.txt", io.BytesIO(b"b")), ("a.txt", Broken())])  # type: ignore[list-item]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a\0b.txt", "a\ud800.txt"])
def test_a_name_that_no_file_can_have_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(AssistantError, match="cannot be the name of a file") as sent:
        staged(tmp_path, [(name, io.BytesIO(b"a"))])
    assert not list(tmp_path.iterdir())
    with pytest.raises(NothingFound, match="There is no file or folder") as named:
        given_path(str(tmp_path / name))
    assert all("a\ufffd" in str(error.value) for error in (sent, named)), "as an answer tells it"


def test_what_is_left_over_goes_with_its_folder(tmp_path: Path) -> None:
    library = FakeLibrary(SAMPLES / HANDBOOK)
    folder = libraries_uploads.upload_folder(tmp_path, library.name)
    old, new = staged(folder, [(name, io.BytesIO(b"a")) for name in ("old.txt", "new.txt")])
    os.utime(old.parent, (0, 0))
    libraries_uploads.clear_leftovers(tmp_path, library)  # type: ignore[arg-type]
    assert list(folder.iterdir()) == [new.parent]


class Server(Library):
    """One process of a home: all that are at work have their files before one of them adds."""

    ready: threading.Barrier

    def add(self, paths: Sequence[Path], *given: Any, **named: Any) -> Any:
        self.ready.wait(60)
        return super().add(paths, *given, **named)


def test_each_of_many_servers_adds_its_own_file_of_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Server, "ready", threading.Barrier(4), raising=False)
    servers, uploads = [], []
    for number in range(4):
        # The turns of a process are its own.
        monkeypatch.setattr(libraries_uploads, "_turns", defaultdict(threading.Lock))
        server = Server(tmp_path / "libraries" / "main", "main", WordEmbedder)
        text = f"Report number {number} is paid in {number + 3} days.".encode()
        folder = libraries_uploads.upload_folder(tmp_path, "main")
        servers.append(server)
        uploads.append(
            libraries_uploads.Upload(
                server, tmp_path, staged(folder, [("report.txt", io.BytesIO(text))])
            )
        )
    told: Counter[str] = Counter()
    for one in uploads:
        assert one.wait(60) and not one.error and one.summary
        told.update(added=one.summary.added, updated=one.summary.updated)
        assert not one.summary.unchanged + len(one.summary.failed)
    assert told == {"added": 1, "updated": 3}
    [document] = servers[0].documents()
    assert document.document == "report.txt"
    assert not list(libraries_uploads.upload_folder(tmp_path, "main").iterdir())
    assert not servers[0].jobs.all()
    for server in servers:
        server.close()
