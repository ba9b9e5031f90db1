"""A library `main` in a home of the test's own, and what is looked for in it."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.settings import Settings
from tests.fakes import WordEmbedder
from vectorstore.library import Library


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(home=tmp_path / "home")


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    with Library(settings.libraries_folder / "main", "main", WordEmbedder) as made:
        yield made


def names(library: Library) -> list[str]:
    return sorted(info.document for info in library.documents())


def eventually(what: Callable[[], bool]) -> bool:
    """Whether it comes true within a minute, on a machine under load."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.05)
    return False
