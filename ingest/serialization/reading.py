"""What is read from a file, as bytes: the document, each of its pages, and the passages."""

from dataclasses import replace

from ingest.document.model import Chunk, Document
from ingest.serialization.codec import Codec
from ingest.serialization.packed_pages import Packed

Loaded = tuple[Document, list[Chunk]]

_CODEC: Codec[tuple[Document, list[bytes], list[Chunk]]] = Codec(
    tuple[Document, list[bytes], list[Chunk]]
)


Several = list[Loaded | str]  # of each file its document, or why it is not read, or ""
_LISTED: Codec[list[tuple[bytes, str]]] = Codec(list[tuple[bytes, str]])


class LoadedCodec:
    """Writes and reads a document with its passages; its pages are packed on the other side."""

    def encode(self, value: Loaded) -> bytes:
        """Raises what `Codec.encode` and `Packed` raise."""
        document, chunks = value
        pages = document.pages if isinstance(document.pages, Packed) else Packed(document.pages)
        return _CODEC.encode((replace(document, pages=()), pages.encoded, chunks))

    def decode(self, data: bytes | memoryview) -> Loaded:
        """Raises InvalidData, also for a page that is none: not only when it is looked at."""
        document, pages, chunks = _CODEC.decode(data)
        return replace(document, pages=Packed.from_bytes(pages)), chunks


class SeveralCodec:
    """The same for several files."""

    def encode(self, value: Several) -> bytes:
        """Raises what `LoadedCodec.encode` raises."""
        return _LISTED.encode([
            (b"", one) if isinstance(one, str) else (LoadedCodec().encode(one), "")
            for one in value
        ])  # fmt: skip

    def decode(self, data: bytes | memoryview) -> Several:
        """Raises InvalidData."""
        return [
            LoadedCodec().decode(packed) if packed else said
            for packed, said in _LISTED.decode(data)
        ]
