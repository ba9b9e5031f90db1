"""Small stand-ins for what looks at pictures."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from assistant.images.vision import Looking, Seen, Tag
from ingest.document.model import NOWHERE, Document, Figure, Line, Page
from ingest.document.source import Engines, readable
from ingest.errors import Stopped
from ingest.media.ffmpeg import clock


@dataclass
class FakeViewer:
    """Says its words of every picture, and answers every question with its answer."""

    words: str = "A red circle."
    says: str = ""
    asked: list[str] = field(default_factory=list)

    def describe(self, picture: Image.Image, cancel: threading.Event | None = None) -> str:
        return self.words

    def answer(
        self, picture: Image.Image, question: str, cancel: threading.Event | None = None
    ) -> str:
        self.asked.append(question)
        return self.says


class FakeTagging:
    def __init__(self, *tags: Tag) -> None:
        self._tags = tags

    def tags(self, picture: Image.Image) -> tuple[Tag, ...]:
        return self._tags


class FakeLooking(Looking):
    """Text is not recognised: each picture has the lines that were given for its name."""

    def __init__(
        self,
        lines: dict[str, list[str]] | None = None,
        viewer: FakeViewer | None = None,
        tagging: FakeTagging | None = None,
        when_read: Callable[[], object] = lambda: None,
    ) -> None:
        tagged: Any = tagging
        super().__init__(Engines, lambda: viewer, lambda: tagged)
        self._lines = lines or {}
        self._when_read = when_read

    def read_text(self, path: Path, cancel: threading.Event | None = None) -> Seen:
        return Seen(readable(path.name), tuple(self.read(path, cancel).pages))

    def read(self, path: Path, cancel: threading.Event | None = None) -> Document:
        self._when_read()
        if cancel is not None and cancel.is_set():
            raise Stopped("Stopped.")
        texts = self._lines.get(path.name, [])
        lines = tuple(_line(text.replace("* ", "")) for text in texts)
        figures = tuple(
            Figure(NOWHERE, clock(line.seconds or 0.0), line.text)
            for line, text in zip(lines, texts, strict=True)
            if "* " in text
        )
        page = Page(1, 600, 400, lines, figures=figures)
        return Document("", path.name, path.stem, (page,))

    def stills(self, path: Path, folder: Path, cancel: threading.Event | None) -> list[float]:
        Image.new("RGB", (9, 9), "red").save(folder / "0.jpg")
        return [2.0]


def _line(text: str) -> Line:
    """ "00:07 Hello" is said at that time, "00:07 * Hello" is written on the picture then."""
    moments = {clock(second): float(second) for second in range(60)}
    first, _, rest = text.partition(" ")
    return Line(rest, seconds=moments[first]) if first in moments else Line(text)
