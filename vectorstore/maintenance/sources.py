"""Finds and removes documents whose file is gone."""

from collections.abc import Sequence
from pathlib import Path

from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.sources import Places
from vectorstore.files.files import Files
from vectorstore.maintenance.removing import Removing


class Sources:
    """The folders that a library's documents came from; reachable as `Library.sources`."""

    def __init__(self, catalog: Catalog, files: Files, removing: Removing) -> None:
        self._places = Places(catalog)
        self._files = files
        self._removing = removing

    def lost(self, roots: Sequence[Path]) -> list[Path]:
        """Places below some folders where a document was found and no file is left."""
        return [Path(place) for place, _ in self._places.lost(roots)]

    def prune(self, paths: Sequence[Path]) -> list[str]:
        """Remove documents whose files no longer exist anywhere, and return their names."""
        gone = self._places.forget([place for place, _ in self._places.lost(paths)])
        for _, digest in gone:
            self._files.remove(digest)
        if gone:
            self._removing.clear_away([digest for _, digest in gone])
        return [name for name, _ in gone]

    def moved(self, old: Path, new: Path) -> None:
        """A folder that files came from has another place."""
        self._places.move(str(old.absolute()), str(new.absolute()))

    def count_below(self, root: Path) -> int:
        """The number of places of documents below a folder."""
        return len(self._places.below(str(root.absolute())))
