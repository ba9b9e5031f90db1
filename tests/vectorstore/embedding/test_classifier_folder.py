""""""

import json
from pathlib import Path
from typing import Any

import pytest

from vectorstore.embedding.classifier_folder import classifier_of, onnx_file
from vectorstore.embedding.cross_encoders import PairClassifier
from vectorstore.errors import LibraryError

SEQUENCES, TOKENS = "BertForSequenceClassification", "ModernBertForTokenClassification"


def put(folder: Path, architecture: str, labels: list[str] | None = None) -> Path:
    config: dict[str, Any] = {"architectures": [architecture]}
    if labels is not None:
        config["id2label"] = dict(enumerate(labels))
    (folder / "config.json").write_text(json.dumps(config))
    return folder


@pytest.mark.parametrize(
    ("architecture", "labels", "ranks", "telling"),
    [
        (SEQUENCES, ["LABEL_0"], True, None),
        (SEQUENCES, None, False, 1),  # transformers does not write two labels without names
        (SEQUENCES, ["contradiction", "entailment", "neutral"], False, 1),
        (SEQUENCES, ["Supported", "Unsupported"], False, 0),
        (SEQUENCES, ["POSITIVE", "NEGATIVE"], False, None),
        (TOKENS, None, False, 1),
        (TOKENS, ["hallucinated", "supported"], False, 0),
        (TOKENS, ["O", "B-PER", "I-PER"], False, None),
    ],
)
def test_a_classifier_is_known_by_its_labels(
    tmp_path: Path, architecture: str, labels: list[str] | None, ranks: bool, telling: int | None
) -> None:
    found = classifier_of(put(tmp_path, architecture, labels))
    assert found is not None
    assert (found.ranks, found.telling, found.checks) == (ranks, telling, telling is not None)


@pytest.mark.parametrize("config", ["", "{", "[]", '{"architectures": ["BertForMaskedLM"]}'])
def test_what_classifies_nothing_is_no_classifier(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)
    assert classifier_of(tmp_path) is None
    with pytest.raises(LibraryError, match="holds no classifier"):
        PairClassifier(tmp_path)


def test_the_usual_onnx_file_is_taken_and_of_others_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx" / "model_qint8.onnx").touch()
    assert onnx_file(tmp_path) == tmp_path / "onnx" / "model_qint8.onnx"
    (tmp_path / "onnx" / "model_fp16.onnx").touch()
    assert onnx_file(tmp_path) is None  # nobody says which one
    (tmp_path / "onnx" / "model.onnx").touch()
    assert onnx_file(tmp_path) == tmp_path / "onnx" / "model.onnx"


def test_a_damaged_onnx_file_is_named(tmp_path: Path) -> None:
    (put(tmp_path, SEQUENCES) / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(LibraryError, match=r"model\.onnx cannot be run"):
        PairClassifier(tmp_path).prepare()
