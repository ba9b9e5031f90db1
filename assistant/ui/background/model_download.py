"""Fetches a missing model in the background. Knows no Streamlit."""

import logging
import threading
from collections.abc import Callable

from assistant.i18n.translation import N_
from assistant.models.verified_file import Progress
from ingest.errors import PinciteError

log = logging.getLogger(__name__)

Pull = Callable[[str, Progress], object]


class Stopped(PinciteError):
    """A person has stopped it."""


class Fetch:
    """One model on its way."""

    def __init__(self, name: str, pull: Pull) -> None:
        """Start at once."""
        self.name = name
        self.doing, self.have, self.total = N_("Starting"), 0, 0
        self.error = ""
        self.stopped = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(pull,), name=name, daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set() and not self.ended

    def stop(self) -> None:
        """Stop it; what has come stays, and the next start goes on from there."""
        self._stop.set()

    @property
    def share(self) -> float:
        """From 0 to 1; 0 while the total is unknown."""
        return min(self.have / self.total, 1.0) if self.total else 0.0

    def wait(self, seconds: float) -> bool:
        """Wait, and return whether it has ended."""
        self._thread.join(seconds)
        return self.ended

    def _run(self, pull: Pull) -> None:
        try:
            pull(self.name, self._note)
        except Stopped:
            self.stopped = True
        except PinciteError as error:
            self.error = str(error)
        except Exception:
            log.exception("fetching %s failed", self.name)
            self.error = N_("It failed unexpectedly. The log has the details.")

    def _note(self, doing: str, have: int, total: int | None) -> None:
        if self._stop.is_set():
            raise Stopped("Stopped.")
        self.doing, self.have, self.total = doing, have, total or 0


class Fetches:
    """The downloads of a server by model name: each model is fetched once."""

    def __init__(self, pull: Pull) -> None:
        self._pull = pull
        self._lock = threading.Lock()
        self._all: dict[str, Fetch] = {}

    def start(self, name: str) -> Fetch:
        """Start a download, or join a running one."""
        with self._lock:
            before = self._all.get(name)
            if before is None or before.ended:
                self._all[name] = Fetch(name, self._pull)
            return self._all[name]

    def done(self) -> list[Fetch]:
        """Those that have come whole."""
        with self._lock:
            every = list(self._all.values())
        return [one for one in every if one.ended and not one.error and not one.stopped]

    def going(self) -> list[Fetch]:
        """Those that are under way."""
        with self._lock:
            return [one for one in self._all.values() if not one.ended]

    def of(self, name: str) -> Fetch | None:
        return self._all.get(name)
