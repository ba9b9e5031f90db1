"""Errors of a library: each is a `LibraryError`, and its message says what to do."""

from collections.abc import Sequence

from ingest.errors import PinciteError


class LibraryError(PinciteError):
    """What was asked of a library cannot be done; the message says why, in a sentence."""


class LibraryBusy(LibraryError):
    """Another process is writing to this library."""


class LibraryAway(LibraryError):
    """The server that keeps the library does not answer, or lets nobody in."""


class WorkersAway(LibraryAway):
    """The machines that read files do not answer, or cannot read as this one does."""


class EmbedderMismatch(LibraryError):
    """The stored vectors were made by another model or from other chunks."""


class DamagedCatalog(LibraryError):
    """The catalogue's bytes are not as they were written."""


class DamagedCopy(LibraryError):
    """The bytes of a document's file are not as they were put in its bucket."""


class HomeNotWritable(LibraryError):
    """The folder cannot be written, or its disk is full."""


class UnknownLibrary(LibraryError):
    """A request names a library that is not there."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        there = f"Libraries: {', '.join(known)}." if known else "There is none yet."
        super().__init__(f"There is no library {name!r}. {there}")


class UnknownDocument(LibraryError):
    """The library holds no document of that name."""


class WrongTag(LibraryError):
    """The text cannot be a tag."""


class WrongDate(LibraryError):
    """The text is no year, month or day."""
