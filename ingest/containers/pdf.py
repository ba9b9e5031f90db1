"""Files embedded in PDFs: portfolios, attachments, and files pinned to a page."""

import io
import logging
import mmap
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ingest.containers.unpacking import Member
from ingest.document.limits import Limits
from ingest.platform.progress import beat

_MARKS = (b"/EmbeddedFile", b"/Collection")


def members(path: Path, limits: Limits) -> Iterator[Member]:
    """Embedded files; none for a damaged PDF, whose own loader reports the problem."""
    if not _marked(path):  # nearly every PDF: a search in the bytes saves the parsing
        return
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it warns of every oddity
    seen: set[int] = set()
    with suppress(Exception):
        reader = PdfReader(path)
        for file in _files(reader):
            yield from _member(file, seen)


def _marked(path: Path) -> bool:
    if not path.stat().st_size:
        return False  # and cannot be mapped
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return any(data.find(mark) >= 0 for mark in _MARKS)


def _files(reader: Any) -> Iterator[Any]:
    """File specifications, wherever they are: at a name, a page, a paragraph or the portfolio."""
    from pypdf.generic import DictionaryObject, IndirectObject

    numbers = {(number, gen) for gen, of in reader.xref.items() for number in of}
    numbers |= {(number, 0) for number in reader.xref_objStm}
    for done, (number, generation) in enumerate(sorted(numbers)):
        beat(done, 0)
        with suppress(Exception):  # unused objects are often damaged
            found = reader.get_object(IndirectObject(number, generation, reader))
            for one in (found, found.get("/FS") if isinstance(found, DictionaryObject) else None):
                one = one.get_object() if one is not None else None
                if isinstance(one, DictionaryObject) and "/EF" in one:
                    yield one


def _member(file: Any, seen: set[int]) -> Iterator[Member]:
    streams = file["/EF"].get_object()
    stream = next((streams.raw_get(key) for key in ("/UF", "/F") if key in streams), None)
    name = next((str(file[key]) for key in ("/UF", "/F", "/Desc") if file.get(key)), "attachment")
    place = getattr(stream, "idnum", 0)
    if stream is None or place in seen:
        return
    seen.add(place)
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2] or "attachment"
    yield Member(last, _opener(stream))


def _opener(stream: Any) -> Callable[[], IO[bytes]]:
    return lambda: io.BytesIO(stream.get_object().get_data())
