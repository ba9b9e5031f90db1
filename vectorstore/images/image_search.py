"""The pictures of a library: found by words, and by a similar picture.

A cache beside the catalogue holds what is known of them. It can be deleted; the next search makes
it again from the catalogue and the copies of the files.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ingest.document.model import Box, Figure, Line, Page
from ingest.document.source import Engines
from ingest.errors import UnreadableFile
from ingest.images.extract import FILMS, KINDS, NOT_CUT, Spot
from ingest.images.image_file import small_jpeg
from ingest.media.ffmpeg import clock
from ingest.media.keyframes import place
from ingest.sandbox.pool import Sandbox
from vectorstore.catalog.catalog import Catalog
from vectorstore.embedding.embedder import Embedder, nearness
from vectorstore.errors import LibraryError
from vectorstore.files.files import Files
from vectorstore.images.cache import KnownPicture, PictureCache
from vectorstore.retrieval import fusion
from vectorstore.retrieval.fusion import Candidate
from vectorstore.store import Vectors

if TYPE_CHECKING:
    from PIL.Image import Image

_LOOK_AGAIN = 0.1  # seconds between two checks whether it was stopped
_WORDS = 400  # characters of a picture's text that are searched
_SMALL = 200  # pixels of the longer side of a thumbnail
# Cosine from which two pictures are alike. With themselves, half cut away or greyed, 98 % of 60
# have .5; photographs of other things have .4 at most, other charts and drawings up to .95.
_ALIKE = 0.45
_UNLIKE = 0.25  # cosine of words and query below which, without a common word, nothing matches
Told = Callable[[str, int, int], None]  # a document, how many are done, and of how many


def no_model() -> None:
    """Pictures are not compared."""


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
    """A picture of the library."""

    document: str
    page: int
    box: Box  # on the page, in points
    score: float  # cosine: of the pictures, or of the words
    words: str  # searched text: captions, descriptions, tags, writing
    seconds: float | None = None  # in a film
    id: int = 0  # for its thumbnail


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
        self, picture: "Image", k: int = 8, told: Told = lambda *_: None,
        cancel: threading.Event | None = None,
    ) -> list[PictureHit]:  # fmt: skip
        """Similar pictures, best first. Raises LibraryError."""
        model = self._model()
        if model is None:
            raise LibraryError(
                "No model that compares pictures is installed. `pincite models pull "
                "efficientnet-lite0` gets one (19 MB)."
            )
        self.update(told, cancel)
        wanted, _ = model.features(picture)
        known = ((one.vector, one) for one in self._cache.all())
        scored = [(float(vector @ wanted), one) for vector, one in known if vector is not None]
        alike = [pair for pair in scored if pair[0] >= _ALIKE]
        return self._hits(sorted(alike, key=lambda pair: -pair[0])[: max(k, 0)])

    def named(
        self, query: str, k: int = 8, told: Told = lambda *_: None,
        cancel: threading.Event | None = None,
    ) -> list[PictureHit]:  # fmt: skip
        """Pictures whose caption, description, tags or writing fits the words, best first."""
        self.update(told, cancel)
        embedder, found = self._embedder(), self._cache.matching(query)
        asked = embedder.query(query)
        known = {str(one.id): one for one in self._cache.all()}
        candidates = [
            Candidate(
                id,
                one.sha256,
                0,
                nearness(embedder, float(one.meaning @ asked)),
                found.get(one.id, 0.0),
            )
            for id, one in known.items()
            if one.meaning is not None
        ]
        fitting = [c for c in candidates if c.bm25 or c.dense >= _UNLIKE]
        best = fusion.rank(fitting, {})[: max(k, 0)]
        return self._hits([(r.candidate.dense, known[r.candidate.id]) for r in best])

    def thumbnail(self, hit: PictureHit) -> bytes:
        """A small JPEG of it; empty when it is gone."""
        return self._cache.thumbnail(hit.id)

    def forget(self, documents: Collection[str]) -> int:
        """Delete what is known of the pictures of documents, by sha256, and count them."""
        return self._cache.forget(documents)

    def update(self, told: Told = lambda *_: None, cancel: threading.Event | None = None) -> None:
        """Process new documents, and forget those that are gone."""
        with self._turn(cancel) as mine:
            if not mine:
                return
            documents = {info.sha256: info.document for info in self._catalog.documents()}
            model = self._model()
            maker = f"{self._embedder().identity} {model.identity if model else ''}"
            new = self._cache.keep_to(maker, documents)
            with tempfile.TemporaryDirectory(prefix="pincite-") as scratch:
                folder = Path(scratch)
                with Sandbox(engines=self._engines(), folder=folder) as sandbox:
                    for number, sha256 in enumerate(new):
                        if cancel is not None and cancel.is_set():
                            return
                        told(documents[sha256], number, len(new))
                        found = self._look(sha256, documents[sha256], model, sandbox, folder)
                        self._cache.put(sha256, self._with_meaning(found))

    @contextmanager
    def _turn(self, cancel: threading.Event | None) -> Iterator[bool]:
        """Wait for another search that processes a library; false when stopped meanwhile."""
        while not self._looking.acquire(timeout=_LOOK_AGAIN):
            if cancel is not None and cancel.is_set():
                yield False
                return
        try:
            yield True
        finally:
            self._looking.release()

    def _look(
        self, sha256: str, name: str, model: PictureModel | None, sandbox: Sandbox, scratch: Path
    ) -> list[tuple[KnownPicture, bytes]]:
        """All pictures of a document; none where they cannot be shown."""
        path = self._files.path(sha256)
        kind = path.suffix.lower()
        found = list(_found(self._catalog.pages(name), kind)) if kind in KINDS else []
        if not found or not path.exists():
            return []
        folder = scratch / sha256
        folder.mkdir()
        try:
            moments = sandbox.start_cut(path, [spot for spot, _ in found], folder)()
        except UnreadableFile:  # the document list reports the problem
            return []
        known = [
            _known(sha256, *found[number], place(folder, number), seconds, kind, model)
            for number, seconds in enumerate(moments)
            if seconds != NOT_CUT
        ]
        shutil.rmtree(folder)
        return known

    def _with_meaning(
        self, known: Sequence[tuple[KnownPicture, bytes]]
    ) -> list[tuple[KnownPicture, bytes]]:
        texts = list(dict.fromkeys(one.words for one, _ in known if one.words))
        vectors = dict(zip(texts, self._embedder().passages(texts), strict=True)) if texts else {}
        return [(replace(one, meaning=vectors.get(one.words)), small) for one, small in known]

    def _hits(self, scored: Sequence[tuple[float, KnownPicture]]) -> list[PictureHit]:
        """Without those whose document was removed meanwhile."""
        names = {info.sha256: info.document for info in self._catalog.documents()}
        return [
            PictureHit(names[one.sha256], one.page, one.box, round(score, 4), one.words,
                       one.seconds, one.id)
            for score, one in scored
            if one.sha256 in names
        ]  # fmt: skip


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
    sha256: str, spot: Spot, words: str, file: Path, seconds: float, kind: str,
    model: PictureModel | None,
) -> tuple[KnownPicture, bytes]:  # fmt: skip
    from PIL import Image

    with Image.open(file, formats=("JPEG",)) as opened:
        picture = opened.convert("RGB")
    vector, tags = model.features(picture) if model else (None, "")
    text = "\n".join(filter(None, (words, tags)))
    moment = seconds if kind in FILMS else None
    return KnownPicture(sha256, *spot, moment, text, None, vector), small_jpeg(picture, _SMALL, 80)
