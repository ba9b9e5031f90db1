"""Errors of a library.

LibraryError
 ├─ LibraryBusy         another process is adding or removing documents
 ├─ EmbedderMismatch    the index was made with another embedding model or chunker
 ├─ DamagedCatalog      the catalogue's bytes are not as they were written
 ├─ HomeNotWritable     the library's folder cannot be written, or its disk is full
 └─ UnknownDocument     no document of that name
"""

from ingest.errors import PinciteError


class LibraryError(PinciteError):
    """The library cannot do it."""


class LibraryBusy(LibraryError):
    """Another process is writing to this library."""


class EmbedderMismatch(LibraryError):
    """The stored vectors were made by another model or from other chunks."""


class DamagedCatalog(LibraryError):
    """The catalogue's bytes are not as they were written."""


class HomeNotWritable(LibraryError):
    """The folder cannot be written, or its disk is full."""


class UnknownDocument(LibraryError):
    """The library holds no document of that name."""
