"""The chosen vision model as one value: it travels to the processes that read files, and loads its
model when it is first used."""

import functools
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assistant.prompts import DESCRIBE
from assistant.seeing.kinds import gguf_pair, kind_of

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST = 120  # tokens of what is written


@dataclass(frozen=True)
class Describer:
    """A Viewer of a folder: transformers, or a GGUF file with its mmproj file."""

    folder: Path
    threads: int = 0  # of llama.cpp; 0: one for each core

    def describe(self, picture: "Image") -> str:
        """One or two sentences. Raises ModelUnusable or ModelRuntimeMissing."""
        model, lock = _loaded(self)
        with lock:
            return model.describe(picture.convert("RGB"))

    def answer(self, picture: "Image", question: str) -> str:
        """Nothing from a model that only describes. Raises as `describe`, or ContextOverflow."""
        model, lock = _loaded(self)
        with lock:
            return model.answer(picture.convert("RGB"), question)

    def load(self) -> None:
        """Now, to see that it can be used. Raises ModelUnusable or ModelRuntimeMissing."""
        _loaded(self)


class _Model(Protocol):
    def describe(self, picture: "Image") -> str: ...
    def answer(self, picture: "Image", question: str) -> str: ...


class _Gguf:
    """llama.cpp's."""

    def __init__(self, folder: Path, threads: int) -> None:
        from assistant.llama.vision import SeeingEngine

        self._engine = SeeingEngine(*gguf_pair(folder), threads or None)

    def describe(self, picture: "Image") -> str:
        return self._engine.ask(picture, DESCRIBE, _MOST)

    def answer(self, picture: "Image", question: str) -> str:
        return self._engine.ask(picture, question, _MOST)


@functools.lru_cache(maxsize=1)
def _loaded(what: Describer) -> tuple[_Model, threading.Lock]:
    """One at a time: another one takes its place in memory."""
    kind = kind_of(what.folder)
    if kind == "gguf":
        return _Gguf(what.folder, what.threads), threading.Lock()
    from assistant.seeing.local import load

    return load(what.folder, kind), threading.Lock()
