"""Finds the nearest chunks: in Chroma when this process owns it and it is current, else exactly."""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from vectorstore.catalog.catalog import Catalog
from vectorstore.store import ChromaStore, Store, Vectors, chroma_fingerprint, chroma_loads

# -- Compares all vectors in memory: exact, and fast up to some 100,000 chunks
# Serves while Chroma is being built or belongs to another process; 5 ms for 100,000 chunks.

_FEW = 5_000


def nearest_of(
    ids: Sequence[str], vectors: Vectors, vector: Vectors, k: int
) -> list[tuple[str, float]]:
    """As `Store.nearest`, of the rows of `vectors`, whose ids are `ids`."""
    if not ids or k < 1:
        return []
    # Waking the threads of BLAS takes up to 15 ms on a busy machine, and few vectors take .5 ms
    # without them.
    few = len(vectors) <= _FEW
    scores = np.einsum("ij,j->i", vectors, vector) if few else vectors @ vector
    k = min(k, len(scores))
    best = np.argpartition(-scores, k - 1)[:k]
    best = best[np.argsort(-scores[best], kind="stable")]
    return [(ids[index], float(scores[index])) for index in best]


# -- Brings a store up to the catalogue, which keeps all vectors

_BATCH = 2000
Progress = Callable[[int, int], None]  # vectors that were added, and how many there are to add


def fill(store: Store, catalog: Catalog, anew: bool, progress: Progress) -> None:
    """Add what is missing and remove what is gone; `anew`: the vectors are another model's, and
    their ids, which stay, would hide the old ones."""
    have, want = store.ids(), catalog.passages.ids()
    if anew:
        store.remove(sorted(have))
        have = set()
    store.remove(sorted(have - want))
    missing = sorted(want - have)
    for start in range(0, len(missing), _BATCH):
        ids, vectors = catalog.passages.vectors(missing[start : start + _BATCH])
        with suppress(ValueError):  # the whole batch was removed meanwhile
            store.add(ids, vectors)
        progress(min(start + _BATCH, len(missing)), len(missing))


_STATE = "chroma"  # in the catalogue: the generation that Chroma holds
_SEEN = "chroma_seen"  # in the catalogue: the fingerprint of its folder when it last worked
_MAKER = "chroma_made_by"  # in the catalogue: the maker of the vectors in Chroma
_PATIENCE = 0.2  # seconds that a search waits for another one
_LONGEST_PAUSE = 600.0  # seconds between two attempts to repair Chroma

# By identity of the catalogue: how often documents were forgotten when this process began with it.
_BEGAN: dict[str, int] = {}

log = logging.getLogger(__name__)


class DenseIndex:
    """Chroma as a cache of the catalogue's vectors, with an exact scan while it is behind.

    A lock file gives Chroma to one process. A process that is killed while it writes, or that
    Chroma fails, leaves a mark; the next owner deletes the folder and fills it again.

    Chroma's files hold whatever stood in the memory of the process that opens them: hnswlib
    reserves it for its index, and writes it to `data_level0.bin` as it is (chromadb 1.5.9). So a
    process that may remember a forgotten document opens Chroma no more: it scans.
    """

    # Where `sync` returns False:
    why = "owned by another process"
    remedy = "It is in use, probably by the app: close it and try again."

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder
        self._mark = folder.with_suffix(".writing")  # there while Chroma is not to be trusted
        self._lock = FileLock(folder.with_suffix(".lock"), thread_local=False)
        self._guard = threading.RLock()  # of Chroma: held during a query and an update
        self._busy = False  # an update takes minutes; a query takes milliseconds
        self._scanning = threading.Lock()
        self._chroma: ChromaStore | None = None
        self._held = -1  # the generation of the open Chroma
        self._exact: tuple[int, list[str], Vectors] | None = None
        self._began()
        self.failures = 0  # failures of Chroma since the last update
        self._ended = threading.Event()
        self._follower: threading.Thread | None = None

    def nearest(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """The k nearest chunks of the present catalogue."""
        generation = self._catalog.generation()
        found = self._ask(generation, vector, k)
        return nearest_of(*self._scan(generation), vector, k) if found is None else found

    def _ask(self, generation: int, vector: Vectors, k: int) -> list[tuple[str, float]] | None:
        """Chroma's answer; None while it is behind, is being updated, or fails."""
        if not self._guard.acquire(timeout=0 if self._busy else _PATIENCE):
            return None
        try:
            store = self.current(generation)
            return store.nearest(vector, k) if store else None
        except Exception as error:  # an error of Chroma, such as a deleted folder
            self._failed("A query to Chroma failed, and Chroma will be rebuilt: %s", error)
            return None
        finally:
            self._guard.release()

    def current(self, generation: int) -> Store | None:
        """Chroma, when it holds exactly this generation of the catalogue."""
        with self._guard:
            if self._remembers():
                self._give_up()
            elif self._chroma is None and self._catalog.meta(_STATE) == str(generation):
                self._open()
            return self._chroma if self._held == generation else None

    def sync(self, progress: Progress = lambda done, total: None) -> bool:
        """Update Chroma from the catalogue; False when another process owns Chroma.

        Also False when Chroma fails, such as on a full disk. The scan finds what Chroma lacks.
        """
        generation = self._catalog.generation()
        with self._guard:
            if self._remembers():
                self._give_up()
                self.why = "left to programs that start later: this one has forgotten documents"
                return False
            if not self._open():
                return False
            try:
                if self._held != generation:
                    self._catch_up(generation, progress)
            except Exception as error:  # many kinds of errors of Chroma
                self._failed("Chroma could not be updated: %s", error)
                self.failures += 1
                return False
            finally:
                self._busy = False
            self.failures = 0
            return True

    def clear(self) -> bool:
        """Delete Chroma's files, which the next `sync` makes again; False when another process
        owns them."""
        with self._guard:
            if not self._own():
                return False
            self._let_go()
            self._doubt()
            shutil.rmtree(self._folder, ignore_errors=True)
            return True

    def leave(self) -> None:
        """Delete what lies outside of the folder: nothing, where Chroma is embedded."""

    def forget(self) -> bool:
        """Delete Chroma's files, which hold vectors of deleted passages; False when another process
        owns them.

        No process that may have the passages in its memory opens Chroma from now on. The next one
        fills it again.
        """
        with self._guard:
            if not self.clear():
                return False
            self._catalog.forget()
            self._give_up()
            return True

    def _remembers(self) -> bool:
        """Whether a document was forgotten while this process may have known it."""
        return self._catalog.forgotten() != self._began()

    def _began(self) -> int:
        # Asked anew: another library may have taken the folder meanwhile.
        return _BEGAN.setdefault(self._catalog.identity(), self._catalog.forgotten())

    def _give_up(self) -> None:
        """Leave Chroma to other processes."""
        self._let_go()
        self._lock.release(force=True)  # it counts how often it was acquired

    def ids(self) -> set[str]:
        """The ids in Chroma; empty when another process owns it."""
        with self._guard:
            return self._chroma.ids() if self._open() and self._chroma else set()

    def follow(self, seconds: float = 3.0) -> None:
        """Check every few seconds what other processes wrote, in the background, until `close`.

        Searches find it at once in any case, and afterwards through Chroma.
        """
        self._ended.clear()
        self._follower = threading.Thread(target=self._follow, args=(seconds,), daemon=True)
        self._follower.start()

    def _follow(self, seconds: float) -> None:
        failures = 0  # each failure doubles the pause: an attempt deletes and refills all of Chroma
        while not self._ended.wait(min(seconds * 2 ** min(failures, 20), _LONGEST_PAUSE)):
            try:
                self.sync()
                failures = self.failures
            except Exception as error:  # whoever searches or adds gets the error
                log.warning("The index could not be brought up to date: %s", error)
                failures += 1

    def close(self) -> None:
        """Release Chroma to other processes, and end `follow`."""
        self._ended.set()
        if self._follower is not None:
            self._follower.join()  # otherwise it could open again what is closed here
        with self._guard:
            self._give_up()
            self._exact = None

    def _own(self) -> bool:
        if self._chroma is not None:
            return True
        try:
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):  # another owner, or a folder that cannot be written
            return False
        return True

    def _open(self, again: bool = True) -> bool:
        """Whether this process has Chroma open. What does not open is made anew, once."""
        if self._chroma is not None:
            return True
        if not self._own():
            return False
        try:
            marked = self._mark.exists()
            if marked or not self._sound():
                shutil.rmtree(self._folder, ignore_errors=True)
            store = ChromaStore(self._folder)
            if not marked and store.count() == self._catalog.passages.count():
                self._held = int(self._catalog.meta(_STATE) or -1)
        except BaseException as error:  # a full disk, a damaged folder: also a panic of its Rust
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            log.warning("Chroma could not be opened: %s", error)
            self.failures += 1
            with suppress(OSError):
                self._doubt()
            self._lock.release(force=True)
            return again and self._open(again=False)
        self._chroma = store
        return True

    def _sound(self) -> bool:
        """Whether Chroma will load; a child tries it if its files have changed since it was
        closed: a damaged index can crash the process."""
        if not self._folder.is_dir() or self._catalog.meta(_SEEN) == self._fingerprint():
            return True
        if chroma_loads(self._folder):
            return True
        log.warning("Chroma's index does not load; it is rebuilt from the catalogue.")
        return False

    def _fingerprint(self) -> str:
        try:
            return chroma_fingerprint(self._folder)
        except OSError:  # a file was deleted meanwhile
            return ""

    def _doubt(self) -> None:
        """Have Chroma made anew by who opens it, unless it catches up before."""
        with self._mark.open("w") as file:
            os.fsync(file.fileno())

    def _let_go(self) -> None:
        store, self._chroma, self._held = self._chroma, None, -1
        try:
            if store is not None:
                store.close()
                self._catalog.set_meta(_SEEN, self._fingerprint())
        except Exception as error:  # its folder may be gone
            log.warning("Chroma could not be closed: %s", error)

    def _failed(self, message: str, error: Exception) -> None:
        """Let go of Chroma, and have its next owner make it anew."""
        log.warning(message, error)
        self._let_go()
        with suppress(OSError):
            self._doubt()

    def _catch_up(self, generation: int, progress: Progress) -> None:
        assert self._chroma is not None
        self._busy = True
        self._doubt()
        maker = self._catalog.made()
        fill(self._chroma, self._catalog, (self._catalog.meta(_MAKER) or "") != maker, progress)
        self._catalog.set_meta(_MAKER, maker)
        self._catalog.set_meta(_STATE, str(generation))
        self._held = generation
        self._mark.unlink(missing_ok=True)

    def _scan(self, generation: int) -> tuple[list[str], Vectors]:
        with self._scanning:
            if self._exact is None or self._exact[0] != generation:
                self._exact = generation, *self._catalog.passages.vectors()
            return self._exact[1:]
