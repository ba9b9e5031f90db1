""""""

import json
from pathlib import Path
from typing import Any

import pytest

from vectorstore.embedding.classifier_folder import onnx_file, ranks
from vectorstore.errors import LibraryError
from vectorstore.retrieval.rerank import CrossEncoder

SEQUENCES = "BertForSequenceClassification"


def put(folder: Path, architecture: str, labels: list[str] | None = None) -> Path:
    config: dict[str, Any] = {"architectures": [architecture]}
    if labels is not None:
        config["id2label"] = dict(enumerate(labels))
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("architecture", "labels", "wanted"),
    [
        (SEQUENCES, ["LABEL_0"], True),
        (SEQUENCES, None, False),  # transformers does not write two labels without names
        (SEQUENCES, ["POSITIVE", "NEGATIVE"], False),
        ("BertForTokenClassification", ["O"], False),
    ],
)
def test_a_cross_encoder_is_known_by_its_one_label(
    tmp_path: Path, architecture: str, labels: list[str] | None, wanted: bool
) -> None:
    assert ranks(put(tmp_path, architecture, labels)) == wanted


@pytest.mark.parametrize("config", ["", "{", "[]", '{"architectures": ["BertForMaskedLM"]}'])
def test_what_classifies_nothing_is_no_cross_encoder(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    assert not ranks(tmp_path)


def test_the_usual_onnx_file_is_taken_and_of_others_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model_qint8.onnx").touch()
    assert onnx_file(tmp_path) == tmp_path / "onnx" / "model_qint8.onnx"
    (tmp_path / "onnx" / "model_fp16.onnx").touch()
    assert onnx_file(tmp_path) is None  # nobody says which one
    (tmp_path / "onnx" / "model.onnx").touch()
    assert onnx_file(tmp_path) == tmp_path / "onnx" / "model.onnx"


def test_a_damaged_onnx_file_is_named(tmp_path: Path) -> None:
    (put(tmp_path, SEQUENCES, ["LABEL_0"]) / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(LibraryError, match=r"model\.onnx cannot be run"):
        CrossEncoder(tmp_path).prepare()
