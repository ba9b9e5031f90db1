"""Fetches what is new at a source, and has a library read it."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.background import Background
from assistant.i18n.translation import N_
from assistant.security.network_guard import permit_meanwhile
from assistant.settings import Settings
from assistant.sources import source_list
from assistant.sources.address import LeftOut, Refused, SourceFailed, parsed
from assistant.sources.source_list import EVERY, Entry, Landing, Source, keep_password, password_of
from ingest.errors import PinciteError, Stopped
from vectorstore.add_report import AddSummary
from vectorstore.indexing.jobs import alone
from vectorstore.library import Library
from vectorstore.opened import check_there

if TYPE_CHECKING:
    from assistant.sources.imap import Mailbox
    from assistant.sources.webdav import Shared

# -- Signs in to the server of a source, through the network guard for as long as that takes


@contextmanager
def reached(source: Source, password: str) -> Iterator["Mailbox | Shared"]:
    """Signed in; the network guard lets this address through until the block ends. Raises
    SourceFailed."""
    from assistant.sources.imap import Mailbox
    from assistant.sources.webdav import Shared

    address = parsed(source.address)
    with permit_meanwhile(address.host, address.port, f"source {source.name}"):
        client = (Mailbox if address.kind == "imap" else Shared)(address, password)
        try:
            yield client
        finally:
            client.close()


def add_checked(
    settings: Settings, library: str, address: str, password: str = "", mirror: bool = False,
    every: int = EVERY, name: str = "",
) -> Source:  # fmt: skip
    """A new source whose server has let us in; a password that is given goes into the keyring.
    Nothing is stored where the server or the keyring refuses. Raises SourceFailed, UnknownLibrary,
    HomeNotWritable."""
    made = source_list.new(settings, library, address, name, mirror, every)
    with reached(made, password or password_of(made)) as client:
        client.check()
    if password:
        keep_password(made, password)
    return source_list.add(settings, made)


def renew_password(settings: Settings, source: Source, password: str) -> None:
    """Another password, once the server has let us in with it; then the source is fetched again.
    Raises SourceFailed, HomeNotWritable."""
    with reached(source, password) as client:
        client.check()
    keep_password(source, password)
    source_list.change(settings, source, paused=source.paused)


_NAMED = 20  # of what was left out


@dataclass
class Fetched:
    """What one run of fetching has brought, deleted and left out."""

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


def bring(
    settings: Settings, library: Library, source: Source,
    add: Callable[[list[Path]], AddSummary], cancel: threading.Event | None = None,
    if_due: bool = False,
) -> tuple[Fetched, AddSummary | None]:  # fmt: skip
    """Fetch, and have `add` read what the library has not read yet; None where there is nothing.

    The outcome is stored with the source. With `if_due` nothing is done where another process
    does it, or has just done it. Raises PinciteError; what was fetched until then stays, and the
    next call continues.
    """
    check_there(settings.libraries_folder / source.library)
    cancel = cancel or threading.Event()
    landing_folder = source_list.folder(settings, source)
    landing_folder.mkdir(parents=True, exist_ok=True)
    with alone(landing_folder / source_list.LOCK) as free:
        if if_due:
            now = source_list.find(settings, source.name, source.library)
            if not (free and now.is_due(datetime.now(UTC))):  # somebody fetches it, or just has
                return Fetched(), None
        if not free:
            raise SourceFailed(f"{source.name} is being fetched by another program already.")
        try:
            done = _brought(library, source, Landing(landing_folder), add, cancel)
        except PinciteError as error:
            source_list.note(settings, source, "", str(error), isinstance(error, Refused))
            raise
        if not cancel.is_set():
            source_list.note(settings, source, source_list.now(), "")
    return done


def _brought(
    library: Library, source: Source, landing: Landing,
    add: Callable[[list[Path]], AddSummary], cancel: threading.Event,
) -> tuple[Fetched, AddSummary | None]:  # fmt: skip
    try:
        fetched = _fetched(source, landing, cancel)
    except SourceFailed:
        _read(landing, add, cancel)  # what came before
        raise
    summary = _read(landing, add, cancel)
    if fetched.gone and not cancel.is_set():
        library.sources.prune(fetched.gone)
        landing.forget(fetched.gone)  # last: after a kill before, the next run finds them again
    return fetched, summary


def _read(
    landing: Landing, add: Callable[[list[Path]], AddSummary], cancel: threading.Event
) -> AddSummary | None:
    if cancel.is_set():  # the library may be closed, or gone
        return None
    new = landing.new()
    summary = add(new) if new else None
    if new and not cancel.is_set():
        landing.handed_over()
    return summary


def _fetched(source: Source, landing: Landing, cancel: threading.Event) -> Fetched:
    """Raises SourceFailed that names the source."""
    try:
        with reached(source, password_of(source)) as client:
            return _each(client, landing, source.mirror, cancel)
    except SourceFailed as error:
        raise type(error)(f"{source.name}: {error}", error.field) from error


def _each(
    client: "Mailbox | Shared", landing: Landing, mirror: bool, cancel: threading.Event
) -> Fetched:
    def check() -> None:
        if cancel.is_set():
            raise Stopped

    found, seen = Fetched(), set()
    with suppress(Stopped):
        for entry in list(client.entries(check)):  # first all: no command comes between
            check()
            seen.add(entry.key)
            _one(client, landing, entry, found, check)
        for name, why in client.left_out:
            found.leave_out(name, why)
        if mirror and seen and client.whole:  # an empty list is rather a server that is not itself
            # Before others are read, which they may be under a new name.
            found.gone = landing.delete_others(seen)
    return found


def _one(
    client: "Mailbox | Shared", landing: Landing, entry: Entry, found: Fetched,
    check: Callable[[], None],
) -> None:  # fmt: skip
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


# -- Fetches sources behind the app, each once at a time: when it is asked for, and when one is due.
# Knows no Streamlit.

_PATIENCE = 10.0  # seconds for what is under way when a library is closed
_PAUSE = 5.0  # seconds between two looks at what is due
_REST = 60.0  # seconds between two tries, also where what came of the first cannot be noted

log = logging.getLogger(__name__)


class Fetching(Background):
    """One source, from now on; adding takes its turn among the uploads. The error of one that began
    is stored with the source, too."""

    unexpected = N_("Fetching failed unexpectedly. The log has the details.")

    def __init__(
        self, settings: Settings, library: Library, source: Source, turn: threading.Lock,
        if_due: bool,
    ) -> None:  # fmt: skip
        self.fetched: Fetched | None = None
        self.begun = time.monotonic()
        self._library, self._turn = library, turn
        super().__init__(f"fetch {source.name}", lambda: self._work(settings, source, if_due))

    def _work(self, settings: Settings, source: Source, if_due: bool) -> None:
        try:
            self.fetched, _ = bring(settings, self._library, source, self._add, self.cancel, if_due)
        except (PinciteError, Stopped):
            raise  # it is noted
        except Exception:
            with suppress(PinciteError):  # else the source would be due again at once
                source_list.note(settings, source, "", self.unexpected)
            raise

    def _add(self, paths: list[Path]) -> AddSummary:
        with self._turn:
            if self.cancel.is_set():  # while it waited: the library is closed
                return AddSummary()
            return self._library.add(paths, cancel=self.cancel)


class Fetchings:
    """The fetchings of all libraries that a server has open."""

    def __init__(self, pause: float = _PAUSE, rest: float = _REST) -> None:
        """Seconds between two looks at what is due, and at least between two tries of a source."""
        self._pause, self._rest = pause, rest
        self._lock = threading.RLock()
        self._all: dict[tuple[str, str], Fetching] = {}
        self._followed: dict[str, threading.Event] = {}  # set when it ends

    def of(self, source: Source) -> Fetching | None:
        """The last fetching of a source, running or not; None before the first one."""
        with self._lock:
            return self._all.get((source.library, source.name))

    def start(
        self, settings: Settings, library: Library, source: Source, turn: threading.Lock,
        if_due: bool = False,
    ) -> None:  # fmt: skip
        """Fetch a source now, unless that is under way; with `if_due` only where it is due."""
        with self._lock:
            now = self._all.get((source.library, source.name))
            if now is None or now.ended:
                made = Fetching(settings, library, source, turn, if_due)
                self._all[source.library, source.name] = made

    def follow(self, settings: Settings, library: Library, turn: threading.Lock) -> None:
        """Fetch the sources of a library whenever they are due. Without one, nothing is done: it is
        called again when there may be one."""
        with self._lock:
            if library.name not in self._followed and _listed(settings, library.name):
                end = self._followed[library.name] = threading.Event()
                threading.Thread(
                    target=self._follow, args=(settings, library, turn, end),
                    name=f"sources of {library.name}", daemon=True,
                ).start()  # fmt: skip

    def stop(self, library: str) -> None:
        """Stop fetching for a library. What has come stays, and the next fetching continues."""
        with self._lock:
            self._followed.pop(library, threading.Event()).set()
            mine = [key for key in self._all if key[0] == library]
            ended = [self._all.pop(key) for key in mine]
        for one in ended:
            one.stop()
        for one in ended:
            one.wait(_PATIENCE)

    def _follow(
        self, settings: Settings, library: Library, turn: threading.Lock, end: threading.Event
    ) -> None:
        """Start what is due, again and again, until it is stopped or no source is left."""
        while not end.wait(self._pause):
            with self._lock:
                if end.is_set():
                    return
                if not (found := _listed(settings, library.name)):
                    del self._followed[library.name]
                    return
                try:
                    for source in filter(self._is_due, found):
                        self.start(settings, library, source, turn, if_due=True)
                except Exception:  # what is noted may be damaged: it can be repaired
                    log.exception("The sources of %s could not be looked at", library.name)

    def _is_due(self, source: Source) -> bool:
        last = self.of(source)
        rested = last is None or time.monotonic() - last.begun >= self._rest
        return rested and source.is_due(datetime.now(UTC))


def _listed(settings: Settings, library: str) -> list[Source]:
    """Empty where the list cannot be read: the page says so."""
    try:
        return source_list.listed(settings, library)
    except PinciteError as error:
        log.info("%s", error)
        return []
