"""Finds passages by their words in a large library: in an index of its own when it is current,
else None, and the catalogue answers."""

import json
import logging
import shutil
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from vectorstore.catalog import rows
from vectorstore.catalog.catalog import Catalog
from vectorstore.words import tantivy_index
from vectorstore.words.tantivy_index import Passage, TantivyIndex

LARGE = 20_000  # passages from which on FTS5 takes longer than the rest of a search
_BATCH = 100  # documents whose passages are read at once
_STATE, _HELD = "state.json", "documents.json"

Held = dict[str, list[object]]  # by document: what its passages were made of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _State:
    """What a folder holds; its documents are listed in it. One that is being written has none."""

    folder: str
    generation: int
    made: str  # by which model, chunker and rebuild; of which library
    passages: int


class WordIndex:
    """tantivy as a cache of the catalogue's words, for libraries of many passages.

    Each process may read it; a lock file lets one write. What was removed would stay in its files,
    so it is then written anew, in another folder: a process that still reads the old one keeps it
    open. A process that is killed while it writes leaves no state, and the next writes anew.
    """

    def __init__(self, catalog: Catalog, folder: Path) -> None:
        self._catalog = catalog
        self._folder = folder
        self._large = LARGE if tantivy_index.installed() else sys.maxsize
        self._lock = FileLock(folder.with_suffix(".lock"), thread_local=False)
        self._writing = threading.Lock()  # the file's lock lets in all threads of a process
        self._guard = threading.Lock()
        self._opened: tuple[_State, TantivyIndex] | None = None

    def passages(
        self, match: str, k: int, documents: Collection[str] | None
    ) -> list[tuple[str, float]] | None:
        """As `Words.passages` finds visible ones; None where the catalogue must be asked."""
        try:
            index = self._current()
            if index is None:
                return None
            return index.nearest(match, k, None if documents is None else self._prefixes(documents))
        except (OSError, ValueError) as error:  # its folder was deleted, or is damaged
            log.warning("The index of words failed, and is written anew: %s", error)
            self.clear()
            return None

    def sync(self) -> None:
        """Bring it up to the catalogue, unless another process does that. A failure, such as a full
        disk, leaves the work to the catalogue."""
        if self._up_to_date() or not self._writing.acquire(blocking=False):
            return
        try:
            with self._lock.acquire(timeout=0):
                self._follow()
        except Timeout:
            return
        except (OSError, ValueError) as error:
            log.warning("The index of words could not be brought up to date: %s", error)
            self.clear()
        finally:
            self._writing.release()

    def clear(self) -> None:
        """Delete its files; the next `sync` writes them anew."""
        with self._guard:
            self._opened = None
        with suppress(OSError):
            (self._folder / _STATE).unlink(missing_ok=True)
        self._sweep("")

    def close(self) -> None:
        """Let go of its files."""
        with self._guard:
            self._opened = None

    def _current(self) -> TantivyIndex | None:
        """The index, when it holds exactly the present generation of the catalogue."""
        generation = self._catalog.generation()
        with self._guard:
            if self._opened is None or self._opened[0].generation != generation:
                self._opened = self._open(generation)
            return self._opened[1] if self._opened else None

    def _open(self, generation: int) -> tuple[_State, TantivyIndex] | None:
        state = self._state() if tantivy_index.installed() else None  # it may have been taken away
        if state is None or (state.generation, state.made) != (generation, self._made()):
            return None
        index = TantivyIndex(self._folder / state.folder)
        if index.count() != state.passages:
            raise ValueError("passages are missing")
        return state, index

    def _up_to_date(self) -> bool:
        state = self._state()
        if state is not None:  # not counted: it is asked every few seconds
            now = self._catalog.generation(), self._made()
            return (state.generation, state.made) == now
        # A writer that was killed leaves a folder without a state.
        left = any(one.is_dir() for one in self._folder.glob("*"))
        return not left and self._catalog.passages.count() < self._large

    def _follow(self) -> None:
        if self._catalog.passages.count() < self._large:
            self.clear()
            return
        generation, made, want = self._catalog.generation(), self._made(), self._wanted()
        state = self._state()
        held = self._held(state.folder) if state and state.made == made else None
        if state is None or held is None or not held.items() <= want.items():
            self.clear()
            state, held = _State(uuid4().hex, -1, made, 0), {}
        (self._folder / _STATE).unlink(missing_ok=True)  # until it is whole again
        folder = self._folder / state.folder
        folder.mkdir(parents=True, exist_ok=True)
        index = TantivyIndex(folder)
        index.add(self._texts([document for document in want if document not in held]))
        self._kept(_State(state.folder, generation, made, index.count()), want)

    def _kept(self, state: _State, want: Held) -> None:
        """Say what is there now; what was removed meanwhile is deleted."""
        if not want.keys() <= self._wanted().keys():
            self.clear()
        elif state.passages == sum(int(str(one[0])) for one in want.values()):
            (self._folder / state.folder / _HELD).write_text(json.dumps(want), "utf-8")
            self._say(state)

    def _wanted(self) -> Held:
        """The documents with visible passages: how many, and what tells these from others."""
        found = self._catalog.database.all(
            "SELECT substr(sha256, 1, 16), count(*), language, reader, extracted, ocr,"
            " document.indexed, added FROM document JOIN chunk ON document_id = document.id"
            " WHERE NOT chunk.hidden GROUP BY document.id"
        )
        return {row[0]: list(row[1:]) for row in found}

    def _texts(self, documents: list[str]) -> Iterator[Passage]:
        for start in range(0, len(documents), _BATCH):
            yield from self._catalog.database.all(
                "SELECT chunk.id, chunk_words.text FROM chunk JOIN document"
                " ON document.id = document_id JOIN chunk_words ON chunk_words.rowid = chunk.rowid"
                f" WHERE NOT chunk.hidden AND substr(sha256, 1, 16) {rows.AMONG}",
                rows.listed(documents[start : start + _BATCH]),
            )

    def _prefixes(self, documents: Collection[str]) -> list[str]:
        """Of the ids of their chunks."""
        found = self._catalog.database.all(
            f"SELECT substr(sha256, 1, 16) FROM document WHERE name {rows.AMONG}",
            rows.listed(documents),
        )
        return [row[0] for row in found]

    def _made(self) -> str:
        return f"{self._catalog.identity()} {self._catalog.made()}"

    def _state(self) -> _State | None:
        try:
            return _State(**json.loads((self._folder / _STATE).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _held(self, folder: str) -> Held | None:
        try:
            return dict(json.loads((self._folder / folder / _HELD).read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _say(self, state: _State) -> None:
        self._sweep(state.folder)
        scratch = self._folder / f".{_STATE}"
        scratch.write_text(json.dumps(vars(state)), "utf-8")
        scratch.replace(self._folder / _STATE)

    def _sweep(self, kept: str) -> None:
        """Delete the folders of before; one that another process reads may stay, on Windows, until
        the next time."""
        with suppress(OSError):
            for folder in self._folder.iterdir():
                if folder.is_dir() and folder.name != kept:
                    shutil.rmtree(folder, ignore_errors=True)
