import logging
from pathlib import Path

import numpy as np
import pytest

from tests.fakes import WordEmbedder
from vectorstore.embedding import onnx_int8
from vectorstore.embedding.bert_graph import write_bert
from vectorstore.embedding.embedder import (
    Embedder,
    QuantizedEmbedder,
    SentenceTransformerEmbedder,
    load_embedder,
)
from vectorstore.errors import LibraryError
from vectorstore.testing import EmbedderContract, WordHashes

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
        onnx_int8.session(tmp_path / "gone")
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
    tokenizer = onnx_int8.tokenizer(minilm)
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
        onnx_int8.session(tmp_path)


@pytest.mark.slow
def test_the_quantized_file_is_made_once(minilm: Path) -> None:
    load_embedder(minilm)
    made = (minilm / "pincite-int8.onnx").stat().st_mtime_ns
    assert load_embedder(minilm).identity == load_embedder(minilm).identity
    assert (minilm / "pincite-int8.onnx").stat().st_mtime_ns == made
