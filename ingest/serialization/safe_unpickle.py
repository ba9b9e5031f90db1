"""Bytes from a child process become documents and errors, and nothing else.

A file may have taken the child over that has read it. So what its bytes say is made of a few
classes, which they cannot change, and holds what these say that they hold.
"""

import io
import pickle
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any, NoReturn

from ingest.serialization import schema

_MODULES = {"ingest.document.model", "ingest.errors"}
_CLASSES = {
    ("ingest.sandbox.child", "Beat"), ("ingest.sandbox.child", "_Failed"),
    ("ingest.serialization.packed_pages", "Packed"),
    ("ingest.media.pcm", "Decoded"),
    ("ingest.containers.unpacking", "Expanded"), ("ingest.containers.unpacking", "Omitted"),
    ("ingest.containers.unpacking", "Part"),
    ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"),
    ("pathlib._local", "PosixPath"), ("pathlib._local", "WindowsPath"),  # as Python 3.13 has it
}  # fmt: skip


def loads(data: bytes) -> Any:
    """What is no document shows itself here, not when it is looked at. Raises UnpicklingError."""
    return _loaded(_Reader(io.BytesIO(data)), schema.fits)


def page(data: bytes) -> Any:
    """Of what a page is made of, and no packed pages inside of it: nested, they would take for
    ever. What it holds was checked when it came. Raises UnpicklingError."""
    return _loaded(_PageReader(io.BytesIO(data)), lambda value: True)


def _loaded(reader: pickle.Unpickler, good: Callable[[Any], bool]) -> Any:
    try:
        if good(value := reader.load()):
            return value
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # of any kind: the bytes say what is called with what
        raise pickle.UnpicklingError(f"no document: {error!r}") from error
    raise pickle.UnpicklingError(f"{type(value)} does not hold what it says that it holds")


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _found(module, name)


class _PageReader(_Reader):
    def find_class(self, module: str, name: str) -> Any:
        if module != "ingest.document.model":
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a page")
        return super().find_class(module, name)


class _Sealed(type):
    """Of classes that stand for others: bytes may have an instance made, and change no class.

    The state of a pickled object may be "set" on the class itself, for the whole process.
    """

    made: type

    def __call__(cls, *args: Any, **named: Any) -> Any:
        return cls.made(*args, **named)

    def __setattr__(cls, name: str, value: object) -> NoReturn:
        raise pickle.UnpicklingError(f"{cls.made} is not to be changed")


def _sealed(made: type) -> type:
    def new(cls: type, *args: Any, **named: Any) -> Any:
        return made.__new__(made, *args, **named)

    return _Sealed(made.__name__, (), {"made": made, "__new__": new})


@cache
def _found(module: str, name: str) -> type:
    if module in _MODULES or (module, name) in _CLASSES:
        found = getattr(import_module(module), name, None)
        # Not what these modules have imported: that is as good as calling anything.
        if isinstance(found, type) and found.__module__ == module:
            return _sealed(found)
    raise pickle.UnpicklingError(f"{module}.{name} is no part of a document")
