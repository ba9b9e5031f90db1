"""Finds out which documents are recordings, and at which second a passage begins."""

from contextlib import suppress
from pathlib import Path
from typing import Literal, Protocol

from ingest.document.model import Page
from ingest.loaders import LOADERS
from ingest.loaders.media.audio import load_audio
from ingest.loaders.media.subtitles import load_subtitles
from ingest.loaders.media.video import load_video
from vectorstore.errors import UnknownDocument
from vectorstore.library import Hit

Kind = Literal["audio", "video", "subtitles", ""]

_KINDS: dict[object, Kind] = {
    load_audio: "audio",
    load_video: "video",
    load_subtitles: "subtitles",
}


class Pages(Protocol):
    """What is needed of a Library."""

    def page(self, document: str, number: int) -> Page: ...


def kind(document: str) -> Kind:
    """The kind of a recording, by suffix; empty for other documents."""
    return _KINDS.get(LOADERS.get(Path(document).suffix.lower()), "")


def seconds(library: Pages, hit: Hit) -> float | None:
    """Where the passage begins in a recording; None in other documents."""
    if kind(hit.document):
        with suppress(UnknownDocument, IndexError):  # removed or replaced since the search
            return library.page(hit.document, hit.page).lines[hit.chunk.first].seconds
    return None
