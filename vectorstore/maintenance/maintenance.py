"""Maintenance of a library: comparing, rebuilding, backup and updates."""

import threading
from collections.abc import Callable
from pathlib import Path

from ingest.document.source import Engines
from vectorstore.add_report import AddProgress, Incomplete
from vectorstore.catalog.catalog import Catalog
from vectorstore.catalog.languages import Counts, count_languages, find_languages
from vectorstore.dense.follower import Follower
from vectorstore.dense.index import DenseIndex
from vectorstore.embedding.library_embedder import Embedders, maker
from vectorstore.errors import LibraryError
from vectorstore.files.files import Files
from vectorstore.maintenance import backup, restoring
from vectorstore.maintenance.migration import Migration, discard, failed_rebuilds
from vectorstore.maintenance.verify import Health, Verifying
from vectorstore.words.word_index import WordIndex


class Maintenance:
    """Reachable as `Library.maintenance`."""

    def __init__(
        self, catalog: Catalog, files: Files, index: DenseIndex, words: WordIndex,
        embedders: Embedders, engines: Callable[[], Engines], staged: Path,
    ) -> None:  # fmt: skip
        """A rebuild collects its output in `staged`."""
        self._catalog = catalog
        self._files = files
        self._index = index
        self._words = words
        self._embedders = embedders
        self._engines = engines
        self._staged = staged
        self._follower: Follower | None = None

    def verify(self) -> Health:
        """Compare files, catalogue, ledger and Chroma, and repair what can be rebuilt.

        A damaged copy is made again from its file, or deleted, so that adding the file makes a good
        one. A file that cannot be read is only named.
        """
        return Verifying(self._catalog, self._files, self._index).run()

    def leave(self) -> None:
        """Delete the vectors that lie outside of the library's folder, in a server: before it is
        moved. The next use fills them in again."""
        self._index.leave()

    def rebuild(
        self, progress: Callable[[AddProgress], None] = lambda _: None,
        cancel: threading.Event | None = None,
    ) -> int:  # fmt: skip
        """Build the index again from the catalogue, and count its chunks.

        When the model has changed, passages are embedded again; when the chunker or their reader
        has, documents are read again. The old index is used until all is done. The next run
        continues one that was killed, or stopped with `cancel`.
        """
        self._choose_by_languages()
        if self._embedders.differ():
            self._migrate(progress, cancel)
        else:
            discard(self._staged)
            self._clear()
        self._index.sync(
            lambda done, total: progress(AddProgress("index", done, total, "indexing"))
        )
        self._words.sync()
        return self._catalog.passages.count()

    def catch_up(
        self, progress: Callable[[AddProgress], None], cancel: threading.Event | None
    ) -> list[Incomplete]:
        """Rebuild what another model, chunker or reader has made, before something is added.

        The documents that could not be read again.
        """
        return self._migrate(progress, cancel) if self._embedders.outdated() else []

    def follow_languages(
        self, before: bool, progress: Callable[[AddProgress], None],
        cancel: threading.Event | None,
    ) -> str:  # fmt: skip
        """Embed the library again when another model suits the languages of its documents, as a
        rebuild does. A sentence for people about a change, or about why there is none; `before`:
        whether several languages were read until now."""
        counts = self._choose_by_languages()
        if self._embedders.reads_many() != before and self._embedders.differ():
            self._migrate(progress, cancel)
        return self._embedders.about_languages(counts, before)

    def _choose_by_languages(self) -> Counts:
        find_languages(self._catalog)
        counts = count_languages(self._catalog)
        self._embedders.follow_languages(counts)
        return counts

    def rebuild_reason(self) -> str:
        """A sentence for people on why the library should be rebuilt, or nothing.

        Raises LibraryError.
        """
        return self._embedders.why()

    def rebuild_notice(self) -> str:
        """The same sentence, with the commands. Raises LibraryError."""
        return self._embedders.notice()

    def back_up(self, target: Path) -> backup.Contents:
        """Write the library into one file. Raises LibraryError or HomeNotWritable."""
        return backup.back_up(self._catalog, self._files, target)

    def restore(self, source: Path) -> backup.Contents:
        """Replace everything by a backup, at once. Raises LibraryError; nothing is changed then."""
        contents = restoring.restore(source, self._catalog, self._files)
        self.sync()
        return contents

    def sync(self) -> bool:
        """Update the indexes with what was written; False when another process owns Chroma."""
        self._words.sync()
        return self._index.sync()

    def follow(self, seconds: float = 3.0) -> None:
        """Check every few seconds what other processes wrote, in the background, until `close`.

        Searches find it at once in any case, and afterwards through Chroma.
        """
        self._follower = Follower(self._index, self._words, seconds)

    def close(self) -> None:
        """End what `follow` has begun."""
        if self._follower is not None:
            self._follower.end()

    def _migrate(
        self, progress: Callable[[AddProgress], None], cancel: threading.Event | None
    ) -> list[Incomplete]:
        chosen = self._embedders.chosen()
        Migration(
            self._catalog, self._files, self._staged, chosen, maker(chosen), self._engines(),
            progress, cancel,
        ).run()  # fmt: skip
        return failed_rebuilds(self._catalog.documents())

    def _clear(self) -> None:
        if not self._index.clear():
            raise LibraryError(
                f"The index of {self._catalog.library!r} is {self._index.why}. {self._index.remedy}"
            )
