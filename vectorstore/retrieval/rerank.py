"""A learned reader: reads a question and a passage together, and says whether the one is answered.

It is the default embedding model with what was trained on top of it: a low-rank adapter and a head
(scripts/train_reader.py), so that nobody downloads a second model.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any, Protocol

import numpy as np

from ingest.platform.hardware import cores
from vectorstore.embedding import embedder
from vectorstore.embedding.cross_encoders import CrossEncoder
from vectorstore.embedding.onnx_export import write_reader
from vectorstore.retrieval.fusion import Hit

# -- A second look at the best hits: a reranker reads question and passage together

LOOKED_AT = 8  # hits to rerank; each costs time


class Reranker(Protocol):
    """Scores how well each passage answers a question."""

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        """One for each hit; higher is better, on any scale."""
        ...


class CrossEncoderReranker:
    """The cross-encoder of a folder, in ONNX Runtime."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Raises LibraryError where the folder holds none. Nothing is loaded before it is needed,
        and nothing is downloaded: a search makes no connection."""
        self._model = CrossEncoder(folder, threads)

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        """Raises LibraryError when the model cannot be loaded."""
        return self._model.read([(question, f"{hit.document}\n{hit.text}") for hit in hits])


ADAPTER = Path(__file__).with_name("reader.safetensors")
_BASE = "7f13fa25945900f5"  # fingerprint of the embedding model that the adapter was trained on
_FILE = "pincite-reader-0bd065af-int8.onnx"  # the first digits of the adapter's sha256
_QUESTION, _TITLE, _PAIR = 48, 24, 192  # tokens at most, as in training


class Readable(Protocol):
    """A passage or a sentence, and the name of its document."""

    @property
    def document(self) -> str: ...

    @property
    def text(self) -> str: ...


def fits(folder: Path) -> bool:
    """Whether the model of a folder is the one that the adapter was trained on."""
    return embedder.is_quantizable(folder) and embedder.weights_fingerprint(folder) == _BASE


class Reader:
    """The adapter on its embedding model, as int8 ONNX; 10 to 30 ms a passage and core.

    Nothing is computed in the caller's thread, for the reason that `QuantizedEmbedder` gives.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """`folder` must fit. Nothing is loaded before it is needed."""
        self._folder = folder
        self._pool = ThreadPoolExecutor(threads or cores(), "reader")

    def prepare(self) -> None:
        """Write the int8 file into the folder, if it is not there: that takes half a minute, once.

        Raises LibraryError when it cannot be written.
        """
        embedder.prepare_int8_file(self._folder, _FILE, _write)

    def odds(self, question: str, texts: Sequence[Readable]) -> list[float]:
        """The log-odds (natural logarithm) that each text answers the question. Raises
        LibraryError, see `prepare`."""
        session, tokenizer = self._session, self._tokenizer  # loaded here, not by two threads
        return list(self._pool.map(lambda one: _odds(session, tokenizer, question, one), texts))

    @cached_property
    def _session(self) -> Any:
        return embedder.int8_session(self._folder, _FILE, _write)

    @cached_property
    def _tokenizer(self) -> Any:
        found = embedder.model_tokenizer(self._folder)
        found.no_truncation()
        return found


def _odds(session: Any, tokenizer: Any, question: str, read: Readable) -> float:
    found = pair(tokenizer, question, PurePath(read.document).stem, read.text)
    ids, kinds = (np.array([tokens], np.int64) for tokens in found)
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": kinds}
    return float(session.run(None, inputs)[0][0, 0])


def pair(tokenizer: Any, question: str, title: str, text: str) -> tuple[list[int], list[int]]:
    """The tokens of "question [SEP] title [SEP] passage", cut, and which are of the passage (1)."""
    start, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    asked, titled, read = (
        tokenizer.encode(one, add_special_tokens=False).ids for one in (question, title, text)
    )
    first = [start, *asked[:_QUESTION], end]
    second = [*titled[:_TITLE], end] if titled else []
    second += [*read[: _PAIR - len(first) - len(second) - 1], end]
    return first + second, [0] * len(first) + [1] * len(second)


def _write(folder: Path, path: Path) -> None:
    write_reader(folder, ADAPTER, path)
