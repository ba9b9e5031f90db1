"""Fetches sources behind the app, each once at a time: when it is asked for, and when one is due.
Knows no Streamlit."""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from assistant.i18n.translation import N_
from assistant.settings import Settings
from assistant.sources import store
from assistant.sources.fetch import Fetched, bring
from assistant.sources.store import Source
from ingest.errors import PinciteError
from vectorstore.add_report import AddSummary
from vectorstore.library import Library

_PATIENCE = 10.0  # seconds for what is under way when a library is closed
_PAUSE = 5.0  # seconds between two looks at what is due
_REST = 60.0  # seconds between two tries, also where what came of the first cannot be noted

log = logging.getLogger(__name__)


class Fetching:
    """One source, from now on; adding takes its turn among the uploads."""

    def __init__(
        self, settings: Settings, library: Library, source: Source, turn: threading.Lock,
        if_due: bool,
    ) -> None:  # fmt: skip
        self.fetched: Fetched | None = None
        self.error = ""  # of this time; those of a fetching that began are kept with the source
        self.begun = time.monotonic()
        self._library, self._turn, self._if_due = library, turn, if_due
        self.cancel = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(settings, source), name=f"fetch {source.name}", daemon=True
        )
        self._thread.start()

    def is_running(self) -> bool:
        return self._thread.is_alive()

    def wait(self, seconds: float) -> None:
        """For its end."""
        self._thread.join(seconds)

    def _run(self, settings: Settings, source: Source) -> None:
        try:
            self.fetched, _ = bring(
                settings, self._library, source, self._add, self.cancel, self._if_due
            )
        except PinciteError as error:
            log.info("fetching %s failed: %s", source.name, error)
            self.error = str(error)
        except Exception:
            log.exception("fetching %s failed", source.name)
            why = N_("Fetching failed unexpectedly. The log has the details.")
            with suppress(PinciteError):
                store.note(settings, source, "", why)

    def _add(self, paths: list[Path]) -> AddSummary:
        with self._turn:
            if self.cancel.is_set():  # while it waited: the library is closed
                return AddSummary()
            return self._library.add(paths, cancel=self.cancel)


class _Following:
    """Looks again and again at what is due, as long as there is a source."""

    def __init__(self, library: str, look: Callable[[], bool], pause: float) -> None:
        """`look` tells whether there is one."""
        self._end = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(look, pause), name=f"sources of {library}", daemon=True
        )
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._end.set()
        self._thread.join(_PATIENCE)

    def _run(self, look: Callable[[], bool], pause: float) -> None:
        while not self._end.is_set() and look():
            self._end.wait(pause)


class Fetchings:
    """Of all libraries that a server has open."""

    def __init__(self, pause: float = _PAUSE, rest: float = _REST) -> None:
        """Seconds between two looks at what is due, and at least between two tries of a source."""
        self._pause, self._rest = pause, rest
        self._lock = threading.Lock()
        self._all: dict[tuple[str, str], Fetching] = {}
        self._followed: dict[str, _Following] = {}

    def of(self, source: Source) -> Fetching | None:
        """The last one."""
        with self._lock:
            return self._all.get((source.library, source.name))

    def start(
        self, settings: Settings, library: Library, source: Source, turn: threading.Lock,
        if_due: bool = False,
    ) -> None:  # fmt: skip
        """Unless it is under way."""
        with self._lock:
            now = self._all.get((source.library, source.name))
            if now is None or not now.is_running():
                made = Fetching(settings, library, source, turn, if_due)
                self._all[source.library, source.name] = made

    def follow(self, settings: Settings, library: Library, turn: threading.Lock) -> None:
        """Fetch the sources of a library whenever they are due. Without one, nothing is done: it is
        called again when there may be one."""

        def look() -> bool:
            return self._look(settings, library, turn)

        with self._lock:
            now = self._followed.get(library.name)
            if (now is None or not now.is_alive()) and _listed(settings, library.name):
                self._followed[library.name] = _Following(library.name, look, self._pause)

    def stop(self, library: str) -> None:
        """What came until now stays, and the next fetching goes on."""
        with self._lock:
            followed = self._followed.pop(library, None)
        if followed:
            followed.stop()  # first: it starts others
        with self._lock:
            mine = [key for key in self._all if key[0] == library]
            ended = [self._all.pop(key) for key in mine]
        for one in ended:
            one.cancel.set()
        for one in ended:
            one.wait(_PATIENCE)

    def _look(self, settings: Settings, library: Library, turn: threading.Lock) -> bool:
        found = _listed(settings, library.name)
        for source in found:
            last = self.of(source)
            rested = last is None or time.monotonic() - last.begun >= self._rest
            if rested and source.is_due(datetime.now(UTC)):
                self.start(settings, library, source, turn, if_due=True)
        return bool(found)


def _listed(settings: Settings, library: str) -> list[Source]:
    """Empty where the list cannot be read: the page says so."""
    try:
        return store.listed(settings, library)
    except PinciteError as error:
        log.info("%s", error)
        return []
