"""The head of a cross-encoder whose layers are modules of sentence-transformers, in plain numpy.

Its ONNX file then holds the encoder alone, as its publishers write it. The layers are small: the
first token's vector goes through dense layers and a normalisation into one number.
"""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vectorstore.classifiers.folder import head_folders, read_json
from vectorstore.embedding.bert_graph import read_weights
from vectorstore.errors import LibraryError

Array = NDArray[np.float32]
Layer = Callable[[Array], Array]
_EPSILON = 1e-5  # torch's, of LayerNorm


def read_head(folder: Path) -> Layer:
    """What turns an encoder's output, of the shape (tokens, hidden size), into a score of the shape
    (1,). Raises LibraryError for layers that are not known here."""
    layers = [_layer(kind, path) for kind, path in head_folders(folder)]
    return partial(_through, layers)


def _through(layers: list[Layer], found: Array) -> Array:
    for layer in layers:
        found = layer(found)
    return found


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
