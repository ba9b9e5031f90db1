"""The pictures of a library: found by words, and by a similar picture.

A cache beside the catalogue holds what is known of them. It can be deleted; the next search makes
it again from the catalogue and the copies of the files.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ingest.document.model import Box, Figure, Line, Page
from ingest.document.source import Engines
from ingest.document.wire import Codec, InvalidData
from ingest.errors import UnreadableFile
from ingest.images.image_file import DRAWABLE, small_jpeg
from ingest.images.stills import FILMS, KINDS, NOT_CUT, Spot, cut, place
from ingest.language.words import stems
from ingest.media.ffmpeg import clock
from ingest.sandbox.pool import Sandbox
from vectorstore.catalog import rows
from vectorstore.catalog.catalog import Catalog
from vectorstore.copies import Files
from vectorstore.database.schema import Schema
from vectorstore.database.sqlite import SqliteDatabase, Trouble
from vectorstore.embedding.embedder import Embedder, nearness
from vectorstore.errors import LibraryError
from vectorstore.retrieval import fusion
from vectorstore.retrieval.fusion import Candidate
from vectorstore.store import Vectors

if TYPE_CHECKING:
    from PIL.Image import Image


# -- A cache of what is known of a library's pictures, in an SQLite file that can be deleted

_PICTURES = Schema(
    "pictures",
    "pictures",
    """
CREATE TABLE maker (name TEXT NOT NULL);
CREATE TABLE document (sha256 TEXT PRIMARY KEY, pictures BLOB NOT NULL);
CREATE TABLE thumbnail (
    id TEXT PRIMARY KEY, sha256 TEXT NOT NULL REFERENCES document ON DELETE CASCADE,
    jpeg BLOB NOT NULL
);
CREATE INDEX of_document ON thumbnail (sha256);
""",
    first=4,  # a file of another version is made again
)


@dataclass(frozen=True)
class KnownPicture:
    """A picture, and how it is found. Vectors are float32, little endian."""

    id: str  # of all pictures of the library
    sha256: str  # of its document
    page: int
    box: Box  # on the page, in points
    seconds: float | None  # in a film
    words: str
    meaning: bytes  # the vector of the words; empty where there are none
    vector: bytes  # of the picture; empty without a model
    thumbnail: bytes  # a small JPEG; empty as `PictureCache.all` gives it


_KNOWN: Codec[list[KnownPicture]] = Codec(list[KnownPicture])


class _Damaged(LibraryError):
    """The cache is not as this version has written it."""


class _PictureFile(SqliteDatabase):
    def _explain(self, kind: Trouble, error: Exception, path: Path) -> Exception | None:
        if kind == "refused":
            return None  # an error of the program
        damaged = _Damaged if kind in ("damaged", "other version") else LibraryError
        return damaged(
            f"{path}, the cache of pictures, cannot be used: {error}. It may be deleted: it is"
            " made again."
        )


class PictureCache:
    """Opened for each use: a search is rare, and any thread or process may run one. Raises
    LibraryError when the folder cannot be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = _PictureFile(path, _PICTURES)

    def keep_to(self, maker: str, documents: Collection[str]) -> list[str]:
        """Delete rows of other makers and lost documents. Returns the new documents."""
        try:
            return self._keep_to(maker, documents)
        except _Damaged:  # everything can be made again
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            return self._keep_to(maker, documents)

    def _keep_to(self, maker: str, documents: Collection[str]) -> list[str]:
        with self._file.transaction() as file:
            if file.execute("SELECT name FROM maker").fetchone() != (maker,):
                file.execute("DELETE FROM document")
                file.execute("DELETE FROM maker")
                file.execute("INSERT INTO maker VALUES (?)", (maker,))
            file.execute(
                f"DELETE FROM document WHERE NOT sha256 {rows.AMONG}", (rows.listed(documents),)
            )
            known = {row[0] for row in file.execute("SELECT sha256 FROM document")}
        return [sha256 for sha256 in documents if sha256 not in known]

    def put(self, sha256: str, pictures: list[KnownPicture]) -> None:
        """Save all pictures of a document; or that it has none."""
        known = _KNOWN.encode([replace(one, thumbnail=b"") for one in pictures])
        with self._file.transaction() as file:
            file.execute("INSERT OR REPLACE INTO document VALUES (?, ?)", (sha256, known))
            file.executemany(
                "INSERT INTO thumbnail VALUES (?, ?, ?)",
                [(one.id, sha256, one.thumbnail) for one in pictures],
            )

    def forget(self, documents: Collection[str]) -> int:
        """Delete the pictures of documents, and count them; no byte of them is left in the file."""
        if not self._path.exists():
            return 0
        try:
            among = f"WHERE sha256 {rows.AMONG}", (rows.listed(documents),)
            with self._file.transaction() as file:
                gone = file.execute(f"DELETE FROM thumbnail {among[0]}", among[1]).rowcount
                file.execute(f"DELETE FROM document {among[0]}", among[1])
            if gone:
                self._file.write_anew()
        except _Damaged:  # everything can be made again
            self._path.unlink(missing_ok=True)
            return 0
        return gone

    def all(self) -> list[KnownPicture]:
        found = self._file.column("SELECT pictures FROM document")
        try:
            return [one for pictures in found for one in _KNOWN.decode(pictures)]
        except InvalidData as error:
            raise _Damaged(f"{self._path} is damaged ({error}). It may be deleted.") from error

    def thumbnail(self, id: str) -> bytes:
        """A small JPEG; empty when it is gone."""
        return self._file.value("SELECT jpeg FROM thumbnail WHERE id = ?", id) or b""


def _bytes(vector: Vectors) -> bytes:
    return np.asarray(vector, "<f4").tobytes()


def _vector(stored: bytes) -> Vectors:
    return np.frombuffer(stored, "<f4")


_WORDS = 400  # characters of a picture's text that are searched
_SMALL = 200  # pixels of the longer side of a thumbnail
# Cosine from which two pictures are alike. With themselves, half cut away or greyed, 98 % of 60
# have .5; photographs of other things have .4 at most, other charts and drawings up to .95.
_ALIKE = 0.45
_UNLIKE = 0.25  # cosine of words and query below which, without a common word, nothing matches
Told = Callable[[str, int, int], None]  # a document, how many are done, and of how many


class PictureModel(Protocol):
    """Turns pictures into vectors of length 1 for comparison, and into words."""

    @property
    def identity(self) -> str:
        """Vectors of two identities cannot be compared."""
        ...

    def features(self, picture: "Image") -> tuple[Vectors, str]:
        """A vector of shape (dimensions,), and words for the contents; empty when not sure."""
        ...


@dataclass(frozen=True)
class PictureHit:
    """A picture that a search found, and where it is in its document."""

    document: str
    page: int
    box: Box  # on the page, in points
    score: float  # cosine: of the pictures, or of the words
    words: str  # searched text: captions, descriptions, tags, writing
    seconds: float | None = None  # in a film
    id: str = ""  # tells it from others
    thumbnail: bytes = b""  # a small JPEG


class Pictures:
    """The pictures of one library. Each search first processes new documents."""

    def __init__(
        self,
        catalog: Catalog,
        files: Files,
        folder: Path,
        embedder: Callable[[], Embedder],
        engines: Callable[[], Engines],
        model: Callable[[], PictureModel | None],
    ) -> None:
        """The last three are called when needed; without a model nothing is compared."""
        self._catalog = catalog
        self._files = files
        self._cache = PictureCache(folder / "pictures.sqlite")
        self._embedder = embedder
        self._engines = engines
        self._model = model
        self._looking = threading.Lock()

    def similar(
        self, picture: "Image", k: int = 8, told: Told = lambda *_: None
    ) -> list[PictureHit]:
        """Similar pictures, best first. Raises LibraryError."""
        model = self._model()
        if model is None:
            raise LibraryError(
                "No model that compares pictures is installed. `pincite models pull "
                "efficientnet-lite0` gets one (19 MB)."
            )
        self.update(told)
        wanted, _ = model.features(picture)
        scored = [
            (float(_vector(one.vector) @ wanted), one) for one in self._cache.all() if one.vector
        ]
        alike = [pair for pair in scored if pair[0] >= _ALIKE]
        return self._hits(sorted(alike, key=lambda pair: -pair[0])[: max(k, 0)])

    def named(self, query: str, k: int = 8, told: Told = lambda *_: None) -> list[PictureHit]:
        """Pictures whose caption, description, tags or writing fits the words, best first."""
        self.update(told)
        embedder, wanted = self._embedder(), stems(query)
        asked = embedder.query(query)
        known = {one.id: one for one in self._cache.all()}
        candidates = [
            Candidate(
                id,
                one.sha256,
                0,
                nearness(embedder, float(_vector(one.meaning) @ asked)),
                float(len(wanted & stems(one.words))),
            )
            for id, one in known.items()
            if one.meaning
        ]
        fitting = [c for c in candidates if c.bm25 or c.dense >= _UNLIKE]
        best = fusion.rank(fitting, {})[: max(k, 0)]
        return self._hits([(r.candidate.dense, known[r.candidate.id]) for r in best])

    def forget(self, documents: Collection[str]) -> int:
        """Delete what is known of the pictures of documents, by sha256, and count them."""
        return self._cache.forget(documents)

    def update(self, told: Told = lambda *_: None) -> None:
        """Process new documents, and forget those that are gone."""
        with self._looking, tempfile.TemporaryDirectory(prefix="pincite-") as scratch:
            documents = {info.sha256: info.document for info in self._catalog.documents()}
            model = self._model()
            maker = f"{self._embedder().identity} {model.identity if model else ''}"
            new = self._cache.keep_to(maker, documents)
            folder = Path(scratch)
            with Sandbox(engines=self._engines(), folder=folder) as sandbox:
                for number, sha256 in enumerate(new):
                    told(documents[sha256], number, len(new))
                    found = self._look(sha256, documents[sha256], model, sandbox, folder)
                    self._cache.put(sha256, self._with_meaning(found))

    def _look(
        self, sha256: str, name: str, model: PictureModel | None, sandbox: Sandbox, scratch: Path
    ) -> list[KnownPicture]:
        """All pictures of a document; none where they cannot be shown."""
        path = self._files.path(sha256)
        kind = path.suffix.lower()
        found = list(_found(self._catalog.pages(name), kind)) if kind in KINDS else []
        if not found or not path.exists():
            return []
        folder = scratch / sha256
        folder.mkdir()
        known = [
            _known(f"{sha256}-{number}", sha256, *found[number], file, seconds, kind, model)
            for number, file, seconds in _cut(sandbox, path, [spot for spot, _ in found], folder)
        ]
        shutil.rmtree(folder)
        return known

    def _with_meaning(self, known: Sequence[KnownPicture]) -> list[KnownPicture]:
        texts = list(dict.fromkeys(one.words for one in known if one.words))
        vectors = dict(zip(texts, self._embedder().passages(texts), strict=True)) if texts else {}
        return [
            replace(one, meaning=_bytes(vectors[one.words])) if one.words else one for one in known
        ]

    def _hits(self, scored: Sequence[tuple[float, KnownPicture]]) -> list[PictureHit]:
        """Without those whose document was removed meanwhile."""
        names = {info.sha256: info.document for info in self._catalog.documents()}
        return [
            PictureHit(names[one.sha256], one.page, one.box, round(score, 4), one.words,
                       one.seconds, one.id, self._cache.thumbnail(one.id))
            for score, one in scored
            if one.sha256 in names
        ]  # fmt: skip


def _cut(
    sandbox: Sandbox, path: Path, spots: Sequence[Spot], folder: Path
) -> list[tuple[int, Path, float]]:
    """For each spot that can be shown its index, a JPEG in the folder, and the second of a film."""
    try:
        job = partial(cut, spots=spots, folder=folder)
        moments = sandbox.start_work(path, job, list[float])()
    except UnreadableFile:  # the document list reports the problem
        return []
    return [
        (number, place(folder, number), seconds)
        for number, seconds in enumerate(moments)
        if seconds != NOT_CUT
    ]


def _found(pages: Iterator[Page], kind: str) -> Iterator[tuple[Spot, str]]:
    """Each picture of a document with the words by which it is found."""
    for page in pages:
        whole = Box(0, 0, page.width, page.height)
        if kind in (".pdf", *FILMS):
            # A page that was recognised as a whole is a picture of its own: a scan.
            scan = page.ocr and not page.figures and page.pictures
            figures = (Figure(whole),) if scan else page.figures
        else:
            figures = page.figures or (Figure(whole),)
        for figure in figures:
            words = (figure.caption, figure.description, _written(figure, page.lines, kind))
            yield (page.number, figure.box), "\n".join(filter(None, words))


def _written(figure: Figure, lines: Sequence[Line], kind: str) -> str:
    """The text on a picture; for a scene of a video, what is said or written at its second."""
    seen = [line for line in lines if not line.hidden]
    if kind in FILMS:
        inside = [line for line in seen if clock(line.seconds or 0.0) == figure.caption]
    else:
        inside = [line for line in seen if _is_inside(line.box, figure.box)]
    texts = (line.text for line in inside if line.text not in figure.description)
    return " ".join(texts)[:_WORDS]


def _is_inside(line: Box, box: Box) -> bool:
    across, down = (line.x0 + line.x1) / 2, (line.y0 + line.y1) / 2
    return box.x0 <= across <= box.x1 and box.y0 <= down <= box.y1


def _known(
    id: str, sha256: str, spot: Spot, words: str, file: Path, seconds: float, kind: str,
    model: PictureModel | None,
) -> KnownPicture:  # fmt: skip
    from PIL import Image

    with Image.open(file, formats=("JPEG",)) as opened:
        picture = opened.convert("RGB")
    vector, tags = model.features(picture) if model else (np.zeros(0, np.float32), "")
    text = "\n".join(filter(None, (words, tags)))
    moment = seconds if kind in FILMS else None
    small = small_jpeg(picture, _SMALL, 80)
    return KnownPicture(id, sha256, *spot, moment, text, b"", _bytes(vector), small)


# -- Small pictures of a document's pages, drawn in the sandbox, and kept in memory

MOST = 12  # pages of one request: they are there in a second
_SIDE = 240  # pixels of the longer side: twice as many as it has on the screen
_QUALITY = 72  # of a JPEG: about 5 KB a page of text
_CAPACITY = 2_000  # pages of a library: 10 MB


class Thumbnails:
    """The small pictures of one library; reachable as `Library.thumbnails`."""

    def __init__(self, catalog: Catalog, files: Files, engines: Callable[[], Engines]) -> None:
        self._catalog = catalog
        self._files = files
        self._engines = engines
        self._drawn: dict[tuple[str, int], bytes] = {}  # by sha256 and page, the oldest first

    def of(self, document: str, pages: Iterable[int]) -> dict[int, bytes]:
        """JPEGs of the first `MOST` of these pages by their numbers; those that cannot be drawn are
        left out. Raises UnknownDocument."""
        sha256 = self._catalog.sha256(document)
        wanted = list(dict.fromkeys(pages))[:MOST]
        known = {page: self._drawn.get((sha256, page)) for page in wanted}
        if missing := sorted(page for page, picture in known.items() if not picture):
            new = self._draw(document, self._files.path(sha256), missing)
            known |= new
            kept = self._drawn | {(sha256, page): picture for page, picture in new.items()}
            self._drawn = dict(list(kept.items())[-_CAPACITY:])
        return {page: picture for page, picture in known.items() if picture}

    def forget(self, documents: Collection[str]) -> None:
        """Let go of the pages of documents, by sha256."""
        kept = self._drawn.items()
        self._drawn = {key: picture for key, picture in kept if key[0] not in documents}

    def _draw(self, document: str, path: Path, pages: Sequence[int]) -> dict[int, bytes]:
        if path.suffix.lower() not in DRAWABLE or not path.exists():
            return {}
        found = [self._catalog.page(document, page) for page in pages]
        spots = [(p.number, Box(0, 0, p.width, p.height)) for p in found if p and p.width]
        if not spots:
            return {}
        with tempfile.TemporaryDirectory(prefix="pincite-") as scratch:
            folder = Path(scratch)
            with Sandbox(engines=self._engines(), folder=folder) as sandbox:
                cut = _cut(sandbox, path, spots, folder)
            return {spots[number][0]: _small(file) for number, file, _ in cut}


def _small(file: Path) -> bytes:
    from PIL import Image

    with Image.open(file, formats=("JPEG",)) as opened:
        return small_jpeg(opened, _SIDE, _QUALITY)
