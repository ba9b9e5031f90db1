"""What is read from a file, as bytes: the document, each of its pages, and the passages."""

from dataclasses import replace

from ingest.document.model import Chunk, Document
from ingest.serialization.codec import Codec
from ingest.serialization.packed_pages import Packed

Loaded = tuple[Document, list[Chunk]]

_CODEC: Codec[tuple[Document, list[bytes], list[Chunk]]] = Codec(
    tuple[Document, list[bytes], list[Chunk]]
)


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
