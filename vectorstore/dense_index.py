"""Finds the nearest chunks: in Chroma when this process owns it and it is current, else exactly."""

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


class DenseIndex:
    """Chroma as a cache of the catalogue's vectors, with an exact scan while it is behind.

    A lock file gives Chroma to one process. Whoever was killed while writing to it left the mark
    `writing` in the catalogue; the next owner deletes what is there and starts afresh.
    """

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder
        self._lock = FileLock(folder.with_suffix(".lock"), thread_local=False)
        self._guard = threading.RLock()
        self._chroma: ChromaStore | None = None
        self._held = -1  # generation that the open Chroma holds
        self._exact: tuple[int, ExactStore] | None = None

    def store(self) -> Store:
        """An index that holds exactly what the catalogue holds now."""
        generation = self._catalog.generation()
        with self._guard:
            if self._chroma is None and self._catalog.meta(_STATE) == str(generation):
                self._open()
            if self._chroma is not None and self._held == generation:
                return self._chroma
            return self._scan(generation)

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        return self.store().nearest(vector, k)

    def sync(self, progress: Callable[[int, int], None] = lambda done, total: None) -> bool:
        """Bring Chroma up to the catalogue; False when another process owns Chroma."""
        generation = self._catalog.generation()
        with self._guard:
            if not self._open():
                return False
            if self._held != generation:
                self._catch_up(generation, progress)
            return True

    def rebuild(self, progress: Callable[[int, int], None] = lambda done, total: None) -> bool:
        """Make Chroma anew from the catalogue; False when another process owns Chroma."""
        with self._guard:
            if not self._open():
                return False
            self._discard()
            return self._open() and self.sync(progress)

    def ids(self) -> set[str]:
        """What Chroma holds; empty when another process owns it."""
        with self._guard:
            return self._chroma.ids() if self._open() and self._chroma else set()

    def close(self) -> None:
        with self._guard:
            if self._chroma is not None:
                self._chroma.close()
            self._chroma, self._held, self._exact = None, -1, None
            self._lock.release()

    def _open(self) -> bool:
        if self._chroma is not None:
            return True
        try:
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):  # another owner, or a folder that cannot be written
            return False
        if self._catalog.meta(_STATE) in (None, _WRITING):
            chroma_store.delete(self._folder)
        try:
            self._chroma = ChromaStore(self._folder)
        except Exception:  # Chroma has many ways to say that its folder is damaged
            chroma_store.delete(self._folder)
            self._chroma = ChromaStore(self._folder)
            self._catalog.set_meta(_STATE, _WRITING)
        state = self._catalog.meta(_STATE)
        self._held = int(state) if state not in (None, _WRITING) else -1
        return True

    def _discard(self) -> None:
        self._catalog.set_meta(_STATE, _WRITING)
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
        if self._exact is None or self._exact[0] != generation:
            self._exact = generation, ExactStore(*self._catalog.vectors())
        return self._exact[1]
