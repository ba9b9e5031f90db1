"""A cross-encoder reads pairs of texts: in ONNX Runtime, or in torch without an ONNX file."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ingest.platform.hardware import cores
from ingest.platform.process import require, wait_calmly
from vectorstore.embedding import embedder
from vectorstore.embedding.classifier_folder import onnx_file, ranks, read_json
from vectorstore.errors import LibraryError

Pair = tuple[str, str]
MOST = 512  # tokens of a pair; the longer text is cut
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class CrossEncoder:
    """The cross-encoder of a folder; with an ONNX file a thread a pair.

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
        if onnx_file(self._folder) is None:
            scores = self._pool.submit(self._in_torch.predict, list(pairs)).result()
            return [float(np.ravel(score)[0]) for score in scores]
        model = self._session, self._tokenizer  # here, not by two threads
        return list(self._pool.map(lambda pair: _score(*model, pair), pairs))

    def prepare(self) -> None:
        """Load the model. Raises LibraryError."""
        self.read([("a", "b")])

    @cached_property
    def _session(self) -> Any:
        path = onnx_file(self._folder)
        assert path is not None
        return embedder.open_session(path)

    @cached_property
    def _in_torch(self) -> Any:
        """Also with a head in modules of its own. Weights come from safetensors alone: a pickle can
        hold programs."""
        import_torch(self._folder)
        import torch
        from sentence_transformers import CrossEncoder as InTorch

        try:
            return InTorch(
                str(self._folder), local_files_only=True, max_length=_most(self._folder),
                activation_fn=torch.nn.Identity(),
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )  # fmt: skip
        except (OSError, ValueError, RuntimeError, ImportError, KeyError) as error:
            why = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
            raise LibraryError(
                f"The model in {self._folder} could not be loaded: {why}. Check that the folder is"
                " complete."
            ) from error

    @cached_property
    def _tokenizer(self) -> Any:
        path = self._folder / "tokenizer.json"
        if not path.exists():
            raise LibraryError(
                f"{self._folder} has no tokenizer.json: fetch it from where the model came from."
            )
        return embedder.open_tokenizer(path, _most(self._folder))


def import_torch(folder: Path) -> None:
    """Raises LibraryError without the extra that runs a model without an ONNX file."""
    require(
        "embedders", "torch", "transformers", "sentence_transformers",
        to=f"use {folder.name}, which has no ONNX file", error=LibraryError,
    )  # fmt: skip
    wait_calmly()


def _most(folder: Path) -> int:
    told = read_json(folder / "tokenizer_config.json").get("model_max_length") or MOST
    positions = read_json(folder / "config.json").get("max_position_embeddings") or MOST
    return int(min(told, positions, MOST))


def _score(session: Any, tokenizer: Any, pair: Pair) -> float:
    encoded = tokenizer.encode(*pair)
    told = dict(zip(_INPUTS, (encoded.ids, encoded.attention_mask, encoded.type_ids), strict=True))
    try:
        wanted = [one.name for one in session.get_inputs()]
        inputs = {name: np.array([told[name]], np.int64) for name in wanted}
    except KeyError as error:
        raise LibraryError(
            f"The model's ONNX file wants {error}, which texts do not give."
        ) from error
    return float(session.run(None, inputs)[0][0][0])
