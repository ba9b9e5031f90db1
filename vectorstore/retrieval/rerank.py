"""Models that read a question and a passage together and say how well the one is answered: a
reranker that people choose, and the learned reader that Pincite comes with."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path, PurePath
from typing import Any, Protocol

import numpy as np

from ingest.platform.hardware import cores
from ingest.platform.process import require, wait_calmly
from vectorstore.embedding import embedder
from vectorstore.embedding.classifier_folder import onnx_file, ranks, read_json
from vectorstore.embedding.onnx_export import write_reader
from vectorstore.errors import LibraryError
from vectorstore.retrieval.fusion import Hit

# -- A second look at the best hits: a reranker reads question and passage together

LOOKED_AT = 8  # hits to rerank; each costs time
_MOST = 512  # tokens that a cross-encoder reads of a pair; the longer text is cut
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Reranker(Protocol):
    """Scores how well each passage answers a question."""

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        """One for each hit; higher is better, on any scale."""
        ...


class CrossEncoder:
    """The cross-encoder of a folder: in ONNX Runtime, a thread a pair, else in torch.

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

    def scores(self, question: str, hits: Sequence[Hit]) -> list[float]:
        """Raises LibraryError when the model cannot be loaded."""
        return self.read([(question, f"{hit.document}\n{hit.text}") for hit in hits])

    def read(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
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
    told = read_json(folder / "tokenizer_config.json").get("model_max_length") or _MOST
    positions = read_json(folder / "config.json").get("max_position_embeddings") or _MOST
    return int(min(told, positions, _MOST))


def _score(session: Any, tokenizer: Any, pair: tuple[str, str]) -> float:
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


# -- The learned reader: the default embedding model with what was trained on top of it, a low-rank
# adapter and a head (scripts/train_reader.py), so that nobody downloads a second model

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
