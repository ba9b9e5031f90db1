import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from tests.contracts.embedders import EmbedderContract
from vectorstore.embedding.embedder import (
    Embedder,
    Habits,
    int8_session,
    load_embedder,
    nearness,
    token_ids,
)
from vectorstore.embedding.onnx_export import PACKED_FILE, PackedWeights, write_bert
from vectorstore.errors import LibraryError

PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -3.0),
          ("\u2581Haus", -1.0), ("tür", -2.0), ("H", -9.0), ("ü", -9.0)]  # fmt: skip
WIDTH, INNER, LONGEST = 32, 64, 16
HABITS = Habits("query: ", "passage: ", 0.75)


def packed_model(folder: Path) -> dict[str, Any]:
    """Write a model of one layer with numbers by lot, and return these by their names in BERT."""
    drawn = np.random.default_rng(3)
    tensors: list[tuple[str, str, bytes, int, int]] = []
    truth: dict[str, Any] = {}

    def plain(name: str, to: str, *shape: int) -> None:
        truth[to] = drawn.normal(size=shape).astype("<f4")
        tensors.append((name, to, truth[to].tobytes(), 0, truth[to].size))

    def blocks(name: str, to: str, *shape: int) -> None:
        count = int(np.prod(shape)) // 32
        values = drawn.integers(-8, 8, (count, 32)).astype(np.int8)
        scales = drawn.normal(size=(count, 1)).astype("<f2")
        halves = (values + 8).astype(np.uint8)
        row = np.zeros(count, np.dtype([("scale", "<f2"), ("low", "u1", 16)]))
        row["scale"], row["low"] = scales[:, 0], halves[:, :16] | halves[:, 16:] << 4
        truth[to] = (values * scales.astype(np.float32)).reshape(shape)
        tensors.append((name, to, row.tobytes(), 1, values.size))

    blocks("emb.word", "embeddings.word_embeddings.weight", len(PIECES), WIDTH)
    plain("emb.pos", "embeddings.position_embeddings.weight", LONGEST, WIDTH)
    plain("emb.type", "embeddings.token_type_embeddings.weight", 2, WIDTH)
    plain("emb.ln.w", "embeddings.LayerNorm.weight", WIDTH)
    plain("emb.ln.b", "embeddings.LayerNorm.bias", WIDTH)
    layer = "encoder.layer.0"
    for short, name, rows, columns in [
        ("q", "attention.self.query", WIDTH, WIDTH), ("k", "attention.self.key", WIDTH, WIDTH),
        ("v", "attention.self.value", WIDTH, WIDTH),
        ("ao", "attention.output.dense", WIDTH, WIDTH),
        ("fi", "intermediate.dense", INNER, WIDTH), ("fo", "output.dense", WIDTH, INNER),
    ]:  # fmt: skip
        blocks(f"l0.{short}.w", f"{layer}.{name}.weight", rows, columns)
        plain(f"l0.{short}.b", f"{layer}.{name}.bias", rows)
    for short, name in [("aln", "attention.output.LayerNorm"), ("oln", "output.LayerNorm")]:
        plain(f"l0.{short}.w", f"{layer}.{name}.weight", WIDTH)
        plain(f"l0.{short}.b", f"{layer}.{name}.bias", WIDTH)
    (folder / PACKED_FILE).write_bytes(_file(tensors))
    return truth


def _file(tensors: list[tuple[str, str, bytes, int, int]]) -> bytes:
    words = [word.encode() for word, _ in PIECES]
    ends = np.cumsum([0, *map(len, words)]).astype("<u4")
    head = b"E5S1" + struct.pack("<I7if", 1, WIDTH, 1, 2, INNER, len(PIECES), LONGEST, 2, 1e-12)
    head += struct.pack("<i5iQ", 0, len(PIECES), 0, 2, 1, 3, sum(map(len, words)))
    head += ends.tobytes() + np.array([s for _, s in PIECES], "<f4").tobytes() + b"".join(words)
    normal = struct.pack("<IBI", ord("\u00a0"), 1, ord(" "))
    head += struct.pack("<iI", 1, len(normal)) + normal + struct.pack("<i", len(tensors))
    size = len(head) + sum(2 + len(name) + 1 + 4 + 16 for name, *_ in tensors)
    table, data = b"", b""
    for name, _, content, kind, count in tensors:
        table += struct.pack("<H", len(name)) + name.encode()
        table += struct.pack("<BIQQ", kind, count, size + len(data), len(content))
        data += content
    return head + table + data


def test_the_numbers_are_those_that_were_packed(tmp_path: Path) -> None:
    truth = packed_model(tmp_path)
    found = PackedWeights(tmp_path)
    for name, array in found.weights.items():
        assert array == pytest.approx(truth[name]), name
    values, scales = found.words()
    words = (values * scales.astype(np.float32)).reshape(len(PIECES), WIDTH)
    assert words == pytest.approx(truth["embeddings.word_embeddings.weight"])


def test_the_graph_computes_the_same_as_of_plain_weights(tmp_path: Path) -> None:
    """In a batch of two lengths, so that the mask takes part."""
    import onnxruntime

    packed, plain = tmp_path / "packed", tmp_path / "plain"
    packed.mkdir(), plain.mkdir()
    save_file(packed_model(packed), plain / "model.safetensors")
    (plain / "config.json").write_text(
        '{"hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 1}'
    )
    inputs = {
        "input_ids": np.array([[0, 5, 6, 2], [0, 4, 2, 1]]),
        "attention_mask": np.array([[1, 1, 1, 1], [1, 1, 1, 0]]),
    }
    made = []
    for folder in (packed, plain):
        write_bert(folder, folder / "fp32.onnx")
        session = onnxruntime.InferenceSession(folder / "fp32.onnx")
        made.append(session.run(None, inputs)[0])
    assert made[0] == pytest.approx(made[1], abs=1e-5)


def test_words_are_cut_into_the_most_likely_pieces_of_the_normalised_text(tmp_path: Path) -> None:
    packed_model(tmp_path)
    ids = token_ids(tmp_path)
    assert ids("Haustür\u00a0 Haus") == [0, 5, 6, 5, 2]
    assert ids("Haustu\u0308r") == [0, 5, 6, 2]  # an accent of its own is joined
    assert len(ids("Haus " * 600)) == 512


def test_the_prefixes_of_a_model_stand_before_what_it_reads(tmp_path: Path) -> None:
    packed_model(tmp_path)
    plain, told = load_embedder(tmp_path), load_embedder(tmp_path, 0, Habits("Haus ", "tür "))
    assert told.query("H") == pytest.approx(plain.query("Haus H"))
    assert told.passages(["H"])[0] == pytest.approx(plain.query("tür H"))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    for content, told in [(b"GGUF", "does not begin as one"), (b"E5S1" + b"\x01" * 60, "damaged")]:
        (tmp_path / PACKED_FILE).write_bytes(content)
        with pytest.raises(LibraryError, match=rf"could not be prepared.*e5-small-q4.bin.*{told}"):
            int8_session(tmp_path)


def test_cosines_of_all_models_are_read_on_one_scale(tmp_path: Path) -> None:
    packed_model(tmp_path)
    embedder = load_embedder(tmp_path, 0, HABITS)
    assert nearness(embedder, 0.75) == 0 and nearness(embedder, 1.0) == 1
    assert nearness(load_embedder(tmp_path), 0.31) == 0.31


@pytest.mark.slow
class TestMultilingual(EmbedderContract):
    @pytest.fixture
    def embedder(self, e5: Path) -> Embedder:
        return load_embedder(e5, 0, HABITS)

    def test_a_question_is_near_its_answer_in_another_language(self, embedder: Embedder) -> None:
        asked = embedder.query("Wie viele Urlaubstage habe ich?")
        # Among passages of one language: an unrelated Chinese one may be nearer than an English one
        # that answers (benchmarks/results/languages.md has the shares).
        near, far = embedder.passages([
            "Employees have thirty days of paid leave in a year.",
            "A password has at least fourteen letters.",
        ])  # fmt: skip
        assert asked @ near > asked @ far
