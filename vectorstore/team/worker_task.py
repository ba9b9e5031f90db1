"""What a worker does: it writes a file's bytes down, checks them, reads them in a confined child,
and embeds the passages. It knows no library and returns bytes.

It runs in a process of Ray's on another machine. That process reads no file itself.
"""

import hashlib
import os
import pickle
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ingest import chunking
from ingest.document.source import Engines
from ingest.document.wire import Loaded, LoadedCodec
from ingest.errors import PinciteError, UnreadableFile
from ingest.loaders import VERSIONS
from ingest.sandbox import confinement
from ingest.sandbox.child import Crashed
from ingest.sandbox.pool import Sandbox
from vectorstore.embedding.embedder import Embedder, Recipe


@dataclass(frozen=True)
class Sent:
    """A file on its way: its name without a folder, and the bytes with their sha256."""

    name: str
    sha256: str
    content: bytes


@dataclass(frozen=True)
class Task:
    """What is to be read, and how. It travels to a worker as a pickle."""

    engines: Engines
    recipe: Recipe | None
    locate: Callable[[Path], Path | None]  # a model of the sender, on the machine of the worker
    reads: str  # which readers the sender has, see `readers`
    quiet: tuple[tuple[str, str], ...] = ()  # what keeps libraries from telling of their use


@dataclass(frozen=True)
class Result:
    """ "read" with the packed document and its vectors, "failed" with an error's name and words,
    "crashed" with the same where the child ended by itself, or "unfit" with why this machine cannot
    do it. Of no task: "lost" with its worker, "away" where nobody reads any more, "stopped"."""

    kind: Literal["read", "failed", "crashed", "unfit", "lost", "away", "stopped"]
    packed: bytes = b""
    vectors: bytes = b""  # float32, one row a passage; none where nothing was embedded
    made_by: str = ""  # the identity of the model that made them
    error: str = ""
    words: str = ""


def readers() -> str:
    """Two machines whose readers have the same numbers read the same."""
    told = repr((sorted(VERSIONS.items()), chunking.VERSION, sys.version_info[:2]))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def work(task: Task, file: Sent) -> Result:
    """Read the file. Never raises what is its fault."""
    os.environ.update(task.quiet)  # before a library is imported
    unfit, engines, recipe = fitted(task)
    if unfit:
        return Result("unfit", words=f"{socket.gethostname()} {unfit}")
    folder = confinement.make_scratch()
    try:
        loaded = _sandbox(pickle.dumps(engines)).start(_written(folder, file))()
        return _read(loaded, recipe)
    except PinciteError as error:
        crashed = isinstance(error.__cause__, Crashed)
        return Result(
            "crashed" if crashed else "failed", error=type(error).__name__, words=str(error)
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fitted(task: Task) -> tuple[str, Engines, Recipe | None]:
    """Why this machine cannot do it, as the end of a sentence; else the engines and the recipe with
    their models where they are here."""
    engines, recipe, lacks = task.engines, task.recipe, []
    if readers() != task.reads:
        return "has another version of Pincite or of Python: install the same", engines, recipe
    told: Any = engines.captioner
    if isinstance(at := getattr(told, "folder", None), Path):
        found = task.locate(at)
        lacks += [] if found else [at.name]
        engines = replace(engines, captioner=replace(told, folder=found or at))
    if engines.speech:
        found = task.locate(engines.speech)
        lacks += [] if found else [engines.speech.name]
        engines = replace(engines, speech=found)
    if recipe:
        found = task.locate(recipe.folder)
        lacks += [] if found else [recipe.folder.name]
        recipe = replace(recipe, folder=found or recipe.folder)
    missing = f"lacks the model {lacks[0]}: `pincite models pull {lacks[0]}` there" if lacks else ""
    return missing, engines, recipe


def _written(folder: Path, file: Sent) -> Path:
    if hashlib.sha256(file.content).hexdigest() != file.sha256:
        raise UnreadableFile(f"{file.name} changed on its way to a worker. Add it again.")
    path = folder / file.name
    path.write_bytes(file.content)
    return path


def _read(loaded: Loaded, recipe: Recipe | None) -> Result:
    packed, texts = LoadedCodec().encode(loaded), [passage.text for passage in loaded[1]]
    embedder = _embedder(recipe) if recipe and texts else None
    if embedder is None:
        return Result("read", packed)
    vectors = embedder.passages(texts).astype(np.float32).tobytes()
    return Result("read", packed, vectors, embedder.identity)


@lru_cache(maxsize=1)
def _embedder(recipe: Recipe) -> Embedder | None:
    """None for other weights than the sender's, who embeds then. Ray gives a task one core."""
    return recipe.make(threads=1)


def _sandbox(engines: bytes) -> Sandbox:
    """Stays warm from task to task; Ray ends this process, and with it the child."""
    if engines not in _warm:
        for other in _warm.values():
            other.close()
        _warm.clear()
        # A child would import the program of Ray's worker, and Ray with it.
        if "default_worker" in str(getattr(sys.modules["__main__"], "__file__", "")):
            del sys.modules["__main__"].__file__
        _warm[engines] = Sandbox(engines=pickle.loads(engines))
    return _warm[engines]


_warm: dict[bytes, Sandbox] = {}
