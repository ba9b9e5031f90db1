"""Embeds text: int8 ONNX for MiniLM-like models, sentence-transformers for the rest."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ingest.platform.extras import require
from ingest.platform.hardware import cores
from ingest.platform.openmp import wait_calmly
from vectorstore.embedding import onnx_int8
from vectorstore.errors import LibraryError
from vectorstore.store import Vectors

_WAITING = 256  # texts at a time: each waiting text takes 2 KB


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors of length 1."""

    identity: str  # vectors of two identities cannot be compared

    def passages(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), dimensions)."""

    def query(self, text: str) -> Vectors:
        """Shape (dimensions,)."""


@dataclass(frozen=True)
class Habits:
    """What distinguishes a model from others that are computed alike."""

    query: str = ""  # what it wants to read before a question, and before a passage
    passage: str = ""
    unrelated: float = 0.0  # cosine of two texts that have nothing in common
    multilingual: bool = False


@dataclass(frozen=True)
class Recipe:
    """How another process makes the same embedder, as a plain value that travels to it."""

    folder: Path
    identity: str
    habits: Habits | None = None

    def make(self, threads: int = 0) -> Embedder | None:
        """None where the folder holds other weights. Raises LibraryError."""
        found = load_embedder(self.folder, threads, self.habits)
        return found if found.identity == self.identity else None


def recipe(embedder: Embedder) -> Recipe | None:
    """None for one that is not made from a folder, such as that of a server."""
    found = getattr(embedder, "recipe", None)
    return found if isinstance(found, Recipe) else None


def nearness(embedder: Embedder, cosines: Any) -> Any:
    """Cosines, one or an array, on one scale for all models: 0 for texts that have nothing in
    common. What is fitted to cosines is fitted to these; their order stays."""
    low = getattr(embedder, "unrelated", 0.0)
    return (cosines - low) / (1 - low) if low else cosines


def is_multilingual(embedder: Embedder) -> bool:
    """Whether it is for texts in several languages: what was fitted to English is not used then."""
    return bool(getattr(embedder, "multilingual", False))


def load_embedder(folder: Path, threads: int = 0, habits: Habits | None = None) -> Embedder:
    """Load a model folder in its fastest form; `habits` take the place of its own.

    Raises LibraryError when the folder holds no such model, or cannot be written at first use.
    """
    if not (folder / "config.json").exists() and not onnx_int8.is_packed(folder):
        raise LibraryError(
            f"{folder} is not an embedding model: it has no config.json. "
            "`pincite models pull all-minilm-l6-v2` gets the default one."
        )
    if onnx_int8.fits(folder):
        return QuantizedEmbedder(folder, threads, habits or _own_habits(folder))
    return SentenceTransformerEmbedder(folder)


def _own_habits(folder: Path) -> Habits:
    """As sentence-transformers keeps them."""
    path = folder / "config_sentence_transformers.json"
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    named = told.get("prompts") or {}
    passage = named.get("document") or named.get("passage") or ""
    return Habits(named.get("query") or "", passage)


class QuantizedEmbedder:
    """A mean-pooled BERT as int8 ONNX: 5 times as fast as fp32 torch, nDCG on SciFact unchanged.

    Texts go one by one, since padding costs more than batching gains; `threads` of them at a time.
    Nothing is computed in the caller's thread: onnxruntime leaves a processor's matrix tiles (AMX)
    configured for itself, and llama.cpp, which configures them once a thread, then computes
    nonsense in that thread without an error (onnxruntime 1.32, llama-cpp-python 0.3.36).
    """

    def __init__(self, folder: Path, threads: int = 0, habits: Habits | None = None) -> None:
        """Raises LibraryError."""
        self._pool = ThreadPoolExecutor(threads or cores(), "embedder")
        self._session = onnx_int8.session(folder)
        self._tokenizer = onnx_int8.tokenizer(folder)
        self._habits = habits or Habits()
        self.unrelated, self.multilingual = self._habits.unrelated, self._habits.multilingual
        self.identity = f"{folder.name}:{onnx_int8.fingerprint(folder)}:int8"
        self.recipe = Recipe(folder.absolute(), self.identity, habits)

    def passages(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, 0), np.float32)
        found = self._each(texts)
        first = next(found)
        vectors = np.empty((len(texts), len(first)), np.float32)
        for index, vector in enumerate(chain([first], found)):
            vectors[index] = vector
        return vectors

    def _each(self, texts: Sequence[str]) -> Iterator[Vectors]:
        for start in range(0, len(texts), _WAITING):
            some = texts[start : start + _WAITING]
            yield from self._pool.map(self._embed, [self._habits.passage + text for text in some])

    def query(self, text: str) -> Vectors:
        return self._pool.submit(self._embed, self._habits.query + text).result()

    def _embed(self, text: str) -> Vectors:
        encoded = self._tokenizer.encode(text)
        inputs = {
            "input_ids": np.array([encoded.ids], np.int64),
            "attention_mask": np.array([encoded.attention_mask], np.int64),
        }
        vector: Vectors = self._session.run(None, inputs)[0][0]
        return vector


class SentenceTransformerEmbedder:
    """Any model folder that sentence-transformers loads, with its own query and passage prompts."""

    def __init__(self, folder: Path) -> None:
        """Raises LibraryError without the extra that loads it."""
        # Imported here: torch takes seconds to load, and the default model does not need it.
        extra, use = "embedders", f"use the embedding model {folder.name}"
        require(extra, "sentence_transformers", to=use, error=LibraryError)
        wait_calmly()
        from sentence_transformers import SentenceTransformer

        self._model: Any = SentenceTransformer(str(folder), local_files_only=True)
        self.identity = f"{folder.name}:{onnx_int8.fingerprint(folder)}"
        self.recipe = Recipe(folder.absolute(), self.identity)

    def passages(self, texts: Sequence[str]) -> Vectors:
        vectors = self._model.encode_document(list(texts), normalize_embeddings=True)
        return np.asarray(vectors, np.float32)

    def query(self, text: str) -> Vectors:
        return np.asarray(self._model.encode_query(text, normalize_embeddings=True), np.float32)
