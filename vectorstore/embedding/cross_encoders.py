"""A cross-encoder reads pairs of texts: in ONNX Runtime, or in torch without an ONNX file."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ingest.platform.hardware import cores
from ingest.platform.process import require, wait_calmly
from vectorstore.embedding import embedder
from vectorstore.embedding.classifier_folder import headed, onnx_file, ranks, read_json
from vectorstore.errors import LibraryError

Array = NDArray[np.float32]
Pair = tuple[str, str]
MOST = 512  # tokens of a pair; the longer text is cut
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


@dataclass(frozen=True)
class _Model:
    """A loaded model: the inputs that it takes, each of the shape (1, tokens), and its output."""

    inputs: Sequence[str]
    run: Callable[[Mapping[str, Any]], Array]


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
        if headed(self._folder):
            scores = self._pool.submit(self._with_head.predict, list(pairs)).result()
            return [float(np.ravel(score)[0]) for score in scores]
        loaded = self._model, self._tokenizer  # here, not by two threads
        return list(self._pool.map(lambda pair: _score(*loaded, pair), pairs))

    def prepare(self) -> None:
        """Load the model. Raises LibraryError."""
        self.read([("a", "b")])

    @cached_property
    def _model(self) -> _Model:
        if path := onnx_file(self._folder):
            session = embedder.open_session(path)
            names = [one.name for one in session.get_inputs()]
            return _Model(names, lambda inputs: session.run(None, inputs)[0][0])
        import_torch(self._folder)
        return _in_torch(self._folder)

    @cached_property
    def _with_head(self) -> Any:
        """A cross-encoder of sentence-transformers with modules of its own as a head."""
        import_torch(self._folder)
        import torch
        from sentence_transformers import CrossEncoder as WithHead

        return _loaded(
            self._folder,
            lambda: WithHead(
                str(self._folder), local_files_only=True, max_length=_most(self._folder),
                activation_fn=torch.nn.Identity(), model_kwargs={"use_safetensors": True},
            ),
        )  # fmt: skip

    @cached_property
    def _tokenizer(self) -> Any:
        path = self._folder / "tokenizer.json"
        if not path.exists():
            raise LibraryError(
                f"{self._folder} has no tokenizer.json: fetch it from where the model came from."
            )
        return embedder.pair_tokenizer(path, _most(self._folder))


def import_torch(folder: Path) -> None:
    """Raises LibraryError without the extra that runs a model without an ONNX file."""
    require(
        "embedders", "torch", "transformers", "sentence_transformers",
        to=f"use {folder.name}, which has no ONNX file", error=LibraryError,
    )  # fmt: skip
    wait_calmly()


def _in_torch(folder: Path) -> _Model:
    """Weights come from safetensors alone: a pickle can hold programs."""
    import torch
    import transformers

    loader: Any = transformers.AutoModelForSequenceClassification
    model = _loaded(
        folder,
        lambda: loader.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
        ),
    ).eval()

    def run(inputs: Mapping[str, Any]) -> Array:
        with torch.inference_mode():
            found = model(**{name: torch.from_numpy(array) for name, array in inputs.items()})
        return np.asarray(found.logits[0], np.float32)

    taken = inspect.signature(model.forward).parameters
    return _Model([name for name in _INPUTS if name in taken], run)


def _loaded(folder: Path, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (OSError, ValueError, RuntimeError, ImportError, KeyError) as error:
        why = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise LibraryError(
            f"The model in {folder} could not be loaded: {why}. Check that the folder is complete."
        ) from error


def _most(folder: Path) -> int:
    told = read_json(folder / "tokenizer_config.json").get("model_max_length") or MOST
    positions = read_json(folder / "config.json").get("max_position_embeddings") or MOST
    return int(min(told, positions, MOST))


def _score(model: _Model, tokenizer: Any, pair: Pair) -> float:
    encoded = tokenizer.encode(*pair)
    told = dict(zip(_INPUTS, (encoded.ids, encoded.attention_mask, encoded.type_ids), strict=True))
    try:
        inputs = {name: np.array([told[name]], np.int64) for name in model.inputs}
    except KeyError as error:
        raise LibraryError(
            f"The model's ONNX file wants {error}, which texts do not give."
        ) from error
    return float(model.run(inputs)[0])
