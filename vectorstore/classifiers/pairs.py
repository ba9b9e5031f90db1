"""A classifier that reads pairs of texts, in ONNX Runtime; torch only writes its file, once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.platform.hardware import cores
from vectorstore.classifiers.export import export
from vectorstore.classifiers.folder import (
    EXPORTED,
    Classifier,
    headed,
    look,
    onnx_file,
    read_json,
)
from vectorstore.classifiers.head import read_head
from vectorstore.embedding import onnx_int8
from vectorstore.errors import LibraryError

Pair = tuple[str, str]  # an empty first text: the second one alone
MOST = 512  # tokens of a pair; the longer text is cut


@dataclass(frozen=True)
class Logits:
    """What a model says of a pair."""

    values: NDArray[np.float32]  # of shape (labels,), or (tokens, labels)
    spans: tuple[tuple[int, int], ...]  # of each token in the second text; (0, 0) elsewhere


class PairClassifier:
    """The classifier of a folder, in its own precision; a thread a pair.

    Nothing is computed in the caller's thread, for the reason that `QuantizedEmbedder` gives.
    """

    def __init__(self, folder: Path, threads: int = 0) -> None:
        """Nothing is loaded before it is needed. Raises LibraryError where it is no classifier."""
        found = look(folder)
        if found is None:
            raise LibraryError(
                f"{folder} holds no classifier that Pincite knows: its config.json has to name one "
                "for sequences or tokens. Choose another folder with `pincite models use`."
            )
        self.classifier: Classifier = found
        self._folder = folder
        self._pool = ThreadPoolExecutor(threads or cores(), "pairs")

    def read(self, pairs: Sequence[Pair]) -> list[Logits]:
        """Raises LibraryError when the model cannot be loaded."""
        if not pairs:
            return []
        loaded = self._session, self._tokenizer, self._head  # here, not by two threads
        return list(self._pool.map(lambda pair: _logits(*loaded, pair), pairs))

    def prepare(self) -> None:
        """Load the model, and write its ONNX file where there is none. Raises LibraryError."""
        self.read([("a", "b")])

    @cached_property
    def _session(self) -> Any:
        path = onnx_file(self._folder)
        return onnx_int8.open_session(path or export(self._folder, self.classifier) / "model.onnx")

    @cached_property
    def _tokenizer(self) -> Any:
        names = (self._folder, self._folder / EXPORTED)
        found = next((f for folder in names if (f := folder / "tokenizer.json").exists()), None)
        if found is None:
            raise LibraryError(
                f"{self._folder} has no tokenizer.json: fetch it from where the model came from."
            )
        return onnx_int8.pair_tokenizer(found, _most(self._folder))

    @cached_property
    def _head(self) -> Any:
        return read_head(self._folder) if headed(self._folder) else None


def _most(folder: Path) -> int:
    told = read_json(folder / "tokenizer_config.json").get("model_max_length") or MOST
    positions = read_json(folder / "config.json").get("max_position_embeddings") or MOST
    return int(min(told, positions, MOST))


def _logits(session: Any, tokenizer: Any, head: Any, pair: Pair) -> Logits:
    encoded = tokenizer.encode(*filter(None, pair))
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
    second = 1 if pair[0] else 0
    spans = tuple(
        span if sequence == second else (0, 0)
        for span, sequence in zip(encoded.offsets, encoded.sequence_ids, strict=True)
    )
    return Logits(np.asarray(head(found) if head else found, np.float32), spans)
