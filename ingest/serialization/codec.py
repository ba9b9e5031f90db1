"""Frozen dataclasses as MessagePack, and back: the only home of `msgspec`.

The bytes may come from a process that a hostile file has taken over. They name no class and call
nothing: the reader says which type it expects, and whatever is of another type is refused. Values
cannot share parts, so they take memory in proportion to their bytes.

A dataclass travels as the list of its fields: without their names it is a third shorter.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec

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
