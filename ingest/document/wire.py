"""Frozen dataclasses as MessagePack, and back: the only home of `msgspec`.

The bytes may come from a process that a hostile file has taken over. They name no class and call
nothing: the reader says which type it expects, and whatever is of another type is refused. Values
cannot share parts, so they take memory in proportion to their bytes.

A dataclass travels as the list of its fields: without their names it is a third shorter.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin, get_type_hints, overload

import msgspec
import msgspec.inspect

from ingest.document.model import Chunk, Document, Page
from ingest.errors import PageTooLarge

_HALF = re.compile(r"[\ud800-\udfff]")
MOST_ITEMS = 1_000_000  # of any one list, such as the lines of a page

T = TypeVar("T")


class InvalidData(ValueError):
    """The bytes hold no value of the expected type."""


@dataclass(frozen=True)
class Codec(Generic[T]):
    """Writes and reads values of one type: plain values, paths, frozen dataclasses, lists of them.

    It is a plain value itself, so that it can travel to a child process.
    """

    kind: Any

    def encode(self, value: T) -> bytes:
        """Raises InvalidData for a value of another type.

        Half of a surrogate pair is no character: a replacement character takes its place.
        """
        try:
            plain = msgspec.convert(value, _wire(self.kind), from_attributes=True, dec_hook=_path)
        except msgspec.ValidationError as error:
            raise InvalidData(str(error)) from error
        try:
            data = msgspec.msgpack.encode(plain, enc_hook=os.fsencode)
        except UnicodeEncodeError:
            listed = msgspec.to_builtins(plain, builtin_types=(bytes,), enc_hook=os.fsencode)
            data = msgspec.msgpack.encode(_whole(listed))
        return bytes(memoryview(data))  # msgspec 0.22 leaves a quarter of its buffer unused

    def decode(self, data: bytes | memoryview) -> T:
        """Raises InvalidData for bytes that `encode` could not have made."""
        try:
            plain = _decoder(self.kind).decode(data)
            value: T = msgspec.convert(plain, self.kind, from_attributes=True, dec_hook=_path)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise InvalidData(str(error)) from error
        return value


@cache
def _decoder(kind: Any) -> "msgspec.msgpack.Decoder[Any]":
    return msgspec.msgpack.Decoder(_wire(kind), dec_hook=_path)


@cache
def _wire(hint: Any) -> Any:
    """The type that stands for `hint` in the bytes: a list of fields for each dataclass."""
    origin, inner = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        listed = [(field.name, _wire(hints[field.name])) for field in fields(hint)]
        return msgspec.defstruct(
            hint.__name__, listed, array_like=True, frozen=True, forbid_unknown_fields=True
        )
    if origin in (list, Sequence) or inner[1:] == (...,):
        return Annotated[list[_wire(inner[0])], msgspec.Meta(max_length=MOST_ITEMS)]  # type: ignore[misc]
    if origin is tuple:
        return tuple[tuple(map(_wire, inner))]  # type: ignore[misc]
    return hint


def _whole(value: Any) -> Any:
    """The value without halves of surrogate pairs in its texts."""
    match value:
        case str():
            return _HALF.sub("\ufffd", value)
        case list() | tuple():
            return [_whole(one) for one in value]
        case dict():
            return {_whole(name): _whole(one) for name, one in value.items()}
    return value


def _path(kind: type, value: Any) -> Any:
    """A path is bytes on its way: its name need not be text."""
    if kind is Path and isinstance(value, bytes):
        return Path(os.fsdecode(value))
    if kind is Path and isinstance(value, Path):
        return value
    raise ValueError(f"{type(value).__name__} is no {kind.__name__}")


# -- Pages as bytes, each unpacked when it is read: a third of the memory

LARGEST = 64 << 20  # bytes of a page: as an object it takes up to thirty times as much
_PAGE_CODEC: Codec[Page] = Codec(Page)


class Packed(Sequence[Page]):
    """Pages as bytes: each is decoded when it is read, and none is kept as an object."""

    def __init__(self, pages: Iterable[Page]) -> None:
        """Raises PageTooLarge for a page of more than LARGEST bytes or MOST_ITEMS lines."""
        self.encoded = [_encoded(page) for page in pages]

    @classmethod
    def from_bytes(cls, encoded: Sequence[bytes]) -> "Packed":
        """From what another one has `encoded`. Raises InvalidData if one of them is no page."""
        packed = cls(())
        for data in encoded:
            if len(data) > LARGEST:
                raise InvalidData(f"a page of {len(data) >> 20} MB")
            _PAGE_CODEC.decode(data)
        packed.encoded = list(encoded)
        return packed

    def __len__(self) -> int:
        return len(self.encoded)

    def __iter__(self) -> Iterator[Page]:
        return map(_PAGE_CODEC.decode, self.encoded)

    @overload
    def __getitem__(self, index: int) -> Page: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Page, ...]: ...
    def __getitem__(self, index: int | slice) -> Page | tuple[Page, ...]:
        if isinstance(index, slice):
            return tuple(map(_PAGE_CODEC.decode, self.encoded[index]))
        return _PAGE_CODEC.decode(self.encoded[index])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


def _encoded(page: Page) -> bytes:
    data = _PAGE_CODEC.encode(page) if len(page.lines) <= MOST_ITEMS else b""
    if not 0 < len(data) <= LARGEST:
        raise PageTooLarge(
            f"Page {page.number} of it takes more than {LARGEST >> 20} MB, or has more than "
            f"{MOST_ITEMS:,} lines. Split the file."
        )
    return data


# -- What is read from a file, as bytes: the document, each of its pages, and the passages

Loaded = tuple[Document, list[Chunk]]

_READING_CODEC: Codec[tuple[Document, list[bytes], list[Chunk]]] = Codec(
    tuple[Document, list[bytes], list[Chunk]]
)


@dataclass(frozen=True)
class LoadedCodec(Codec[Loaded]):
    """Writes and reads a document with its passages; its pages are packed on the other side."""

    kind: Any = Loaded

    def encode(self, value: Loaded) -> bytes:
        """Raises what `Codec.encode` and `Packed` raise."""
        document, chunks = value
        pages = document.pages if isinstance(document.pages, Packed) else Packed(document.pages)
        return _READING_CODEC.encode((replace(document, pages=()), pages.encoded, chunks))

    def decode(self, data: bytes | memoryview) -> Loaded:
        """Raises InvalidData, also for a page that is none: not only when it is looked at."""
        document, pages, chunks = _READING_CODEC.decode(data)
        return replace(document, pages=Packed.from_bytes(pages)), chunks


@cache
def packed_as() -> str:
    """What the packed form of a loaded document depends on: the names and types of all fields, in
    their order, as a short hash. What is kept longer than a process lives is marked with it."""
    types = msgspec.inspect.multi_type_info([_wire(kind) for kind in (Document, Page, Chunk)])
    return hashlib.sha256(repr(types).encode()).hexdigest()[:16]
