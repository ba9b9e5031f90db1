"""Keeps a library in step with some folders by polling: network drives send no events.

A file counts once it has stayed the same for a while, so that no half-written file is read.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ingest.discovery import discover
from ingest.errors import NothingFound
from vectorstore.add_report import Change
from vectorstore.errors import HomeNotWritable, LibraryAway, LibraryBusy
from vectorstore.library import Library

SETTLE = 2.0  # seconds without a change; editors and copying programs write more often
PAUSE = 2.0  # seconds between two samples

Signature = tuple[int, int, int]  # time of change in nanoseconds, bytes, inode


@dataclass
class _Pending:
    """The state of a file, None when it is gone, and since when."""

    signature: Signature | None
    since: float


class Watching:
    """Follows files and folders until it is cancelled."""

    def __init__(
        self,
        library: Library,
        paths: Sequence[Path],
        changed: Callable[[Change], None],
        notice: Callable[[str], None],
        settle: float = SETTLE,
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        """`changed` receives the result for each file, `notice` messages for the user. `turn` is
        what adding waits for where others use the library, too: nothing closes it then."""
        self._library = library
        self._turn = turn
        self._paths = [path.absolute() for path in paths]
        self._changed = changed
        self._notice = notice
        self._settle = settle
        self._known: dict[Path, Signature] = {}  # its state when the library read it
        self._pending: dict[Path, _Pending] = {}
        self._roots: dict[Path, tuple[int, int]] = {}  # identity of the folder: device and inode
        self._told: set[str] = set()
        self._compared: set[Path] = set()  # roots that are in step with the library

    def run(self, cancel: threading.Event, pause: float = PAUSE) -> None:
        """Poll until `cancel` is set. Raises what Library.add raises."""
        while not cancel.is_set():
            self.look(cancel)
            cancel.wait(pause)

    def look(self, cancel: threading.Event | None = None) -> None:
        """Poll once. Settled files are added, and files that are gone are removed."""
        reachable = [root for root in self._paths if self._reachable(root)]
        seen = self._scan(reachable)
        settled = self._settled(seen, reachable)
        new = [path for path in settled if path in seen]
        gone = [path for path in settled if path not in seen]
        try:
            lost = self._library.sources.lost(self._not_compared(reachable, new))
            if new:  # additions first: a renamed file is both new and gone
                with self._turn or nullcontext():
                    self._library.add(new, cancel=cancel, changed=self._changed)
            self._prune([*gone, *lost])
        except (NothingFound, LibraryAway, LibraryBusy, HomeNotWritable) as error:
            self._tell(f"{error} Trying again.")
            return
        if (new or gone) and not self._turn:
            self._library.close()  # releases Chroma; it opens again when needed
        self._known |= {path: seen[path] for path in new}
        for path in gone:
            self._known.pop(path, None)

    def _prune(self, paths: Sequence[Path]) -> None:
        for name in self._library.sources.prune(paths) if paths else ():
            self._changed(Change("removed", name))

    def _not_compared(self, reachable: Sequence[Path], new: Sequence[Path]) -> list[Path]:
        """Roots that have just settled for the first time: files may have vanished before."""
        busy = {root for root in reachable if any(p.is_relative_to(root) for p in self._pending)}
        added = {root for root in reachable if any(p.is_relative_to(root) for p in new)}
        roots = [r for r in reachable if r not in self._compared and (r in added or r not in busy)]
        self._compared |= set(roots)
        return roots

    def _settled(self, seen: dict[Path, Signature], reachable: Sequence[Path]) -> list[Path]:
        """Files that have been new, changed or gone for a while."""
        now = time.monotonic()
        lost = [p for p in self._known if p not in seen and any(map(p.is_relative_to, reachable))]
        differ = {path: s for path, s in seen.items() if self._known.get(path) != s}
        pending: dict[Path, _Pending] = {}
        for path in [*differ, *lost]:
            before = self._pending.get(path)
            same = before is not None and before.signature == differ.get(path)
            pending[path] = before if before and same else _Pending(differ.get(path), now)
        settled = [path for path, p in pending.items() if now - p.since >= self._settle]
        self._pending = {path: p for path, p in pending.items() if path not in settled}
        return settled

    def _scan(self, reachable: Sequence[Path]) -> dict[Path, Signature]:
        found: dict[Path, Signature] = {}
        for root in reachable:
            try:
                discovery = discover([root])
            except NothingFound:  # a folder that is empty for now
                continue
            for left in discovery.left_out:
                self._tell(f"{left.path} is not read: {left.reason}.")
            for file in discovery.files:
                if signature := _signature(file.path):
                    found[file.path] = signature
        return found

    def _reachable(self, root: Path) -> bool:
        """False for a network drive that is away: its files have not been deleted."""
        try:
            state = root.stat()
            empty = root.is_dir() and next(root.iterdir(), None) is None
        except OSError:
            there = False
        else:
            identity = (state.st_dev, state.st_ino)
            before = self._roots.get(root)
            there = (
                not empty
                or before == identity
                or not (before or self._library.sources.count_below(root))
            )
            if there:
                self._roots[root] = identity
        if there:
            self._told.discard(_away(root))
        else:
            self._tell(_away(root))
        return there

    def _tell(self, notice: str) -> None:
        """Report a problem once, until it is over."""
        if notice not in self._told:
            self._told.add(notice)
            self._notice(notice)


def _away(root: Path) -> str:
    return f"{root} is empty or out of reach: its documents are kept until it is back."


def _signature(path: Path) -> Signature | None:
    try:
        state = path.stat()
    except OSError:  # it vanished since it was listed
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
