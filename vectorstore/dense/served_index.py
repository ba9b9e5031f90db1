"""Finds the nearest chunks in a Chroma server, and exactly while it is away or behind."""

import hashlib
import logging
import time
from pathlib import Path

from filelock import Timeout

from vectorstore.catalog.catalog import Catalog
from vectorstore.dense.filling import Progress, fill
from vectorstore.dense.index import DenseIndex
from vectorstore.dense.serving import Address, Served, connected, named
from vectorstore.store import Vectors

_PAUSE = 10.0  # seconds between two attempts to reach a server that was away

log = logging.getLogger(__name__)


class ServedIndex(DenseIndex):
    """A cache of the catalogue's vectors that all processes of a home read, and one fills at a
    time. The collection says which generation it holds; a writer that is killed leaves it without
    one, and the next one completes it.
    """

    remedy = "Try again once it is there; searches work meanwhile."

    def __init__(self, catalog: Catalog, folder: Path, address: Address) -> None:
        """`folder` would hold an embedded Chroma, and names the library for the server; `address`:
        `http://host:port` of Chroma, or a server of PostgreSQL with pgvector."""
        super().__init__(catalog, folder)
        self._address = address.rstrip("/") if isinstance(address, str) else address
        self._called = named(self._address)  # for people
        self._server: Served | None = None
        self._again = 0.0  # when a server that was away is tried again

    def current(self, generation: int) -> Served | None:
        """The server's collection, when it holds exactly this generation of the catalogue."""
        with self._guard:
            server = self._reached()
            if server and self._held != generation:
                # A server whose volume was emptied says so by the number of its vectors.
                right = server.holds() == (generation, self._catalog.made())
                counts = right and server.count() == self._catalog.passages.count()
                self._held = generation if counts else -1
            return server if self._held == generation else None

    def _ask(self, generation: int, vector: Vectors, k: int) -> list[tuple[str, float]] | None:
        if not self._guard.acquire(timeout=0 if self._busy else 1.0):
            return None
        try:
            server = self.current(generation)
        except Exception as error:  # of the network, of Chroma
            self._lost(error)
            return None
        finally:
            self._guard.release()
        try:  # several at once: a server has no thread of its own for each of us
            found = server.nearest(vector, k) if server else None
        except Exception as error:
            self._lost(error)
            return None
        # Another process may have begun to fill in what was added meanwhile.
        return found if self._catalog.generation() == generation else None

    def sync(self, progress: Progress = lambda done, total: None) -> bool:
        """Update the server from the catalogue; False while another process does, or while it is
        away: `why` says which."""
        generation = self._catalog.generation()
        with self._guard:
            try:
                if self.current(generation):
                    return True
                return self._filled(generation, progress)
            except Exception as error:
                self._lost(error)
                return False
            finally:
                self._busy = False

    def clear(self) -> bool:
        """Have the next `sync` fill the collection again; False as with `sync`."""
        with self._guard:
            try:
                if not self._locked():
                    return False
                if server := self._reached():
                    server.delete()
                    self._let_go()
                return server is not None
            except Exception as error:
                self._lost(error)
                return False
            finally:
                self._lock.release(force=True)

    def leave(self) -> None:
        """Delete the collection: before the folder is moved, or deleted for good."""
        self.clear()

    def ids(self) -> set[str]:
        """The ids on the server; empty while it is away."""
        with self._guard:
            try:
                server = self._reached()
                return server.ids() if server else set()
            except Exception as error:
                self._lost(error)
                return set()

    def _filled(self, generation: int, progress: Progress) -> bool:
        server = self._reached()
        if server is None or not self._locked():
            return False
        try:
            self._busy = True
            maker, (_, before) = self._catalog.made(), server.holds()
            server.say(-1, before)
            fill(server, self._catalog, before != maker, progress)
            server.say(generation, maker)
            self._held = generation
            return True
        finally:
            self._lock.release(force=True)

    def _locked(self) -> bool:
        """Whether this process alone writes now."""
        try:
            self._lock.acquire(timeout=0)
        except (Timeout, OSError):
            self.why = "being filled by another process"
            return False
        return True

    def _reached(self) -> Served | None:
        if self._server is None and time.monotonic() >= self._again:
            try:
                self._server = connected(self._address, self._name())
            except Exception as error:
                self._lost(error)
        return self._server

    def _lost(self, error: Exception) -> None:
        self._again = time.monotonic() + _PAUSE
        self.why = f"away: the {self._called} does not answer"
        if self._guard.acquire(timeout=0):  # whoever fills it just now finds out alone
            self._let_go()
            self._guard.release()
        log.warning(
            "The %s does not answer as it should (%s); all vectors are compared instead, which is "
            "slower in large libraries.", self._called, error,
        )  # fmt: skip

    def _let_go(self) -> None:
        server, self._server, self._held = self._server, None, -1
        if server is not None:
            try:
                server.close()
            except Exception as error:  # it may be gone
                log.debug("The connection could not be closed: %s", error)

    def _name(self) -> str:
        """Of the collection: of this library in this folder, because a copy has its identity."""
        place = f"{self._catalog.identity()} {self._folder.resolve()}"
        return f"pincite-{hashlib.sha256(place.encode()).hexdigest()[:32]}"
