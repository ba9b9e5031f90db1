"""Files become entries of the catalogue: discover, read, cut, embed, store; one file at a time.

Each file is one transaction: a killed run leaves whole documents, and the next one continues.
"""

import sqlite3
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ingest.document import Chunk, Document
from ingest.errors import UnreadableFile
from ingest.headings import Headings
from ingest.loaders import LOADERS, digest
from ingest.sandbox import Loaded, Sandbox
from ingest.source import Engines
from vectorstore.catalog import Catalog, DocumentInfo
from vectorstore.embedder import Embedder
from vectorstore.errors import HomeNotWritable, LibraryError
from vectorstore.files import Files
from vectorstore.store import Vectors


@dataclass(frozen=True)
class Progress:
    """Where a long run is: the file in work, how many are done, and what is being done."""

    file: str
    done: int
    total: int
    stage: str


@dataclass(frozen=True)
class Failure:
    """A file that did not get in, and the reason as a sentence."""

    path: str
    error: str


@dataclass
class AddSummary:
    """What an `add` did."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0  # their file has become one that is known already
    failed: list[Failure] = field(default_factory=list)
    pages: int = 0
    chunks: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class _File:
    """A file to be added, and the name that it will have."""

    path: Path
    name: str
    sha256: str


class Indexing:
    """One run over files."""

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        embedder: Callable[[], Embedder],
        progress: Callable[[Progress], None],
        engines: Engines | None = None,
    ) -> None:
        self._catalog = catalog
        self._files = files
        self._embedder = embedder
        self._progress = progress
        self._engines = engines
        self._summary = AddSummary()

    def add(self, paths: Sequence[Path]) -> AddSummary:
        """See Library.add."""
        started = time.perf_counter()
        found = discover(paths)
        new = [file for path, name in found if (file := self._news(path, name))]
        with Sandbox(engines=self._engines) as sandbox:
            for done, (file, read) in enumerate(_ahead(sandbox, new)):
                self._progress(Progress(file.name, done, len(new), "reading"))
                self._add(file, read, done, len(new))
        self._progress(Progress("", len(new), len(new), "done"))
        self._summary.seconds = round(time.perf_counter() - started, 2)
        return self._summary

    def again(self, maker: str) -> None:
        """Read and embed every document anew, all in one transaction."""
        with Sandbox(engines=self._engines) as sandbox, self._catalog.writing() as connection:
            documents = self._catalog.documents()  # in here, so that nobody adds one meanwhile
            for done, info in enumerate(documents):
                self._progress(Progress(info.document, done, len(documents), "reading"))
                document, chunks = self._reread(sandbox, info)
                vectors = self._embedder().passages([chunk.text for chunk in chunks])
                places = connection.execute(
                    "SELECT path FROM place JOIN document ON document.id = document_id"
                    " WHERE name = ?",
                    (info.document,),
                ).fetchall()
                self._catalog.delete(connection, info.document)
                self._put(connection, document, info.document, chunks, vectors)
                for (path,) in places:
                    self._catalog.put_place(connection, path, info.sha256)
            connection.execute("UPDATE meta SET value = ? WHERE key = 'made_by'", (maker,))

    def _reread(self, sandbox: Sandbox, info: DocumentInfo) -> Loaded:
        """The library's own copy, under the document's name instead of the copy's."""
        try:
            document, chunks = sandbox.start(self._files.path(info.sha256))()
        except UnreadableFile as error:
            raise UnreadableFile(
                f"The library's copy of {info.document} is lost or damaged. Add the file again."
            ) from error
        title = document.metadata.get("title") or Path(info.document).stem
        return replace(document, name=info.document, title=title), chunks

    def _news(self, path: Path, name: str) -> _File | None:
        """The file if it has to be read; what is known already is counted."""
        try:
            str(path).encode()
            sha256 = digest(path)
        except UnicodeEncodeError:
            reason = "The name of the file is not valid UTF-8. Rename it."
            self._summary.failed.append(Failure(str(path), reason))
            return None
        except UnreadableFile as error:
            self._summary.failed.append(Failure(str(path), str(error)))
            return None
        if not self._catalog.holds(sha256):
            return _File(path, name, sha256)
        try:
            self._keep(path, sha256)
        except UnreadableFile as error:
            self._summary.failed.append(Failure(str(path), str(error)))
            return None
        self._summary.unchanged += 1
        self._note_place(path, sha256)
        return None

    def _note_place(self, path: Path, sha256: str) -> None:
        before = self._catalog.found_at(str(path))
        if before == sha256:
            return
        with self._catalog.writing() as connection:
            self._catalog.put_place(connection, str(path), sha256)
            gone = before is not None and self._catalog.drop_placeless(connection, before)
        if gone and before:
            self._summary.removed += 1
            self._files.remove(before)

    def _add(self, file: _File, read: Callable[[], Loaded], done: int, total: int) -> None:
        try:
            document, chunks = read()
            if document.sha256 != file.sha256:
                raise UnreadableFile(f"{file.name} changed while it was read. Add it again.")
            _refuse_textless(document, chunks)
            self._progress(Progress(file.name, done, total, "indexing"))
            vectors = self._embedder().passages([chunk.text for chunk in chunks])
            self._store(file, document, chunks, vectors)
        except UnreadableFile as error:
            self._summary.failed.append(Failure(str(file.path), str(error)))

    def _store(
        self, file: _File, document: Document, chunks: list[Chunk], vectors: Vectors
    ) -> None:
        try:
            self._keep(file.path, file.sha256)
            added, replaced = self._commit(file, document, chunks, vectors)
        except BaseException:
            with suppress(LibraryError, OSError):  # the first error is the one to be told
                if not self._catalog.holds(file.sha256):
                    self._files.remove(file.sha256)
            raise
        if replaced:
            self._files.remove(replaced)
        if not added:
            self._summary.unchanged += 1
            self._summary.removed += bool(replaced)
            return
        self._summary.updated += bool(replaced)
        self._summary.added += not replaced
        self._summary.pages += len(document.pages)
        self._summary.chunks += len(chunks)

    def _keep(self, path: Path, sha256: str) -> None:
        try:
            self._files.keep(path, sha256)
        except OSError as error:
            raise HomeNotWritable(
                f"{path.name} could not be copied into the library: {error.strerror}. "
                "The library is as it was before this file."
            ) from error

    def _commit(
        self, file: _File, document: Document, chunks: list[Chunk], vectors: Vectors
    ) -> tuple[bool, str | None]:
        """Whether it is new, and the sha256 of the document that it replaced."""
        with self._catalog.writing() as connection:
            self._embedder()  # raises if a `rebuild` has changed the model since the embedding
            # Not new: the same bytes were at another path, or another process was quicker.
            new = not self._catalog.holds(file.sha256)
            before = self._catalog.found_at(str(file.path))
            connection.execute("DELETE FROM place WHERE path = ?", (str(file.path),))
            gone = (
                before is not None
                and before != file.sha256
                and self._catalog.drop_placeless(connection, before)
            )
            if new:
                self._put(connection, document, self._free_name(file), chunks, vectors)
            self._catalog.put_place(connection, str(file.path), file.sha256)
            return new, before if gone else None

    def _put(
        self, connection: sqlite3.Connection, document: Document, name: str, chunks: list[Chunk],
        vectors: Vectors,
    ) -> None:  # fmt: skip
        outline = [h.title for h in document.outline] or Headings(document).titles()
        self._catalog.put(connection, document, name, _status(document), outline, chunks, vectors)

    def _free_name(self, file: _File) -> str:
        """The file's name, with folders in front, or a mark behind, while it is taken."""
        parents = file.path.parent.parts
        candidates = [file.name] + [
            "/".join((*parents[-depth:], file.path.name)) for depth in range(1, len(parents))
        ]
        free = next((name for name in candidates if not self._catalog.has_name(name)), None)
        return free or f"{file.name} ({file.sha256[:8]})"


def discover(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Files to read, with their names: below a folder by suffix, named one by one as they are.

    A name that repeats gets its folder below the root in front. Raises LibraryError for a path that
    does not exist, and for folders without any readable file.
    """
    found: dict[Path, str] = {}
    for root in paths:
        if not root.exists():
            raise LibraryError(f"There is no file or folder {root}.")
        inside = list(_below(root)) if root.is_dir() else [root]
        if not inside:
            raise LibraryError(f"{root} holds no file of a known kind ({', '.join(LOADERS)}).")
        for path in inside:
            below = path.relative_to(root if root.is_dir() else root.parent)
            found.setdefault(path.absolute(), below.as_posix())
    names = Counter(path.name for path in found)
    return [(path, path.name if names[path.name] == 1 else below) for path, below in found.items()]


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in LOADERS and path.is_file() and not hidden:
            yield path


def _ahead(
    sandbox: Sandbox, files: Sequence[_File]
) -> Iterator[tuple[_File, Callable[[], Loaded]]]:
    """Each file with its result to wait for; the next is read while this one is embedded."""
    reading = deque(sandbox.start(file.path) for file in files[:2])
    for index, file in enumerate(files):
        yield file, reading.popleft()
        if index + 2 < len(files):
            reading.append(sandbox.start(files[index + 2].path))


def _refuse_textless(document: Document, chunks: Sequence[Chunk]) -> None:
    if chunks:
        return
    pictures = sum(1 for page in document.pages if page.pictures)
    what = _pages(pictures, "picture") if pictures else _pages(len(document.pages), "blank page")
    raise UnreadableFile(f"{document.name}: no text could be read, {what}.")


def _pages(count: int, kind: str) -> str:
    return f"1 page is a {kind}" if count == 1 else f"{count} pages are {kind}s"


def _status(document: Document) -> str:
    unread = sum(1 for page in document.pages if not page.lines and page.pictures)
    if unread:
        return f"{unread} of {len(document.pages)} pages are pictures without text"
    return "ready"
