"""What a folder holds is told by its config.json, and what is none is said in a sentence."""

import json
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelUnusable
from assistant.images.vision_models import gguf_pair, kind_of


def folder(path: Path, **config: Any) -> Path:
    (path / "config.json").write_text(json.dumps(config))
    return path


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({"architectures": ["BlipForConditionalGeneration"], "model_type": "blip"}, "blip"),
        ({"architectures": ["BlipForQuestionAnswering"], "model_type": "blip"}, "blip-questions"),
        ({"model_type": "florence2"}, "florence"),
        ({"architectures": ["VisionEncoderDecoderModel"]}, "encoder-decoder"),
    ],
)
def test_the_class_in_the_config_decides(tmp_path: Path, config: Any, kind: str) -> None:
    assert kind_of(folder(tmp_path, **config)) == kind


@pytest.mark.slow  # loads transformers
@pytest.mark.parametrize("model_type", ["smolvlm", "idefics3", "qwen3_vl", "qwen2_5_vl"])
def test_models_that_converse_about_pictures_are_known(tmp_path: Path, model_type: str) -> None:
    assert kind_of(folder(tmp_path, model_type=model_type)) == "chat"


@pytest.mark.slow
def test_a_model_of_words_alone_is_refused_by_its_type(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"bert.*does not describe pictures"):
        kind_of(folder(tmp_path, model_type="bert"))


def test_a_model_with_a_program_of_its_own_is_not_run(tmp_path: Path) -> None:
    config = {"auto_map": {"AutoModel": "evil.Model"}, "model_type": "florence2"}
    with pytest.raises(ModelUnusable, match="a program of its own, which is not run"):
        kind_of(folder(tmp_path, **config))


def test_a_damaged_config_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelUnusable, match=r"config\.json is damaged"):
        kind_of(tmp_path)


def test_a_folder_without_a_config_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"its config\.json cannot be read"):
        kind_of(tmp_path)


def test_a_gguf_needs_its_projector_and_no_second_one(tmp_path: Path) -> None:
    for name in ("mmproj-a.gguf", "model.gguf"):
        (tmp_path / name).touch()
    assert kind_of(tmp_path) == "gguf"
    assert [path.name for path in gguf_pair(tmp_path)] == ["model.gguf", "mmproj-a.gguf"]
    (tmp_path / "mmproj-b.gguf").touch()
    with pytest.raises(ModelUnusable, match="holds 1 and 2"):
        gguf_pair(tmp_path)
