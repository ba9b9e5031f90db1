"""Fetches what is new at a source, and has a library read it."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from assistant.settings import Settings
from assistant.sources import store
from assistant.sources.errors import LeftOut, Refused, SourceFailed
from assistant.sources.landing import Entry, Landing
from assistant.sources.password import password_of
from assistant.sources.reach import reached
from assistant.sources.servers.client import Client
from assistant.sources.store import Source
from ingest.errors import PinciteError
from vectorstore.add_report import AddSummary
from vectorstore.indexing.jobs import alone
from vectorstore.library import Library

_NAMED = 20  # of what was left out


@dataclass
class Fetched:
    """What came of a fetching."""

    new: int = 0  # mails or files, also those that replaced an older one
    known: int = 0
    gone: list[Path] = field(default_factory=list)  # deleted here, too, by `mirror`
    left_out: int = 0
    reasons: list[str] = field(default_factory=list)  # for the first of them

    def leave_out(self, name: str, why: LeftOut) -> None:
        """A mail, a file or a folder that cannot be fetched."""
        self.left_out += 1
        if len(self.reasons) < _NAMED:
            self.reasons.append(_left_out(name, str(why).rstrip(".")))


def _left_out(name: str, why: str) -> str:
    return f"{name!r} is left out: {why}."


class _Cancelled(Exception):
    """It is to end; what came until now stays."""


def bring(
    settings: Settings, library: Library, source: Source,
    add: Callable[[list[Path]], AddSummary], cancel: threading.Event | None = None,
    if_due: bool = False,
) -> tuple[Fetched, AddSummary | None]:  # fmt: skip
    """Fetch, and have `add` read what the library has not read yet; None where there is nothing.

    What came of it is kept with the source. With `if_due` nothing is done where another process
    does it, or has just done it. Raises PinciteError; what was fetched until then stays, and the
    next call goes on.
    """
    store.check_there(settings, source.library)
    landing_folder = store.folder(settings, source)
    landing_folder.mkdir(parents=True, exist_ok=True)
    with alone(landing_folder / store.LOCK) as free:
        if if_due and not (free and _is_due(settings, source)):
            return Fetched(), None
        if not free:
            raise SourceFailed(f"{source.name} is being fetched by another program already.")
        try:
            done = _brought(settings, library, source, add, cancel)
        except PinciteError as error:
            store.note(settings, source, "", str(error), isinstance(error, Refused))
            raise
        if not _is_set(cancel):
            store.note(settings, source, store.now(), "")
    return done


def _is_due(settings: Settings, source: Source) -> bool:
    """Now that nobody else fetches it."""
    return store.find(settings, source.name, source.library).is_due(datetime.now(UTC))


def _brought(
    settings: Settings, library: Library, source: Source,
    add: Callable[[list[Path]], AddSummary], cancel: threading.Event | None,
) -> tuple[Fetched, AddSummary | None]:  # fmt: skip
    landing = Landing(store.folder(settings, source))
    try:
        fetched = _fetched(source, landing, cancel)
    except SourceFailed:
        _read(landing, add, cancel)  # what came before
        raise
    summary = _read(landing, add, cancel)
    if fetched.gone and not _is_set(cancel):
        library.sources.prune(fetched.gone)
        landing.forget(fetched.gone)  # last: after a kill before, the next run finds them again
    return fetched, summary


def _read(
    landing: Landing, add: Callable[[list[Path]], AddSummary], cancel: threading.Event | None
) -> AddSummary | None:
    if _is_set(cancel):  # the library may be closed, or gone
        return None
    new = landing.new()
    summary = add(new) if new else None
    if new and not _is_set(cancel):
        landing.handed_over()
    return summary


def _fetched(source: Source, landing: Landing, cancel: threading.Event | None) -> Fetched:
    """Raises SourceFailed that names the source."""
    try:
        with reached(source, password_of(source)) as client:
            return _each(client, landing, source.mirror, cancel)
    except SourceFailed as error:
        raise type(error)(f"{source.name}: {error}", error.field) from error


def _each(
    client: Client, landing: Landing, mirror: bool, cancel: threading.Event | None
) -> Fetched:
    def check() -> None:
        if _is_set(cancel):
            raise _Cancelled

    found, seen = Fetched(), set()
    with suppress(_Cancelled):
        for entry in list(client.entries(check)):  # first all: no command comes between
            check()
            seen.add(entry.key)
            _one(client, landing, entry, found, check)
        for name, why in client.left_out:
            found.leave_out(name, why)
        if mirror and seen and client.whole:  # an empty list is rather a server that is not itself
            found.gone = landing.others(seen)
            landing.delete(found.gone)  # before others are read, which they may be under a new name
    return found


def _one(
    client: Client, landing: Landing, entry: Entry, found: Fetched, check: Callable[[], None]
) -> None:
    try:
        blocks = client.read(entry, landing.rows.get(entry.key))
        if blocks is not None and landing.write(entry, _checked(blocks, check), client.named):
            found.new += 1
        else:
            found.known += 1
    except LeftOut as error:
        found.leave_out("/".join(entry.parts), error)


def _checked(blocks: Iterable[bytes], check: Callable[[], None]) -> Iterator[bytes]:
    for block in blocks:
        check()
        yield block


def _is_set(cancel: threading.Event | None) -> bool:
    return cancel is not None and cancel.is_set()
