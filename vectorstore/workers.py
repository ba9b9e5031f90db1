"""The seam for who reads files, and what a run asks of them. Here: this machine's processes.

Workers read and embed. They write nothing into a library: the process that adds does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ingest.containers import Expanded
from ingest.document.source import Engines, Limits
from ingest.document.wire import Loaded
from ingest.platform.hardware import cores
from ingest.sandbox.child import Heard
from ingest.sandbox.pool import Sandbox
from vectorstore.embedding.embedder import Recipe
from vectorstore.store import Vectors

_MOST_CHILDREN = 4  # each holds the libraries of all formats in memory


class Workers(Protocol):
    """The workers of one run; the functions that are returned wait for a result. See `Sandbox`."""

    @property
    def children(self) -> int:
        """How many files they read at the same time."""

    def start(self, path: Path, heard: Heard | None = None) -> Callable[[], Loaded]:
        """Begin to read a file. The result raises UnreadableFile, Stopped, or WorkersAway."""

    def start_expand(
        self, path: Path, folder: Path, limits: Limits | None = None, level: int = 0
    ) -> Callable[[], Expanded]:
        """The same for the files inside a file."""

    def close(self) -> None:
        """End all of it, also in the middle of a file; from any thread."""


@dataclass(frozen=True)
class Order:
    """What a run asks of workers."""

    engines: Engines
    folder: Path | None = None  # below it files that are inside of others can be unpacked
    # Of the model that embeds, at each file; None where whoever reads need not.
    recipe: Callable[[], Recipe | None] = lambda: None
    # Receives the vectors that came with a file, before its result is returned.
    embedded: Callable[[str, Sequence[str], Vectors], None] = lambda *_: None


Hire = Callable[[Order], Workers]


def here(order: Order) -> Workers:
    """Child processes of this machine, which read and do not embed."""
    children = max(1, min(_MOST_CHILDREN, cores() // 2))
    return Sandbox(engines=order.engines, children=children, folder=order.folder)
