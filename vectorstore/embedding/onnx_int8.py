"""Converts a sentence-transformers model into one int8 ONNX file, once, beside the model.

The only module that imports onnxruntime and tokenizers. Weights are quantized per channel
(onnxruntime's dynamic quantization): per tensor loses .013 nDCG@10 on SciFact, this none.
"""

import hashlib
import json
import logging
import tempfile
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vectorstore.embedding import packed_weights
from vectorstore.embedding.bert_graph import EXACT, write_bert
from vectorstore.embedding.packed_weights import PackedWeights, Pieces
from vectorstore.errors import LibraryError

Write = Callable[[Path, Path], None]  # from a model folder into a file
_FILE = "pincite-int8.onnx"
_MOST_TOKENS = 256
_MOST_PIECES = 512  # of a multilingual E5
_SPACE = "\u2581"  # how SentencePiece writes one
_SLOWER = ["SkipLayerNormFusion"]  # fused it takes 5 times as long as its parts


def fits(folder: Path) -> bool:
    """Whether it is a BERT with mean pooling and unit length, as `write_bert` computes it."""
    if is_packed(folder):
        return True
    config = _json(folder / "config.json")
    pooling = _json(folder / "1_Pooling" / "config.json")
    modules = _json(folder / "modules.json")
    kinds = [module.get("type", "").rsplit(".", 1)[-1] for module in modules or []]
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
    """Whether the model is one file, see `packed_weights`."""
    return (folder / packed_weights.FILE).exists()


def fingerprint(folder: Path) -> str:
    """16 digits that distinguish the weights of models."""
    weights = sorted(folder.glob("*.safetensors")) + sorted(folder.glob("pytorch_model*.bin"))
    weights += sorted(folder.glob(packed_weights.FILE))
    digest = hashlib.sha256()
    for path in weights:
        size = path.stat().st_size
        digest.update(str(size).encode())
        with path.open("rb") as file:  # ends and middle: hashing all would take longer than a query
            for start in (0, size // 2, max(size - 65536, 0)):
                file.seek(start)
                digest.update(file.read(65536))
    return digest.hexdigest()[:16]


def tokenizer(folder: Path) -> Any:
    """The model's tokenizer, cutting at its longest input. Raises OSError."""
    if is_packed(folder):
        return UnigramTokenizer(PackedWeights(folder).pieces)
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(folder / "tokenizer.json"))
    settings = _json(folder / "sentence_bert_config.json")
    found.enable_truncation(int(settings.get("max_seq_length", _MOST_TOKENS)))
    found.no_padding()
    return found


@dataclass(frozen=True)
class Encoded:
    """A text as a model reads it."""

    ids: list[int]

    @property
    def attention_mask(self) -> list[int]:
        return [1] * len(self.ids)


class UnigramTokenizer:
    """SentencePiece's Unigram (Kudo, 2018), with its own map of characters."""

    def __init__(self, pieces: Pieces) -> None:
        from tokenizers import Tokenizer, models, pre_tokenizers

        self._pieces = pieces
        self._model = Tokenizer(models.Unigram(list(pieces.scored), pieces.unknown, False))
        self._model.pre_tokenizer = pre_tokenizers.Metaspace(_SPACE, "always")

    def encode(self, text: str) -> Encoded:
        """With the marks of begin and end; cut at the longest input."""
        # The map knows single characters: what PDFs write as a letter and an accent is joined.
        written = unicodedata.normalize("NFC", text).translate(self._pieces.normal)
        ids = self._model.encode(" ".join(written.split())).ids[: _MOST_PIECES - 2]
        return Encoded([self._pieces.begin, *ids, self._pieces.end])


def session(folder: Path, name: str = _FILE, write: Write = write_bert) -> Any:
    """An onnxruntime session of one thread, see `prepare`; several threads may run it at once."""
    return open_session(prepare(folder, name, write))


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


def pair_tokenizer(path: Path, most: int) -> Any:
    """The tokenizer of a file, for pairs of texts: the longer one is cut. Raises LibraryError."""
    from tokenizers import Tokenizer

    try:
        found = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises this very class
        raise LibraryError(f"{path} is damaged: fetch the model again.") from error
    found.enable_truncation(most)
    found.no_padding()
    return found


def prepare(folder: Path, name: str = _FILE, write: Write = write_bert) -> Path:
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


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
