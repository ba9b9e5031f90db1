"""Sources of a library, at servers on loopback."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.settings import Settings
from assistant.sources import source_list
from assistant.sources.fetching import Fetched, bring
from assistant.sources.source_list import Source, variable
from tests.assistant.main_library import library as library
from tests.assistant.main_library import settings as settings
from tests.servers.source_servers import PASSWORD, Dav, Dovecot, no_dovecot
from vectorstore.add_report import AddSummary
from vectorstore.library import Library

Fetch = Callable[..., tuple[Fetched, AddSummary | None]]


@pytest.fixture
def dav(tmp_path: Path) -> Iterator[Dav]:
    server = Dav(tmp_path / "shared")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    if why := no_dovecot():
        pytest.skip(why)
    server = Dovecot()
    yield server
    server.remove()


@pytest.fixture
def source(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Source]:
    """A new source with the password of the servers."""

    def made(address: str, mirror: bool = False) -> Source:
        found = source_list.add(settings, source_list.new(settings, "main", address, mirror=mirror))
        monkeypatch.setenv(variable(found.name), PASSWORD)
        return found

    return made


@pytest.fixture
def fetch(settings: Settings, library: Library) -> Fetch:
    return lambda source: bring(settings, library, source, library.add)
