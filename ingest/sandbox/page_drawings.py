"""Draws pages for people to look at, in confined children with a limit of time, and keeps what was
drawn. Nothing of a file is decoded in the process that asks."""

import atexit
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from ingest.document.source import Bounds, Engines, readable
from ingest.errors import PinciteError, UnreadableFile
from ingest.images import image_file
from ingest.images.image_file import Finish, drawn
from ingest.sandbox import child
from ingest.sandbox.pool import Sandbox
from ingest.sandbox.starting import FileState

_CHILDREN = 2  # a page that takes long does not hold up those of other files
_SECONDS = 30.0  # for a page
_KEPT = 64 << 20  # bytes of pictures
_AGAIN = 600.0  # seconds until a page that could not be drawn in time is tried again
_IDLE = 120.0  # seconds until children without work end, and copies of files go with them
_PNG = b"\x89PNG\r\n\x1a\n"


class _Wanted(NamedTuple):
    file: FileState
    page: int
    scale: float
    finish: Finish


@dataclass
class _Place:
    """A child, and the file that it keeps open."""

    sandbox: Sandbox
    file: FileState | None = None
    busy: bool = False
    since: float = field(default_factory=time.monotonic)


class Drawings:
    """What was drawn, and who draws. One for a process: `drawings`."""

    def __init__(self, children: int = _CHILDREN, seconds: float = _SECONDS) -> None:
        """`seconds` for one page."""
        engines = Engines(bounds=Bounds(silence=seconds, seconds=seconds))
        self._places = [_Place(Sandbox(engines=engines)) for _ in range(children)]
        self._free = threading.Condition()
        self._pictures: OrderedDict[_Wanted, bytes] = OrderedDict()
        self._failed: dict[tuple[FileState, int], tuple[float, str]] = {}  # until when, and why
        self._rest: threading.Timer | None = None

    def draw(self, path: Path, page: int, scale: float, finish: Finish, name: str = "") -> bytes:
        """A page (the first is 1) at `scale` pixels a point, as a PNG; whoever asks for what is
        being drawn waits for that.

        `finish` travels to the child, and is part of a key: a function, or a frozen dataclass with
        `__call__`. `name` is what people call the file.

        Raises UnreadableFile, also for a page that takes too long, EncryptedFile, or
        UnsupportedFile for files without pages to draw.
        """
        image_file.check_drawable(path)
        try:
            return self._draw(_Wanted(_as_it_is(path), page, scale, finish))
        except PinciteError as error:
            raise type(error)(str(error).replace(path.name, readable(name or path.name))) from error

    def close(self) -> None:
        """End the children, and forget all pictures."""
        with self._free:
            self._pictures.clear()
            for place in self._places:
                place.sandbox.close()

    def _draw(self, wanted: _Wanted) -> bytes:
        if picture := self._known(wanted):
            return picture
        job = partial(drawn, page=wanted.page, scale=wanted.scale, finish=wanted.finish)
        with self._turn(wanted.file) as sandbox:
            if picture := self._known(wanted):  # it was drawn while this one waited
                return picture
            until, why = self._failed.get((wanted.file, wanted.page), (0.0, ""))
            if time.monotonic() < until:
                raise UnreadableFile(why)
            try:
                picture = sandbox.start_work(wanted.file.path, job, bytes)()
            except UnreadableFile as error:
                raise self._noted(wanted, error) from error
            if not picture.startswith(_PNG):
                raise UnreadableFile(
                    f"Page {wanted.page} of {wanted.file.path.name} is no picture."
                )
            self._keep(wanted, picture)
        return picture

    def _known(self, wanted: _Wanted) -> bytes | None:
        with self._free:
            if picture := self._pictures.get(wanted):
                self._pictures.move_to_end(wanted)
            return picture

    def _keep(self, wanted: _Wanted, picture: bytes) -> None:
        with self._free:
            if len(picture) <= _KEPT:
                self._pictures[wanted] = picture
            while sum(map(len, self._pictures.values())) > _KEPT:
                self._pictures.popitem(last=False)

    def _noted(self, wanted: _Wanted, error: UnreadableFile) -> UnreadableFile:
        """The error, remembered if it has cost a child."""
        if not isinstance(error.__cause__, child.Ended):
            return error
        why = str(error)
        if isinstance(error.__cause__, child.Late | child.Silent):
            why = f"Page {wanted.page} of {wanted.file.path.name} takes too long to be drawn."
        now = time.monotonic()
        with self._free:
            self._failed = {at: known for at, known in self._failed.items() if known[0] > now}
            self._failed[wanted.file, wanted.page] = now + _AGAIN, why
        return UnreadableFile(why)

    @contextmanager
    def _turn(self, file: FileState) -> Iterator[Sandbox]:
        with self._free:
            while not (place := self._place(file)):
                self._free.wait()
            place.busy, place.file = True, file
        try:
            yield place.sandbox
        finally:
            with self._free:
                place.busy, place.since = False, time.monotonic()
                self._free.notify_all()
                self._end_later()

    def _place(self, file: FileState) -> _Place | None:
        """A file has one child, which keeps it open; the other one is for other files."""
        for place in self._places:
            if place.file == file:
                return None if place.busy else place
        idle = [place for place in self._places if not place.busy]
        return min(idle, key=lambda place: place.since, default=None)

    def _end_later(self) -> None:
        if self._rest:
            self._rest.cancel()
        self._rest = threading.Timer(_IDLE, self._end_idle)
        self._rest.daemon = True
        self._rest.start()

    def _end_idle(self) -> None:
        with self._free:
            for place in self._places:
                if not place.busy:
                    place.sandbox.close()
                    place.file = None


def _as_it_is(path: Path) -> FileState:
    try:
        return FileState.of(path)
    except OSError as error:
        raise UnreadableFile(
            f"{path} cannot be opened. If it was deleted, add the document's file again."
        ) from error


drawings = Drawings()
atexit.register(drawings.close)
