"""Pages as bytes, each made into objects when it is looked at: a third of the memory."""

import pickle
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from ingest.document.model import Page
from ingest.serialization import safe_unpickle


class Packed(Sequence[Page]):
    """What takes pages one after the other and keeps none of them as an object."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = [pickle.dumps(page) for page in pages]

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[Page]:
        return map(_page, self._pages)

    @overload
    def __getitem__(self, index: int) -> Page: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Page, ...]: ...
    def __getitem__(self, index: int | slice) -> Page | tuple[Page, ...]:
        if isinstance(index, slice):
            return tuple(map(_page, self._pages[index]))
        return _page(self._pages[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def __setstate__(self, state: dict[str, list[bytes]]) -> None:
        """From a child: bytes and nothing else, so that a page is the same whenever it is seen."""
        pages = state["_pages"]
        if type(pages) is not list or not all(type(page) is bytes for page in pages):
            raise pickle.UnpicklingError("packed pages are a list of bytes")
        self._pages = pages


def _page(data: bytes) -> Page:
    page = safe_unpickle.page(data)
    if type(page) is not Page:
        raise pickle.UnpicklingError(f"{type(page)} is no page")
    return page
