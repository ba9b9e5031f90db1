"""Writes a BERT encoder with mean pooling and unit length as an ONNX file, from its weights alone.

Neither torch nor transformers takes part: the graph is the published architecture (Devlin et al.,
2019), node by node. The only module that imports onnx and safetensors.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

_BASE = {
    "hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 12, "layer_norm_eps": 1e-12,
}  # fmt: skip
_OPSET = 17  # the first with LayerNormalization
_LOWEST = float(np.finfo(np.float32).min)  # the attention to what is masked out


def write_bert(folder: Path, path: Path) -> None:
    """The model of a sentence-transformers folder as the ONNX file `path`, in float32.

    Inputs are `input_ids` and `attention_mask`, int64 of the shape (texts, tokens); the output is
    `vectors`, float32 of the shape (texts, hidden size). What the configuration does not say is as
    in BERT base. Raises OSError when a file is missing, damaged or of another model.
    """
    import onnx
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        config = {**_BASE, **json.loads((folder / "config.json").read_text(encoding="utf-8"))}
        weights = load_file(folder / "model.safetensors")
        graph = _Graph(config, {name.removeprefix("bert."): it for name, it in weights.items()})
        graph.unit_length(graph.mean(graph.encoded()))
    except SafetensorError as error:
        raise OSError(f"model.safetensors is damaged ({error})") from error
    except KeyError as error:
        raise OSError(f"model.safetensors has no {error}, which its config.json names") from error
    except (ValueError, TypeError) as error:
        raise OSError(f"config.json is damaged ({error})") from error
    onnx.save(graph.model(), path)


class _Graph:
    """Nodes in the order in which they run. A method adds some, and returns its output's name."""

    def __init__(self, config: dict[str, Any], weights: dict[str, Any]) -> None:
        self._config = config
        self._weights = weights
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    def model(self) -> Any:
        """The ONNX model of all nodes."""
        from onnx import TensorProto, helper, numpy_helper

        ids, size = ["texts", "tokens"], ["texts", self._config["hidden_size"]]
        names = ("input_ids", "attention_mask")
        graph = helper.make_graph(
            self._nodes,
            "bert",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ids) for name in names],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, size)],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        opset = helper.make_opsetid("", _OPSET)
        return helper.make_model(graph, opset_imports=[opset], ir_version=8)

    def encoded(self) -> str:
        """(texts, tokens, hidden size): embeddings, then one layer after the other."""
        hidden, bias = self._embedded(), self._attention_bias()
        for number in range(self._config["num_hidden_layers"]):
            layer = f"encoder.layer.{number}"
            attended = self._attended(hidden, bias, f"{layer}.attention.self")
            hidden = self._added(attended, hidden, f"{layer}.attention.output")
            inner = self._gelu(self._dense(hidden, f"{layer}.intermediate.dense"))
            hidden = self._added(inner, hidden, f"{layer}.output")
        return hidden

    def mean(self, hidden: str) -> str:
        """(texts, hidden size): over the tokens that the mask leaves."""
        mask = self._node("Unsqueeze", "attention_mask", self._constant([-1]))
        mask = self._node("Cast", mask, to=1)  # float32
        tokens = self._constant([1])
        total = self._node("ReduceSum", self._node("Mul", hidden, mask), tokens, keepdims=0)
        count = self._node("ReduceSum", mask, tokens, keepdims=0)
        return self._node("Div", total, self._node("Clip", count, self._constant(1e-9)))

    def unit_length(self, vectors: str) -> str:
        """The output of the whole."""
        length = self._node("ReduceL2", vectors, axes=[1], keepdims=1)
        length = self._node("Clip", length, self._constant(1e-12))
        return self._node("Div", vectors, length, name="vectors")

    def _embedded(self) -> str:
        shape = self._node("Shape", "input_ids")
        count = self._node("Gather", shape, self._constant(1), axis=0)
        places = self._node("Range", self._constant(0), count, self._constant(1))
        tables = ("word_embeddings", "token_type_embeddings", "position_embeddings")
        word, kind, place = (
            self._node("Gather", self._weight(f"embeddings.{table}.weight"), index)
            for table, index in zip(tables, ("input_ids", self._constant(0), places), strict=True)
        )
        found = self._node("Add", self._node("Add", word, kind), place)
        return self._normalised(found, "embeddings.LayerNorm")

    def _attention_bias(self) -> str:
        """(texts, 1, 1, tokens): 0, or the lowest number where the mask leaves a token out."""
        seen = self._node("Cast", "attention_mask", to=1)
        unseen = self._node("Sub", self._constant(1.0), seen)
        bias = self._node("Mul", unseen, self._constant(_LOWEST))
        return self._node("Unsqueeze", bias, self._constant([1, 2]))

    def _attended(self, hidden: str, bias: str, name: str) -> str:
        heads = self._config["num_attention_heads"]
        size = self._config["hidden_size"] // heads
        by_head = self._constant([0, 0, heads, size])
        query, key, value = (
            self._node("Reshape", self._dense(hidden, f"{name}.{part}"), by_head)
            for part in ("query", "key", "value")
        )
        query = self._node("Transpose", query, perm=[0, 2, 1, 3])
        value = self._node("Transpose", value, perm=[0, 2, 1, 3])
        key = self._node("Transpose", key, perm=[0, 2, 3, 1])
        scores = self._node("MatMul", query, key)
        scores = self._node("Mul", scores, self._constant(1 / math.sqrt(size)))
        shares = self._node("Softmax", self._node("Add", scores, bias), axis=-1)
        mixed = self._node("Transpose", self._node("MatMul", shares, value), perm=[0, 2, 1, 3])
        return self._node("Reshape", mixed, self._constant([0, 0, heads * size]))

    def _added(self, changed: str, hidden: str, name: str) -> str:
        added = self._node("Add", self._dense(changed, f"{name}.dense"), hidden)
        return self._normalised(added, f"{name}.LayerNorm")

    def _dense(self, hidden: str, name: str) -> str:
        product = self._node("MatMul", hidden, self._weight(f"{name}.weight", transposed=True))
        return self._node("Add", self._weight(f"{name}.bias"), product)

    def _normalised(self, hidden: str, name: str) -> str:
        weights = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        epsilon = self._config["layer_norm_eps"]
        return self._node("LayerNormalization", hidden, *weights, axis=-1, epsilon=epsilon)

    def _gelu(self, hidden: str) -> str:
        erf = self._node("Erf", self._node("Div", hidden, self._constant(math.sqrt(2))))
        product = self._node("Mul", hidden, self._node("Add", erf, self._constant(1.0)))
        return self._node("Mul", product, self._constant(0.5))

    def _weight(self, name: str, transposed: bool = False) -> str:
        array = self._weights[name].astype(np.float32)
        self._constants[name] = np.ascontiguousarray(array.T) if transposed else array
        return name

    def _constant(self, value: float | list[int]) -> str:
        name = f"constant {value}"
        self._constants[name] = np.array(value, np.float32 if isinstance(value, float) else None)
        return name

    def _node(self, kind: str, *inputs: str, name: str = "", **attributes: Any) -> str:
        from onnx import helper

        name = name or f"{kind} {len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], name, **attributes))
        return name
