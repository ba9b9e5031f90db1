"""Embeds text: int8 ONNX for MiniLM-like models, sentence-transformers for the rest."""

import hashlib
import logging
import tempfile
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ingest.platform.hardware import cores
from ingest.platform.process import require, wait_calmly
from vectorstore.embedding import onnx_export
from vectorstore.embedding.classifier_folder import module_kinds, read_json
from vectorstore.embedding.onnx_export import EXACT, PackedWeights, Pieces, write_bert
from vectorstore.errors import LibraryError
from vectorstore.store import Vectors

# -- Converts a sentence-transformers model into one int8 ONNX file, once, beside the model
# The only module that imports onnxruntime and tokenizers. Weights are quantized per channel
# (onnxruntime's dynamic quantization): per tensor loses .013 nDCG@10 on SciFact, this none.

Write = Callable[[Path, Path], None]  # from a model folder into a file
_FILE = "pincite-int8.onnx"
_MOST_TOKENS = 256
_MOST_PIECES = 512  # of a multilingual E5
_SPACE = "\u2581"  # how SentencePiece writes one
_SLOWER = ["SkipLayerNormFusion"]  # fused it takes 5 times as long as its parts


def is_quantizable(folder: Path) -> bool:
    """Whether it is a BERT with mean pooling and unit length, as `write_bert` computes it."""
    if is_packed(folder):
        return True
    config = read_json(folder / "config.json")
    pooling = read_json(folder / "1_Pooling" / "config.json")
    kinds = [kind.rsplit(".", 1)[-1] for kind in module_kinds(folder)]
    return (
        config.get("model_type") == "bert"
        and config.get("hidden_act", "gelu") == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and bool(pooling.get("pooling_mode_mean_tokens"))
        and kinds == ["Transformer", "Pooling", "Normalize"]
        and (folder / "tokenizer.json").exists()
        and any((folder / name).exists() for name in ("model.safetensors", _FILE))
    )


def is_packed(folder: Path) -> bool:
    """Whether the model is one file, see `PackedWeights`."""
    return (folder / onnx_export.PACKED_FILE).exists()


def weights_fingerprint(folder: Path) -> str:
    """16 digits that distinguish the weights of models."""
    weights = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("pytorch_model*.bin"))
    weights += sorted(folder.glob(onnx_export.PACKED_FILE))
    digest = hashlib.sha256()
    for path in weights:
        size = path.stat().st_size
        digest.update(str(size).encode())
        with path.open("rb") as file:  # ends and middle: hashing all would take longer than a query
            for start in (0, size // 2, max(size - 65536, 0)):
                file.seek(start)
                digest.update(file.read(65536))
    return digest.hexdigest()[:16]


def model_tokenizer(folder: Path) -> Any:
    """The tokenizer in a model's folder, cutting at its longest input. Raises LibraryError."""
    settings = read_json(folder / "sentence_bert_config.json")
    most = int(settings.get("max_seq_length", _MOST_TOKENS))
    return open_tokenizer(folder / "tokenizer.json", most)


class UnigramTokenizer:
    """SentencePiece's Unigram (Kudo, 2018), with its own map of characters."""

    def __init__(self, pieces: Pieces) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers

        self._pieces = pieces
        self._model = Tokenizer(models.Unigram(list(pieces.scored), pieces.unknown, False))
        self._model.pre_tokenizer = pre_tokenizers.Metaspace(_SPACE, "always")

    def ids(self, text: str) -> list[int]:
        """With the marks of begin and end; cut at the longest input."""
        # The map knows single characters: what PDFs write as a letter and an accent is joined.
        written = unicodedata.normalize("NFC", text).translate(self._pieces.normal)
        ids = self._model.encode(" ".join(written.split())).ids[: _MOST_PIECES - 2]
        return [self._pieces.begin, *ids, self._pieces.end]


def token_ids(folder: Path) -> Callable[[str], list[int]]:
    """What gives the tokens of a text as the model in a folder reads it. Raises LibraryError
    or, for packed weights, OSError."""
    if is_packed(folder):
        return UnigramTokenizer(PackedWeights(folder).pieces).ids
    tokenizer = model_tokenizer(folder)
    return lambda text: list(tokenizer.encode(text).ids)


def int8_session(folder: Path, name: str = _FILE, write: Write = write_bert) -> Any:
    """An onnxruntime session of one thread, see `prepare`; several threads may run it at once."""
    return open_session(prepare_int8_file(folder, name, write))


def open_session(path: Path) -> Any:
    """An onnxruntime session of one thread on a model's file. Raises LibraryError."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"], disabled_optimizers=_SLOWER
        )
    except Exception as error:  # its own kinds, one for each fault of a file
        raise LibraryError(
            f"{path} cannot be run, for it is damaged or of a newer kind: delete it, and where "
            "nothing makes it again, fetch the model again."
        ) from error


def open_tokenizer(path: Path, most: int) -> Any:
    """The tokenizer of a file: it cuts texts, and of a pair the longer one. Raises LibraryError."""
    from tokenizers import Tokenizer

    try:
        found = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises this very class
        raise LibraryError(f"{path} is missing or damaged: fetch the model again.") from error
    found.enable_truncation(most)
    found.no_padding()
    return found


def prepare_int8_file(folder: Path, name: str = _FILE, write: Write = write_bert) -> Path:
    """The int8 file `name` of a model folder, made if it is not there.

    `write` makes the model of the folder as a float32 file, which is then quantized. Raises
    LibraryError when that is not possible.
    """
    path = folder / name
    try:
        if not path.exists():
            _write_atomically(folder, path, write)
    except OSError as error:
        raise LibraryError(
            f"The model in {folder} could not be prepared there: {error.strerror or error}. "
            "Check that the folder is complete and can be written, and that its disk has room."
        ) from error
    return path


def _write_atomically(folder: Path, path: Path, write: Write) -> None:
    with _quiet(), tempfile.TemporaryDirectory(dir=folder) as scratch:
        plain, small = Path(scratch, "fp32.onnx"), Path(scratch, path.name)
        write(folder, plain)
        _quantize(plain, small)
        small.replace(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Silences the comments of the quantizer, which mean nothing to a user."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        root.setLevel(level)


def _quantize(plain: Path, small: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Without VNNI, 8-bit products overflow 16 bits in AVX2: seven bits are safe there.
    quantize_dynamic(
        plain,
        small,
        per_channel=True,
        weight_type=QuantType.QInt8,
        reduce_range=not _has_vnni(),
        nodes_to_exclude=list(EXACT),
    )


def _has_vnni() -> bool:
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


_WAITING = 256  # texts at a time: each waiting text takes 2 KB


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into vectors of length 1."""

    identity: str  # vectors of two identities cannot be compared

    def passages(self, texts: Sequence[str]) -> Vectors:
        """A row for each text: float32 of the shape (len(texts), dimensions)."""

    def query(self, text: str) -> Vectors:
        """The vector of a question: float32 of the shape (dimensions,)."""


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
        """The embedder; None where the folder holds other weights. Raises LibraryError."""
        found = load_embedder(self.folder, threads, self.habits)
        return found if found.identity == self.identity else None


def recipe(embedder: Embedder) -> Recipe | None:
    """How to make it elsewhere; None for one not made from a folder, such as that of a server."""
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
    if not (folder / "config.json").exists() and not is_packed(folder):
        raise LibraryError(
            f"{folder} is not an embedding model: it has no config.json. "
            "`pincite models pull all-minilm-l6-v2` gets the default one."
        )
    if is_quantizable(folder):
        return QuantizedEmbedder(folder, threads, habits or _own_habits(folder))
    return SentenceTransformerEmbedder(folder)


def _own_habits(folder: Path) -> Habits:
    """As sentence-transformers keeps them."""
    told = read_json(folder / "config_sentence_transformers.json")
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
        self._session = int8_session(folder)
        self._token_ids = token_ids(folder)
        self._habits = habits or Habits()
        self.unrelated, self.multilingual = self._habits.unrelated, self._habits.multilingual
        self.identity = f"{folder.name}:{weights_fingerprint(folder)}:int8"
        self.recipe = Recipe(folder.absolute(), self.identity, habits)

    def passages(self, texts: Sequence[str]) -> Vectors:
        found: list[Vectors] = []
        for start in range(0, len(texts), _WAITING):
            some = [self._habits.passage + text for text in texts[start : start + _WAITING]]
            found += self._pool.map(self._embed, some)
        return np.stack(found) if found else np.zeros((0, 0), np.float32)

    def query(self, text: str) -> Vectors:
        return self._pool.submit(self._embed, self._habits.query + text).result()

    def _embed(self, text: str) -> Vectors:
        ids = np.array([self._token_ids(text)], np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
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
        self.identity = f"{folder.name}:{weights_fingerprint(folder)}"
        self.recipe = Recipe(folder.absolute(), self.identity)

    def passages(self, texts: Sequence[str]) -> Vectors:
        vectors = self._model.encode_document(list(texts), normalize_embeddings=True)
        return np.asarray(vectors, np.float32)

    def query(self, text: str) -> Vectors:
        return np.asarray(self._model.encode_query(text, normalize_embeddings=True), np.float32)
