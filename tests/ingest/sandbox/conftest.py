"""A sandbox whose children misbehave as the name of a file says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ingest.document.source import Bounds, Engines
from ingest.errors import UnreadableFile
from ingest.sandbox.pool import Sandbox
from tests.ingest.misbehaving import read


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(read=read, engines=Engines(bounds=Bounds(seconds=20))) as sandbox:
        yield sandbox


def outcomes(sandbox: Sandbox, *names: str) -> list[str]:
    """All files are begun before the first is waited for, as when they are read ahead."""
    waiting = [sandbox.start(Path(name)) for name in names]
    return [outcome(wait) for wait in waiting]


def outcome(wait: Any) -> str:
    try:
        return str(wait()[0].name)
    except UnreadableFile as error:
        return str(error)
