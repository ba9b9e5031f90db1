"""Bytes from a child process become documents and errors, and nothing else.

A file may have taken the child over that has read it.
"""

import io
import pickle
from functools import cache
from importlib import import_module
from typing import Any

_MODULES = {"ingest.containers.unpacking", "ingest.document", "ingest.errors"}
_CLASSES = {
    ("ingest.child", "Beat"), ("ingest.child", "_Failed"), ("ingest.packed", "Packed"),
    ("pathlib", "PosixPath"), ("pathlib", "WindowsPath"),
    ("pathlib._local", "PosixPath"), ("pathlib._local", "WindowsPath"),  # as Python 3.13 has it
}  # fmt: skip


def loads(data: bytes) -> Any:
    """Raises UnpicklingError."""
    return _loaded(_Reader(io.BytesIO(data)))


def page(data: bytes) -> Any:
    """Of what a page is made of, and no packed pages inside of it: nested, they would take for
    ever. Raises UnpicklingError."""
    return _loaded(_PageReader(io.BytesIO(data)))


def _loaded(reader: pickle.Unpickler) -> Any:
    try:
        return reader.load()
    except pickle.UnpicklingError:
        raise
    except Exception as error:  # of any kind: the bytes say what is called with what
        raise pickle.UnpicklingError(f"no document: {error!r}") from error


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        return _found(module, name)


class _PageReader(_Reader):
    def find_class(self, module: str, name: str) -> Any:
        if module != "ingest.document":
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a page")
        return super().find_class(module, name)


@cache
def _found(module: str, name: str) -> type:
    if module in _MODULES or (module, name) in _CLASSES:
        found = getattr(import_module(module), name, None)
        # Not what these modules have imported: that is as good as calling anything.
        if isinstance(found, type) and found.__module__ == module:
            return found
    raise pickle.UnpicklingError(f"{module}.{name} is no part of a document")
