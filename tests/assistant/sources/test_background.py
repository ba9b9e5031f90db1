"""Sources that are fetched by themselves while the app runs, at a real server (WsgiDAV)."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from assistant.settings import Settings
from assistant.sources import source_list
from assistant.sources.fetching import Fetchings
from assistant.sources.source_list import Source, variable
from tests.assistant.main_library import eventually, names
from tests.servers.source_servers import PASSWORD, Dav
from vectorstore.indexing.jobs import alone
from vectorstore.library import Library

MakeSource = Callable[..., Source]


@pytest.fixture
def follow(settings: Settings, library: Library) -> Iterator[Callable[[], Fetchings]]:
    """Begins to follow the library's sources, as a process of its own would."""
    made: list[Fetchings] = []

    def begin() -> Fetchings:
        made.append(Fetchings(pause=0.02, rest=0.0))
        made[-1].follow(settings, library, threading.Lock())
        return made[-1]

    yield begin
    for one in made:
        one.stop("main")


def age(settings: Settings, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the interval had passed since the last try."""
    past = datetime.now(UTC) - timedelta(minutes=source.every)
    with monkeypatch.context() as patched:
        patched.setattr(source_list, "now", past.isoformat)
        source_list.note(settings, source, "", "")


def listings(dav: Dav) -> int:
    return [method for method, _ in dav.asked].count("PROPFIND")


def test_what_is_due_is_fetched_and_again_after_the_interval(
    dav: Dav, source: MakeSource, follow: Callable[[], Fetchings], settings: Settings,
    library: Library, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (dav.folder / "One.txt").write_text("Dogs are welcome on Fridays.")
    shared = source(dav.address())
    follow()
    assert eventually(lambda: names(library) == ["One.txt"])
    assert eventually(lambda: bool(source_list.find(settings, shared.name).tried))
    asked = listings(dav)

    (dav.folder / "Two.txt").write_text("Cats are not.")
    time.sleep(0.3)
    assert listings(dav) == asked, "it is not due"
    age(settings, shared, monkeypatch)
    assert eventually(lambda: names(library) == ["One.txt", "Two.txt"])


def test_two_processes_fetch_once(
    dav: Dav, source: MakeSource, follow: Callable[[], Fetchings], settings: Settings,
    library: Library,
) -> None:  # fmt: skip
    (dav.folder / "One.txt").write_text("Dogs are welcome on Fridays.")
    shared = source(dav.address())
    dav.held = "One.txt"
    follow()
    assert dav.holding.wait(60)
    follow()
    time.sleep(0.3)  # in which the other one looks, and finds the lock
    dav.held = ""
    dav.go.set()
    assert eventually(lambda: bool(source_list.find(settings, shared.name).fetched))
    time.sleep(0.3)
    assert listings(dav) == 1
    assert names(library) == ["One.txt"]


def test_a_paused_one_waits_until_it_is_resumed(
    dav: Dav, source: MakeSource, follow: Callable[[], Fetchings], settings: Settings,
    library: Library,
) -> None:  # fmt: skip
    (dav.folder / "One.txt").write_text("Dogs are welcome on Fridays.")
    shared = source(dav.address())
    source_list.change(settings, shared, paused=True)
    follow()
    time.sleep(0.3)
    assert not dav.asked

    source_list.change(settings, shared, paused=False)
    assert eventually(lambda: names(library) == ["One.txt"])


def test_a_refused_password_is_not_tried_again_until_it_is_resumed(
    dav: Dav, source: MakeSource, follow: Callable[[], Fetchings], settings: Settings,
    library: Library, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    (dav.folder / "One.txt").write_text("Dogs are welcome on Fridays.")
    shared = source(dav.address())
    monkeypatch.setenv(variable(shared.name), "wrong")
    follow()
    assert eventually(lambda: source_list.find(settings, shared.name).refused)
    asked = len(dav.asked)
    monkeypatch.setenv(variable(shared.name), PASSWORD)
    assert not source_list.find(settings, shared.name).is_due(datetime.now(UTC) + timedelta(days=1))
    time.sleep(0.2)
    assert len(dav.asked) == asked

    source_list.change(settings, shared, paused=False)
    assert eventually(lambda: names(library) == ["One.txt"])


def test_without_a_source_nothing_runs_and_it_ends_with_the_last_one(
    dav: Dav, source: MakeSource, follow: Callable[[], Fetchings], settings: Settings
) -> None:
    def threads() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name == "sources of main"]

    follow()
    assert threads() == []
    shared = source(dav.address())
    follow()
    assert threads() == ["sources of main"]
    assert eventually(lambda: bool(source_list.find(settings, shared.name).fetched))
    with alone(source_list.folder(settings, shared) / ".lock", 60):
        pass
    assert eventually(lambda: _removed(settings, shared))
    assert eventually(lambda: threads() == [])


def test_a_damaged_note_ends_no_fetching(
    dav: Dav, source: MakeSource, follow: Callable[[], Fetchings], settings: Settings,
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    (dav.folder / "One.txt").write_text("Dogs are welcome on Fridays.")
    shared = source(dav.address())
    with monkeypatch.context() as patched:
        patched.setattr(source_list, "now", lambda: "yesterday")
        source_list.note(settings, shared, "", "")
    follow()
    assert eventually(lambda: "could not be looked at" in caplog.text)

    source_list.change(settings, shared, paused=False)
    assert eventually(lambda: names(library) == ["One.txt"])


def _removed(settings: Settings, source: Source) -> bool:
    source_list.remove(settings, source)
    return source_list.listed(settings) == []


@pytest.mark.parametrize(
    ("ago", "due"), [(timedelta(minutes=14), False), (timedelta(minutes=16), True),
                     (timedelta(hours=-2), True)],
)  # fmt: skip
def test_a_clock_that_was_set_back_delays_nothing(ago: timedelta, due: bool) -> None:
    now = datetime.now(UTC)
    tried = (now - ago).isoformat(timespec="seconds")
    assert Source("mail", "main", "imaps://ann@h.org", tried=tried).is_due(now) == due
