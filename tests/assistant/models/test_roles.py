import json
import struct
from pathlib import Path

import pytest

from assistant.models.catalogue import Role, found_below, role_of

GGUF = b"GGUF\x03\x00\x00\x00"


def put(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(GGUF if path.suffix == ".gguf" else b"{}")
    return folder


def safetensors(path: Path) -> Path:
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    return path


@pytest.mark.parametrize(
    ("names", "role"),
    [
        (("modules.json", "config.json"), "embedding"),
        (("model.bin", "config.json", "preprocessor_config.json"), "speech"),
        (("model_index.json", "unet/config.json"), "drawing"),
        (("config.json", "preprocessor_config.json", "model.safetensors"), None),
        (("SmolVLM.gguf", "mmproj-SmolVLM.gguf"), "vision"),
        (("en-joe.onnx", "en-joe.onnx.json"), "voice"),
        (("config.json",), None),
        (("mmproj-alone.gguf",), None),
    ],
)
def test_a_folder_is_known_by_what_it_holds(
    tmp_path: Path, names: tuple[str, ...], role: Role | None
) -> None:
    assert role_of(put(tmp_path, *names)) == role


def test_a_classifier_of_timm_names_its_architecture(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"architecture": "tf_efficientnet_lite0"}')
    assert role_of(tmp_path) == "tags"


@pytest.mark.parametrize(
    ("config", "role"),
    [
        ({"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a"}}, "reranker"),
        ({"architectures": ["DebertaV2ForSequenceClassification"]}, None),
        ({"architectures": ["BertForTokenClassification"],
          "id2label": {"0": "O", "1": "B-PER", "2": "I-PER"}}, None),
    ],
)  # fmt: skip
def test_a_classifier_of_texts_is_known_by_its_labels(
    tmp_path: Path, config: dict[str, object], role: Role | None
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text(json.dumps(config))
    assert role_of(tmp_path / "mine") == role
    assert list(found_below(tmp_path)) == ([(role, tmp_path / "mine")] if role else [])


def test_a_cross_encoder_of_sentence_transformers_is_no_embedding_model(tmp_path: Path) -> None:
    modules = [{"path": "", "type": "st.Transformer"}, {"path": "1", "type": "st.Pooling"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "config.json").write_text('{"architectures": ["ModernBertModel"]}')
    assert role_of(tmp_path) == "embedding"
    told = '{"model_type": "CrossEncoder"}'
    (tmp_path / "config_sentence_transformers.json").write_text(told)
    assert role_of(tmp_path) == "reranker"


def test_a_single_file_can_draw_but_pickled_weights_are_never_opened(tmp_path: Path) -> None:
    assert role_of(safetensors(tmp_path / "dreams.safetensors")) == "drawing"
    (tmp_path / "dreams.ckpt").write_bytes(b"\x80\x02}q\x00.")
    assert role_of(tmp_path / "dreams.ckpt") is None


def test_parts_of_a_model_are_no_models(tmp_path: Path) -> None:
    put(tmp_path / "sd", "model_index.json", "feature_extractor/preprocessor_config.json",
        "feature_extractor/config.json")  # fmt: skip
    put(tmp_path / "seeing", "Qwen-VL.gguf", "mmproj-Qwen-VL.gguf")
    put(tmp_path, "chat.gguf")
    safetensors(tmp_path / "sd" / "unet.safetensors")
    found = {(role, path.name) for role, path in found_below(tmp_path)}
    assert found == {("drawing", "sd"), ("vision", "seeing"), ("chat", "chat.gguf")}
