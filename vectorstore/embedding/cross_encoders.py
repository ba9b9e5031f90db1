"""A cross-encoder reads pairs of texts in ONNX Runtime; torch only writes its file, once."""

import inspect
import math
import tempfile
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.platform.hardware import cores
from ingest.platform.process import require, wait_calmly
from vectorstore.embedding import embedder
from vectorstore.embedding.classifier_folder import (
    EXPORTED,
    head_folders,
    headed,
    onnx_file,
    ranks,
    read_json,
)
from vectorstore.embedding.onnx_export import read_weights
from vectorstore.errors import LibraryError

# -- Writes the classifier of a folder as an ONNX file, once, with torch and transformers
# optimum-onnx would do it, but its version 0.1.0 ends at transformers 4.57. Its own way is taken:
# `torch.onnx.export` of the model as it is. A folder that holds an ONNX file needs none of this.

_OPSET = 17
_LENGTHS = (9, 7)  # tokens of the two texts that the graph is traced with


def export(folder: Path) -> Path:
    """The folder with the ONNX file and its tokenizer, in the model's folder. Raises LibraryError.

    Weights come from safetensors alone: a pickle can hold programs.
    """
    require(
        "embedders", "torch", "transformers",
        to=f"use {folder.name}, which has no ONNX file", error=LibraryError,
    )  # fmt: skip
    wait_calmly()
    try:
        with tempfile.TemporaryDirectory(dir=folder) as scratch, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the tracer's, about shapes that are constant here
            made = Path(scratch, EXPORTED)
            made.mkdir()
            _write(folder, made)
            return made.rename(folder / EXPORTED)
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise LibraryError(
            f"The model in {folder} could not be made ready: {why}. "
            "Check that the folder is complete and can be written, and that its disk has room."
        ) from error


def _write(folder: Path, made: Path) -> None:
    import torch
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    tokenizer.backend_tokenizer.save(str(made / "tokenizer.json"))
    model = _loaded(folder)
    pair = tokenizer(*(" ".join(["a"] * count) for count in _LENGTHS), return_tensors="pt")
    taken = inspect.signature(model.forward).parameters
    names = [name for name in pair if name in taken]
    torch.onnx.export(
        _outputs(model, names).eval(),
        tuple(pair[name] for name in names),
        str(made / "model.onnx"),
        input_names=names,
        output_names=["found"],
        dynamic_axes={name: {0: "texts", 1: "tokens"} for name in names},
        opset_version=_OPSET,
        dynamo=False,  # the newer exporter needs onnxscript
    )


def _loaded(folder: Path) -> Any:
    import torch
    import transformers

    loader: Any = transformers.AutoModelForSequenceClassification
    if headed(folder):
        loader = transformers.AutoModel
    return loader.from_pretrained(
        folder, local_files_only=True, use_safetensors=True, dtype=torch.float32,
        attn_implementation="eager",
    )  # fmt: skip


def _outputs(model: Any, names: list[str]) -> Any:
    """A module with positional inputs and one output, as the tracer wants it."""
    import torch

    class Outputs(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *inputs: Any) -> Any:
            return self.model(**dict(zip(names, inputs, strict=True)))[0]

    return Outputs()


# -- The head of a cross-encoder whose layers are modules of sentence-transformers, in plain numpy
# Its ONNX file then holds the encoder alone, as its publishers write it. The layers are small: the
# first token's vector goes through dense layers and a normalisation into one number.

Array = NDArray[np.float32]
Layer = Callable[[Array], Array]
_EPSILON = 1e-5  # torch's, of LayerNorm


def read_head(folder: Path) -> Layer:
    """What turns an encoder's output, of the shape (tokens, hidden size), into a score of the shape
    (1,). Raises LibraryError for layers that are not known here."""
    layers = [_layer(kind, path) for kind, path in head_folders(folder)]
    return lambda found: reduce(lambda output, layer: layer(output), layers, found)


def _layer(kind: str, folder: Path) -> Layer:
    config = read_json(folder / "config.json")
    try:
        if kind == "Pooling":
            return _pooling(config)
        if kind == "Dense":
            return _dense(config, read_weights(folder / "model.safetensors"))
        if kind == "LayerNorm":
            return _norm(read_weights(folder / "model.safetensors"))
    except (OSError, KeyError, ValueError) as error:
        raise LibraryError(
            f"The layer in {folder} is damaged or of another kind: {error}."
        ) from error
    raise LibraryError(f"The layer {kind!r} of {folder.parent} is not known to Pincite.")


def _pooling(config: dict[str, Any]) -> Layer:
    mode = config.get("pooling_mode") or next(
        (name for name in ("cls", "mean") if config.get(f"pooling_mode_{name}_token")
         or config.get(f"pooling_mode_{name}_tokens")), "",
    )  # fmt: skip
    if mode == "cls":
        return lambda found: found[0]
    if mode == "mean":
        return lambda found: found.mean(axis=0)
    raise ValueError(f"pooling {mode!r}")


def _dense(config: dict[str, Any], weights: dict[str, Array]) -> Layer:
    if config.get("use_residual"):
        raise ValueError("a residual connection")
    matrix, bias = weights["linear.weight"], weights.get("linear.bias")
    activation = _ACTIVATIONS[str(config.get("activation_function", "")).rsplit(".", 1)[-1]]
    return lambda found: activation(matrix @ found + (0.0 if bias is None else bias))


def _norm(weights: dict[str, Array]) -> Layer:
    scale, shift = weights["norm.weight"], weights["norm.bias"]

    def normalised(found: Array) -> Array:
        spread = np.sqrt(found.var() + _EPSILON)
        return np.asarray((found - found.mean()) / spread * scale + shift, np.float32)

    return normalised


def _gelu(found: Array) -> Array:
    return np.array([0.5 * x * (1 + math.erf(x / math.sqrt(2))) for x in found], np.float32)


_ACTIVATIONS: dict[str, Layer] = {
    "Identity": lambda found: found,
    "GELU": _gelu,
    "Tanh": np.tanh,
    "ReLU": lambda found: np.maximum(found, 0.0),
    "Sigmoid": lambda found: np.asarray(1 / (1 + np.exp(-found)), np.float32),
}


Pair = tuple[str, str]
MOST = 512  # tokens of a pair; the longer text is cut


class CrossEncoder:
    """The cross-encoder of a folder, in its own precision; a thread a pair.

    Nothing is computed in the caller's thread, for the reason that `QuantizedEmbedder` gives.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Nothing is loaded before it is needed, and nothing is downloaded: a search makes no
        connection. Raises LibraryError where the folder holds none."""
        if not ranks(folder):
            raise LibraryError(
                f"{folder} holds no reranker that Pincite knows: its config.json has to name a "
                "classifier of texts with one label. Choose another folder with `pincite models "
                "use reranker FOLDER`."
            )
        self._folder = folder
        self._pool = ThreadPoolExecutor(threads or cores(), "pairs")

    def read(self, pairs: Sequence[Pair]) -> list[float]:
        """A score for each pair. Raises LibraryError when the model cannot be loaded."""
        if not pairs:
            return []
        loaded = self._session, self._tokenizer, self._head  # here, not by two threads
        return list(self._pool.map(lambda pair: _score(*loaded, pair), pairs))

    def prepare(self) -> None:
        """Load the model, and write its ONNX file where there is none. Raises LibraryError."""
        self.read([("a", "b")])

    @cached_property
    def _session(self) -> Any:
        path = onnx_file(self._folder)
        return embedder.open_session(path or export(self._folder) / "model.onnx")

    @cached_property
    def _tokenizer(self) -> Any:
        names = (self._folder, self._folder / EXPORTED)
        found = next((f for folder in names if (f := folder / "tokenizer.json").exists()), None)
        if found is None:
            raise LibraryError(
                f"{self._folder} has no tokenizer.json: fetch it from where the model came from."
            )
        return embedder.pair_tokenizer(found, _most(self._folder))

    @cached_property
    def _head(self) -> Any:
        return read_head(self._folder) if headed(self._folder) else None


def _most(folder: Path) -> int:
    told = read_json(folder / "tokenizer_config.json").get("model_max_length") or MOST
    positions = read_json(folder / "config.json").get("max_position_embeddings") or MOST
    return int(min(told, positions, MOST))


def _score(session: Any, tokenizer: Any, head: Any, pair: Pair) -> float:
    encoded = tokenizer.encode(*pair)
    told = {
        "input_ids": encoded.ids,
        "attention_mask": encoded.attention_mask,
        "token_type_ids": encoded.type_ids,
    }
    wanted = [one.name for one in session.get_inputs()]
    try:
        inputs = {name: np.array([told[name]], np.int64) for name in wanted}
    except KeyError as error:
        raise LibraryError(
            f"The model's ONNX file wants {error}, which texts do not give."
        ) from error
    found = session.run(None, inputs)[0][0]
    return float((head(found) if head else found)[0])
