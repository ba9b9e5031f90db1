"""Attachments as evidence: documents, the text on pictures, and a model's descriptions of them.

Descriptions help to understand a question, and are never cited: they are no evidence.
"""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Protocol

from assistant.contract.evidence import GivenPassages, Joined
from assistant.contract.facts import Outcome, Sentence
from assistant.contract.request import Request
from assistant.errors import AssistantError
from assistant.images.vision import Seen
from ingest.document.model import Document, Line, Page
from ingest.document.source import readable
from ingest.errors import UnreadableFile
from ingest.images import image_file
from ingest.loaders import LOADERS, load_archive
from ingest.media.loaders import load_audio, load_subtitles, load_video
from vectorstore.errors import UnknownDocument
from vectorstore.federation import AnyLibrary
from vectorstore.retrieval.fusion import Hit

# As the names of what can be cited begin.
CAME_WITH = ("your picture ", "your video ", "your file ")
_ABOUT = 40  # words of an attachment that are added to a search


@dataclass(frozen=True)
class Attached:
    """Attachments as pages, by their citable names."""

    pages: Mapping[str, tuple[Page, ...]]
    made_up: frozenset[str] = frozenset()  # names of pages that a model wrote

    @property
    def about(self) -> str:
        """The first words of the attachments; empty when they have no text."""
        texts = (page.text for pages in self.pages.values() for page in pages[:1])
        return " ".join(" ".join(texts).split()[:_ABOUT])

    def alone(self, request: Request, question: str) -> Request:
        """The question, to be answered from the attachments alone."""
        given = GivenPassages.of(self.pages, request.evidence.embedder())
        return replace(
            request, question=question, evidence=given, history=(), documents=None, given=True,
            files=(), intent=None,
        )  # fmt: skip

    def add_to(self, request: Request) -> Request:
        """The request, to be answered from the library and the attachments."""
        given = GivenPassages.of(self.pages, request.evidence.embedder())
        return replace(request, evidence=Joined(request.evidence, given, self.about), files=())

    def uncited(self, outcome: Outcome) -> Outcome:
        """The outcome without citations of a model's words; sentences that rest on nothing else are
        marked as not supported."""
        kept = {c.mark: c for c in outcome.citations if c.document not in self.made_up}
        if len(kept) == len(outcome.citations):
            return outcome
        numbers = {mark: number for number, mark in enumerate(kept, start=1)}
        sentences = tuple(_with(sentence, numbers) for sentence in outcome.sentences)
        citations = tuple(replace(c, mark=numbers[c.mark]) for c in kept.values())
        return replace(outcome, sentences=sentences, citations=citations)


def attached(
    pictures: Sequence[Seen], documents: Mapping[Path, Sequence[Page]] = {}
) -> Attached:  # fmt: skip
    """Documents, and pictures as pages: the text on each, and its description."""
    pages: dict[str, tuple[Page, ...]] = {}
    made_up = []
    for path, read in documents.items():
        pages[_free(f"{CAME_WITH[2]}{readable(path.name)}", pages)] = tuple(read)
    for seen in pictures:
        for page in seen.pages:
            if page.lines:
                pages[_free(f"{CAME_WITH[0]}{seen.name}", pages)] = (replace(page, number=1),)
        if seen.shows:
            name = _free(f"what your picture {seen.name} shows", pages)
            pages[name] = (Page(1, 0, 0, (Line(seen.shows),)),)
            made_up.append(name)
    return Attached(pages, frozenset(made_up))


def _free(name: str, taken: Mapping[str, object]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    return free


def _with(sentence: Sentence, numbers: dict[int, int]) -> Sentence:
    marks = tuple(numbers[mark] for mark in sentence.marks if mark in numbers)
    supported = sentence.supported and bool(marks)
    words = sentence.unstated if supported == sentence.supported else (sentence.text,)
    return replace(sentence, marks=marks, supported=supported, unstated=words)


# -- Finds out which documents are recordings, and at which second a passage begins

MediaKind = Literal["audio", "video", "subtitles", ""]

_MEDIA_KINDS: dict[object, MediaKind] = {
    load_audio: "audio",
    load_video: "video",
    load_subtitles: "subtitles",
}


def media_kind(document: str) -> MediaKind:
    """The kind of a recording, by suffix; empty for other documents."""
    return _MEDIA_KINDS.get(LOADERS.get(Path(document).suffix.lower()), "")


def passage_seconds(library: AnyLibrary, hit: Hit) -> float | None:
    """Where a passage begins in a recording, in seconds; None in other documents."""
    if media_kind(hit.document):
        with suppress(UnknownDocument, IndexError):  # removed or replaced since the search
            return library.page(hit.document, hit.page).lines[hit.chunk.first].seconds
    return None


# -- Files that come with a question: their kinds, and the storage of files from a browser

AttachmentKind = Literal["picture", "recording", "video", "document"]
_ATTACHMENT_KINDS: dict[str, AttachmentKind] = {"audio": "recording", "video": "video"}


class DroppedFile(Protocol):
    """A file as a browser hands it over."""

    name: str

    def getbuffer(self) -> memoryview: ...


def attachment_kind(path: Path) -> AttachmentKind | None:
    """The kind, by suffix; None for an archive, which is unpacked in a library alone."""
    suffix = path.suffix.lower()
    if suffix in image_file.SUFFIXES:
        return "picture"
    if LOADERS.get(suffix) is load_archive:
        return None
    return _ATTACHMENT_KINDS.get(media_kind(path.name), "document")


def suffixes_of(kinds: Sequence[AttachmentKind]) -> list[str]:
    """The suffixes of the files of these kinds."""
    return [suffix for suffix in LOADERS if attachment_kind(Path(f"a{suffix}")) in kinds]


def checked_file(path: Path) -> Path:
    """The path itself. Raises AssistantError if it does not exist, or tools do not read it."""
    if not path.is_file():
        raise AssistantError(f"There is no file {path}.")
    if attachment_kind(path) in ("document", None):
        raise AssistantError(
            f"{readable(path.name)} is not a picture, recording or video. "
            "Documents must be in a library first: pincite add."
        )
    return path


def keep_files(files: Sequence[DroppedFile], folder: Path) -> tuple[Path, ...]:
    """Below `folder`, each under its own name. Raises AssistantError."""
    kept = []
    for file in files:
        path = folder / uuid.uuid4().hex / (Path(file.name).name or "file")
        try:
            path.parent.mkdir(parents=True)
            path.write_bytes(file.getbuffer())
        except OSError as error:
            raise AssistantError(
                f"{readable(path.name)} could not be saved in {folder}: {error.strerror}."
            ) from error
        kept.append(path)
    return tuple(kept)


# -- Documents of conversations: each is read once, when it is dropped, for all its questions

_READ = 16  # documents that are kept in memory
_documents: OrderedDict[tuple[Path, int], tuple[Page, ...]] = OrderedDict()
_lock = threading.Lock()


def pages_of(path: Path, read: Callable[[Path], Document]) -> tuple[Page, ...]:
    """The pages of a document that was dropped. Raises what `read` raises, and UnreadableFile where
    nothing can be read on them."""
    key = path, path.stat().st_mtime_ns if path.is_file() else 0
    with _lock:
        if known := _documents.get(key):
            _documents.move_to_end(key)
            return known
    pages = tuple(read(path).pages)
    if not any(page.lines for page in pages):
        raise UnreadableFile(f"{readable(path.name)}: there is no text to read in it.")
    with _lock:
        _documents[key] = pages
        while len(_documents) > _READ:
            _documents.popitem(last=False)
    return pages
