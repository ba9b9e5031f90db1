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
from vectorstore.embedding import onnx_int8
from vectorstore.embedding.bert_graph import write_reader
from vectorstore.retrieval.hit import Hit
from vectorstore.retrieval.reranker import reordered

ADAPTER = Path(__file__).with_name("reader.safetensors")
_BASE = "7f13fa25945900f5"  # fingerprint of the embedding model that the adapter was trained on
_FILE = "pincite-reader-0bd065af-int8.onnx"  # the first digits of the adapter's sha256
_NOISE = 0.01  # of a score: a smaller deviation says nothing
_QUESTION, _TITLE, _PAIR = 48, 24, 192  # tokens at most, as in training


class Readable(Protocol):
    """A passage or a sentence, and the name of its document."""

    @property
    def document(self) -> str: ...

    @property
    def text(self) -> str: ...


class Reader(Protocol):
    """Says how likely each text answers a question."""

    def odds(self, question: str, texts: Sequence[Readable]) -> list[float]:
        """The log-odds (natural logarithm) that each text answers the question."""


def fits(folder: Path) -> bool:
    """Whether the model of a folder is the one that the adapter was trained on."""
    return onnx_int8.fits(folder) and onnx_int8.fingerprint(folder) == _BASE


class AdaptedReader:
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
        onnx_int8.prepare(self._folder, _FILE, _write)

    def odds(self, question: str, texts: Sequence[Readable]) -> list[float]:
        """Raises LibraryError, see `prepare`."""
        session, tokenizer = self._session, self._tokenizer  # loaded here, not by two threads
        return list(self._pool.map(lambda one: _odds(session, tokenizer, question, one), texts))

    @cached_property
    def _session(self) -> Any:
        return onnx_int8.session(self._folder, _FILE, _write)

    @cached_property
    def _tokenizer(self) -> Any:
        found = onnx_int8.tokenizer(self._folder)
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


def reread(hits: Sequence[Hit], odds: Sequence[float]) -> list[Hit]:
    """The hits in the order of search and reader together, which weigh the same."""
    if len(hits) < 2:
        return list(hits)
    scores = _standardised([hit.score for hit in hits]) + _standardised(odds)
    return reordered(hits, list(scores))


def _standardised(values: Sequence[float]) -> Any:
    """Mean 0 and deviation 1, or less where there is hardly a difference."""
    array = np.asarray(values, float)
    return (array - array.mean()) / max(array.std(), _NOISE)
