"""Takes documents out of a library, with everything that was made of them."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.rows import AMONG, listed
from vectorstore.copies import Files
from vectorstore.dense import DenseIndex
from vectorstore.errors import LibraryError
from vectorstore.indexing import jobs
from vectorstore.maintenance.rebuild import open_staged


@dataclass(frozen=True)
class Forgotten:
    """What `forget` took out of a library."""

    sha256: tuple[str, ...]  # of the files of the documents
    pictures: int  # small copies of their pictures
    index: bool  # Chroma's files were deleted; otherwise another process owns them
    files: str = ""  # what a bucket keeps of them, in a sentence


class Sources:
    """The folders that a library's documents came from, and what leaves it: also reachable as
    `Library.remove` and `Library.forget`."""

    def __init__(
        self, catalog: Catalog, files: Files, index: DenseIndex, staged: Path,
        forget_pictures: Callable[[Collection[str]], int],
    ) -> None:  # fmt: skip
        """An interrupted rebuild has left its output in `staged`."""
        self._catalog = catalog
        self._files = files
        self._index = index
        self._staged = staged
        self._forget_pictures = forget_pictures

    def remove(self, names: Sequence[str]) -> int:
        """See Library.remove."""
        digests = self._taken_out(names)
        for digest in digests:
            self._files.remove(digest)
        self._clear_away(digests)
        return len(digests)

    def forget(self, names: Sequence[str]) -> Forgotten:
        """See Library.forget."""
        digests = self._taken_out(names)
        said = self._erased(digests)
        pictures = self._clear_away(digests)
        return Forgotten(tuple(digests), pictures, self._index.forget(), said)

    def _erased(self, digests: Collection[str]) -> str:
        """Delete copies with their older versions; what is left of them, for people."""
        left, away = 0, 0
        for digest in digests:
            try:
                left += self._files.erase(digest)
            except LibraryError:
                away += 1
        if away:
            return f"{self._files.place} does not answer: `pincite verify` deletes the files there."
        if left:
            return (
                f"{self._files.place} keeps {left} older versions of the files: ask who runs it to"
                " delete them, because this key may not."
            )
        return ""

    def _taken_out(self, names: Sequence[str]) -> list[str]:
        """Of the catalogue alone; the hashes of their files."""
        names = list(dict.fromkeys(names))
        digests = [self._catalog.sha256(name) for name in names]
        with self._catalog.writing() as connection:
            for name in names:
                self._catalog.delete(connection, name)
        return digests

    def _clear_away(self, digests: Collection[str]) -> int:
        """Wipe what was made of documents that have left the catalogue; the number of pictures."""
        pictures = 0
        with suppress(LibraryError):  # a cache: the next search of pictures does it
            pictures = self._forget_pictures(digests)
        self._clear_rebuilt(digests)
        self._index.sync()
        self._catalog.wipe()
        return pictures

    def _clear_rebuilt(self, digests: Collection[str]) -> None:
        """What an interrupted rebuild keeps of them; one at work deletes its file at its end."""
        if not self._staged.exists():
            return
        with jobs.alone(self._staged.with_suffix(".lock")) as alone:
            if not alone:
                return
            staged = open_staged(self._staged)
            try:
                among = f"sha256 {AMONG}"
                staged.write(f"DELETE FROM made WHERE {among}", listed(digests))
                staged.write_anew()
            finally:
                staged.close()

    def lost(self, roots: Sequence[Path]) -> list[Path]:
        """Places below some folders where a document was found and no file is left."""
        return [Path(place) for place, _ in self._catalog.places.lost(roots)]

    def prune(self, paths: Sequence[Path]) -> list[str]:
        """Remove documents whose files no longer exist anywhere, and return their names."""
        gone = self._catalog.places.forget([place for place, _ in self._catalog.places.lost(paths)])
        for _, digest in gone:
            self._files.remove(digest)
        if gone:
            self._clear_away([digest for _, digest in gone])
        return [name for name, _ in gone]

    def moved(self, old: Path, new: Path) -> None:
        """A folder that files came from has another place."""
        self._catalog.places.move(str(old.absolute()), str(new.absolute()))

    def count_below(self, root: Path) -> int:
        """The number of places of documents below a folder."""
        return len(self._catalog.places.below(str(root.absolute())))
