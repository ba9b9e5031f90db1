"""Finds the nearest chunks: in Chroma when this process owns it and it is current, else exactly."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from vectorstore import chroma_store
from vectorstore.catalog import Catalog
from vectorstore.chroma_store import ChromaStore
from vectorstore.exact_store import ExactStore
from vectorstore.store import Store, Vectors

_STATE = "chroma"  # in the catalogue: the generation that Chroma holds, or:
_WRITING = "writing"
_BATCH = 2000

log = logging.getLogger(__name__)


class DenseIndex:
    """Chroma as a cache of the catalogue's vectors, with an exact scan while it is behind.

    A lock file gives Chroma to one process. Whoever was killed while writing to it left the mark
    `writing` in the catalogue; the next owner deletes what is there and starts afresh.
    """

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder
        self._lock = FileLock(folder.with_suffix(".lock"), thread_local=False)
        self._guard = threading.RLock()  # of Chroma: held for as long as it catches up
        self._scanning = threading.Lock()
        self._chroma: ChromaStore | None = None
        self._held = -1  # generation that the open Chroma holds
        self._exact: tuple[int, ExactStore] | None = None

    def store(self) -> Store:
        """An index that holds exactly what the catalogue holds now."""
        generation = self._catalog.generation()
        if self._guard.acquire(blocking=False):  # a search does not wait for Chroma to catch up
            try:
                if self._chroma is None and self._catalog.meta(_STATE) == str(generation):
                    self._open()
                if self._chroma is not None and self._held == generation:
                    return self._chroma
            finally:
                self._guard.release()
        return self._scan(generation)

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        return self.store().nearest(vector, k)

    def sync(self, progress: Callable[[int, int], None] = lambda done, total: None) -> bool:
        """Bring Chroma up to the catalogue; False when another process owns Chroma.

        Also False when Chroma fails, as on a full disk: what it lacks is found by the scan.
        """
        generation = self._catalog.generation()
        with self._guard:
            if not self._open():
                return False
            try:
                if self._held != generation:
                    self._catch_up(generation, progress)
            except Exception as error:  # Chroma's own, of many kinds; the mark `writing` is left
                log.warning("Chroma could not be brought up to date: %s", error)
                self._let_go()
                return False
            return True

    def clear(self) -> bool:
        """Have Chroma made anew by the next `sync`; False when another process owns it."""
        with self._guard:
            if not self._open():
                return False
            self._catalog.set_meta(_STATE, _WRITING)
            self._let_go()
            return True

    def rebuild(self, progress: Callable[[int, int], None] = lambda done, total: None) -> bool:
        """Make Chroma anew from the catalogue; False when another process owns Chroma."""
        with self._guard:
            return self.clear() and self.sync(progress)

    def ids(self) -> set[str]:
        """What Chroma holds; empty when another process owns it."""
        with self._guard:
            return self._chroma.ids() if self._open() and self._chroma else set()

    def close(self) -> None:
        with self._guard:
            self._let_go()
            self._exact = None
            self._lock.release(force=True)  # it counts how often it was acquired

    def _open(self) -> bool:
        if self._chroma is not None:
            return True
        try:
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):  # another owner, or a folder that cannot be written
            return False
        state = self._catalog.meta(_STATE)
        if state in (None, _WRITING):
            chroma_store.delete(self._folder)
        try:
            self._chroma, self._held = self._opened(state)
        except Exception as error:  # a full disk, a folder that cannot be written
            log.warning("Chroma could not be opened: %s", error)
            self._lock.release(force=True)
            return False
        return True

    def _opened(self, state: str | None) -> tuple[ChromaStore, int]:
        try:
            chroma = ChromaStore(self._folder)
        except Exception:  # Chroma has many ways to say that its folder is damaged
            chroma_store.delete(self._folder)
            return ChromaStore(self._folder), -1
        if state in (None, _WRITING) or chroma.count() != self._catalog.count():
            return chroma, -1  # behind, or the folder was deleted by hand
        return chroma, int(state or -1)

    def _let_go(self) -> None:
        if self._chroma is not None:
            self._chroma.close()
        self._chroma, self._held = None, -1

    def _catch_up(self, generation: int, progress: Callable[[int, int], None]) -> None:
        assert self._chroma is not None
        self._catalog.set_meta(_STATE, _WRITING)
        have, want = self._chroma.ids(), self._catalog.ids()
        self._chroma.remove(sorted(have - want))
        missing = sorted(want - have)
        for start in range(0, len(missing), _BATCH):
            ids, vectors = self._catalog.vectors(missing[start : start + _BATCH])
            with suppress(ValueError):  # all of the batch was removed meanwhile
                self._chroma.add(ids, vectors)
            progress(min(start + _BATCH, len(missing)), len(missing))
        self._catalog.set_meta(_STATE, str(generation))
        self._held = generation

    def _scan(self, generation: int) -> ExactStore:
        with self._scanning:
            if self._exact is None or self._exact[0] != generation:
                self._exact = generation, ExactStore(*self._catalog.vectors())
            return self._exact[1]
