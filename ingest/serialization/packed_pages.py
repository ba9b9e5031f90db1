"""Pages as bytes, each unpacked when it is read: a third of the memory."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Self, overload

from ingest.document.model import Page
from ingest.errors import PageTooLarge
from ingest.serialization.codec import MOST_ITEMS, Codec, InvalidData

LARGEST = 64 << 20  # bytes of a page: as an object it takes up to thirty times as much
_CODEC: Codec[Page] = Codec(Page)


class Packed(Sequence[Page]):
    """What takes pages one after the other and keeps none of them as an object."""

    def __init__(self, pages: Iterable[Page]) -> None:
        """Raises PageTooLarge for a page of more than LARGEST bytes or MOST_ITEMS lines."""
        self.encoded = [_encoded(page) for page in pages]

    @classmethod
    def from_bytes(cls, encoded: Sequence[bytes]) -> Self:
        """From what another one has `encoded`. Raises InvalidData if one of them is no page."""
        packed = cls(())
        for data in encoded:
            if len(data) > LARGEST:
                raise InvalidData(f"a page of {len(data) >> 20} MB")
            _CODEC.decode(data)
        packed.encoded = list(encoded)
        return packed

    def __len__(self) -> int:
        return len(self.encoded)

    def __iter__(self) -> Iterator[Page]:
        return map(_CODEC.decode, self.encoded)

    @overload
    def __getitem__(self, index: int) -> Page: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Page, ...]: ...
    def __getitem__(self, index: int | slice) -> Page | tuple[Page, ...]:
        if isinstance(index, slice):
            return tuple(map(_CODEC.decode, self.encoded[index]))
        return _CODEC.decode(self.encoded[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


def _encoded(page: Page) -> bytes:
    data = _CODEC.encode(page) if len(page.lines) <= MOST_ITEMS else b""
    if not 0 < len(data) <= LARGEST:
        raise PageTooLarge(
            f"Page {page.number} of it takes more than {LARGEST >> 20} MB, or has more than "
            f"{MOST_ITEMS:,} lines. Split the file."
        )
    return data
