import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.contracts.embedders import EmbedderContract, WordHashes
from tests.fakes import WordEmbedder
from vectorstore.embedding.embedder import (
    Embedder,
    QuantizedEmbedder,
    SentenceTransformerEmbedder,
    int8_session,
    load_embedder,
    model_tokenizer,
)
from vectorstore.embedding.onnx_export import write_bert
from vectorstore.errors import LibraryError

TEXTS = [
    "Employees have thirty days of paid leave in a year.",
    "How many holidays do we get?",
    "A password has at least fourteen letters, and is never written down.",
    "Revenue grew by 12.5 % to €4.2 million in the first quarter of 2026.",
    "Ein Satz auf Deutsch über Urlaub und Überstunden.",
    "x",
    "word " * 600,  # longer than the model reads
]


class TestWordEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return WordEmbedder(("leave", "password", "revenue"))


class TestWordHashes(EmbedderContract):
    @pytest.fixture
    def embedder(self) -> Embedder:
        return WordHashes()


@pytest.mark.slow
class TestQuantizedEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, minilm: Path) -> Embedder:
        return load_embedder(minilm)


@pytest.mark.slow
class TestSentenceTransformerEmbedder(EmbedderContract):
    @pytest.fixture
    def embedder(self, minilm: Path) -> Embedder:
        return SentenceTransformerEmbedder(minilm)


def test_the_fake_counts_words() -> None:
    words = WordEmbedder(words=("leave", "travel"))
    assert words.query("Leave! Leave?").tolist() == [1, 0, 0]
    assert words.query("leave, travel") == pytest.approx([0.7071, 0.7071, 0], abs=1e-4)
    assert words.query("none of them").tolist() == [0, 0, 1]


def test_a_folder_without_a_model_is_refused_with_the_command_that_gets_one(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"no config\.json.*pincite models pull"):
        load_embedder(tmp_path)


def test_a_folder_that_cannot_be_written_is_named_and_logging_stays_as_it_was(
    tmp_path: Path,
) -> None:
    before = logging.getLogger().level
    with pytest.raises(LibraryError, match=r"model in .*gone could not be prepared there: No such"):
        int8_session(tmp_path / "gone")
    assert logging.getLogger().level == before


@pytest.mark.slow
def test_minilm_is_run_quantized_and_says_so(minilm: Path) -> None:
    embedder = load_embedder(minilm)
    assert isinstance(embedder, QuantizedEmbedder)
    assert embedder.identity.startswith("all-minilm-l6-v2:")
    assert embedder.identity.endswith(":int8")


@pytest.mark.slow
def test_the_quantized_vectors_are_those_of_sentence_transformers(minilm: Path) -> None:
    plain = SentenceTransformerEmbedder(minilm)
    cosines = (plain.passages(TEXTS) * load_embedder(minilm).passages(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.98


@pytest.mark.slow
def test_the_graph_computes_what_sentence_transformers_computes(
    minilm: Path, tmp_path: Path
) -> None:
    """In one batch, so that the mask of shorter texts takes part."""
    import onnxruntime

    write_bert(minilm, tmp_path / "fp32.onnx")
    tokenizer = model_tokenizer(minilm)
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(TEXTS)
    inputs = {
        "input_ids": np.array([text.ids for text in encoded]),
        "attention_mask": np.array([text.attention_mask for text in encoded]),
    }
    session = onnxruntime.InferenceSession(tmp_path / "fp32.onnx")
    expected = SentenceTransformerEmbedder(minilm).passages(TEXTS)
    assert session.run(None, inputs)[0] == pytest.approx(expected, abs=1e-5)


def test_a_damaged_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(LibraryError, match=r"could not be prepared.*safetensors is damaged"):
        int8_session(tmp_path)


PARTS = ("attention.self.query", "attention.self.key", "attention.self.value",
         "attention.output.dense", "intermediate.dense", "output.dense")  # fmt: skip
NORMS = ("embeddings.LayerNorm", *(f"encoder.layer.0.{one}.LayerNorm"
                                   for one in ("attention.output", "output")))  # fmt: skip
SMALL = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}


def small_bert(folder: Path, config: dict[str, object]) -> None:
    """A model of one layer with weights by lot."""
    drawn = np.random.default_rng(7)
    shapes = {f"embeddings.{name}_embeddings.weight": (9, 8)
              for name in ("word", "token_type", "position")}  # fmt: skip
    for name in (*NORMS, *(f"encoder.layer.0.{part}" for part in PARTS)):
        shapes[f"{name}.weight"] = (8,) if name in NORMS else (8, 8)
        shapes[f"{name}.bias"] = (8,)
    weights = {name: drawn.normal(size=shape).astype("f4") for name, shape in shapes.items()}
    save_file(weights, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config))


def vectors(model: Path) -> Any:
    import onnxruntime

    ids = np.array([[1, 2, 3], [4, 5, 6]])
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
    return onnxruntime.InferenceSession(model).run(None, inputs)[0]


def test_what_a_configuration_does_not_say_is_as_in_bert(tmp_path: Path) -> None:
    small_bert(tmp_path, SMALL)
    write_bert(tmp_path, tmp_path / "a.onnx")
    small_bert(tmp_path, {**SMALL, "layer_norm_eps": 1e-12})
    write_bert(tmp_path, tmp_path / "b.onnx")
    assert vectors(tmp_path / "a.onnx") == pytest.approx(vectors(tmp_path / "b.onnx"))


@pytest.mark.parametrize(("config", "told"), [
    ({**SMALL, "num_hidden_layers": 2}, r"has no 'encoder\.layer\.1\..*weight', which its config"),
    ({**SMALL, "num_attention_heads": "2"}, r"config\.json is damaged"),
])  # fmt: skip
def test_a_model_that_does_not_fit_its_configuration_is_named(
    tmp_path: Path, config: dict[str, object], told: str
) -> None:
    small_bert(tmp_path, config)
    with pytest.raises(LibraryError, match=rf"could not be prepared there: .*{told}"):
        int8_session(tmp_path)


@pytest.mark.slow
def test_the_quantized_file_is_made_once(minilm: Path) -> None:
    load_embedder(minilm)
    made = (minilm / "pincite-int8.onnx").stat().st_mtime_ns
    assert load_embedder(minilm).identity == load_embedder(minilm).identity
    assert (minilm / "pincite-int8.onnx").stat().st_mtime_ns == made
