import errno
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from ingest.errors import UnreadableFile
from ingest.sandbox.pool import Sandbox
from tests.ingest.misbehaving import read


def full(pipe: Connection, job: object) -> None:
    """A pipe of a machine that has no memory left for it."""
    raise OSError(errno.ENOMEM, "Cannot allocate memory")


def test_a_fault_of_this_machine_is_not_laid_on_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sandbox(read=read) as sandbox:
        assert sandbox.start(Path("a"))()[0].name == "a"
        with monkeypatch.context() as patched:
            patched.setattr(Connection, "send", full)
            with pytest.raises(UnreadableFile, match=r"^b could not be read: .*allocate memory\.$"):
                sandbox.start(Path("b"))()
        assert sandbox.start(Path("c"))()[0].name == "c"
