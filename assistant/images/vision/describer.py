"""The chosen vision model as one value: it travels to the processes that read files, and loads its
model when it is first used."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.images.vision import Viewer
from assistant.images.vision.model_kinds import gguf_pair, kind_of
from assistant.llm.prompts import DESCRIBE
from ingest.errors import Stopped

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST = 120  # tokens of what is written
_LOOK_AGAIN = 0.1  # seconds between two checks whether it was stopped
_loading = threading.Lock()  # a cache does not keep two threads from loading a model twice


@dataclass(frozen=True)
class Describer:
    """A Viewer of a folder: transformers, or a GGUF file with its mmproj file."""

    folder: Path
    threads: int = 0  # of llama.cpp; 0: one for each core

    def describe(self, picture: "Image", cancel: threading.Event | None = None) -> str:
        """One or two sentences. Raises ModelUnusable or ModelRuntimeMissing."""
        with _ready(self, cancel) as model:
            return model.describe(picture.convert("RGB"), cancel)

    def answer(self, picture: "Image", question: str, cancel: threading.Event | None = None) -> str:
        """The answer; empty without a model that answers. Raises as `describe`, or
        ContextOverflow."""
        with _ready(self, cancel) as model:
            return model.answer(picture.convert("RGB"), question, cancel)


class _Gguf:
    """llama.cpp's."""

    def __init__(self, folder: Path, threads: int) -> None:
        from assistant.llm.llama.vision import SeeingEngine

        self._engine = SeeingEngine(*gguf_pair(folder), threads or None)

    def describe(self, picture: "Image", cancel: threading.Event | None = None) -> str:
        return self._engine.ask(picture, DESCRIBE, _MOST, cancel)

    def answer(self, picture: "Image", question: str, cancel: threading.Event | None = None) -> str:
        return self._engine.ask(picture, question, _MOST, cancel)


@contextmanager
def _ready(what: Describer, cancel: threading.Event | None) -> Iterator[Viewer]:
    """The model, for one caller at a time."""
    with _loading:
        model, lock = _loaded(what)
    while not lock.acquire(timeout=_LOOK_AGAIN):
        if cancel is not None and cancel.is_set():
            raise Stopped("Stopped while waiting for another picture.")
    try:
        yield model
    finally:
        lock.release()


@functools.lru_cache(maxsize=1)
def _loaded(what: Describer) -> tuple[Viewer, threading.Lock]:
    """The loaded model; another one replaces it in memory."""
    kind = kind_of(what.folder)
    if kind == "gguf":
        return _Gguf(what.folder, what.threads), threading.Lock()
    from assistant.images.vision.transformers_models import load

    return load(what.folder, kind), threading.Lock()
