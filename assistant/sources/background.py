"""Fetches sources behind the app, each once at a time. Knows no Streamlit."""

import logging
import threading
from pathlib import Path

from assistant.i18n.translation import N_
from assistant.settings import Settings
from assistant.sources.fetch import Fetched, bring
from assistant.sources.store import Source
from ingest.errors import PinciteError
from vectorstore.add_report import AddSummary
from vectorstore.library import Library

_PATIENCE = 10.0  # seconds for what is under way when a library is closed

log = logging.getLogger(__name__)


class Fetching:
    """One source, from now on; adding takes its turn among the uploads."""

    def __init__(
        self, settings: Settings, library: Library, source: Source, turn: threading.Lock
    ) -> None:
        self.error = ""  # an unexpected one; others are kept with the source
        self.fetched: Fetched | None = None
        self._library, self._turn = library, turn
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
            self.fetched, _ = bring(settings, self._library, source, self._add, self.cancel)
        except PinciteError as error:
            log.info("fetching %s failed: %s", source.name, error)
        except Exception:
            log.exception("fetching %s failed", source.name)
            self.error = N_("Fetching failed unexpectedly. The log has the details.")

    def _add(self, paths: list[Path]) -> AddSummary:
        with self._turn:
            return self._library.add(paths, cancel=self.cancel)


class Fetchings:
    """Of all libraries that a server has open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[tuple[str, str], Fetching] = {}

    def of(self, source: Source) -> Fetching | None:
        """The last one."""
        with self._lock:
            return self._all.get((source.library, source.name))

    def start(
        self, settings: Settings, library: Library, source: Source, turn: threading.Lock
    ) -> None:
        """Unless it is under way."""
        with self._lock:
            now = self._all.get((source.library, source.name))
            if now is None or not now.is_running():
                made = Fetching(settings, library, source, turn)
                self._all[source.library, source.name] = made

    def stop(self, library: str) -> None:
        """What came until now stays, and the next fetching goes on."""
        with self._lock:
            mine = [key for key in self._all if key[0] == library]
            ended = [self._all.pop(key) for key in mine]
        for one in ended:
            one.cancel.set()
        for one in ended:
            one.wait(_PATIENCE)
