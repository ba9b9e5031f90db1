"""Which files of a folder are the model, and how large it is."""

import shutil
from pathlib import Path

import pytest

from assistant.errors import ModelUnusable
from assistant.studio import drawing_model

pytestmark = pytest.mark.slow  # a real pipeline is made for them


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny, tmp_path / "model")
    return tmp_path / "model"


def test_the_parts_that_are_loaded_are_counted(folder: Path, pipeline: object) -> None:
    parts = [getattr(pipeline, name) for name in ("unet", "vae", "text_encoder")]
    numbers = sum(p.numel() for part in parts for p in part.parameters())
    assert drawing_model.parameter_count(folder) == numbers
    assert {path.parent.name for path in drawing_model.weight_files(folder)} == {
        "unet",
        "vae",
        "text_encoder",
    }


def test_of_several_forms_the_whole_and_safe_one_is_taken(folder: Path) -> None:
    whole = folder / "unet" / "diffusion_pytorch_model.safetensors"
    shutil.copy(whole, whole.with_name("diffusion_pytorch_model.fp16.safetensors"))
    shutil.copy(whole, whole.with_name("diffusion_pytorch_model.bin"))
    assert [p for p in drawing_model.weight_files(folder) if p.parent.name == "unet"] == [whole]
    assert drawing_model.weights_variant(folder) is None


def test_a_folder_of_half_precision_alone_is_known(folder: Path) -> None:
    for path in folder.rglob("*.safetensors"):
        path.rename(path.with_name(f"{path.stem}.fp16.safetensors"))
    assert drawing_model.weights_variant(folder) == "fp16"


def test_a_folder_without_weights_is_told(folder: Path) -> None:
    for path in folder.rglob("*.safetensors"):
        path.unlink()
    with pytest.raises(ModelUnusable, match="holds no weights"):
        drawing_model.weight_files(folder)
    (folder / "model_index.json").write_text("{")
    with pytest.raises(ModelUnusable, match=r"model_index\.json cannot be read"):
        drawing_model.weight_files(folder)


@pytest.mark.parametrize("said", [b"[1]", b'{"a": 1}', b'{"a": {"shape": 1}}', b"[" * 99_999])
def test_a_file_with_another_header_is_told(tmp_path: Path, said: bytes) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(said).to_bytes(8, "little") + said)
    with pytest.raises(ModelUnusable, match=r"a\.safetensors is no \.safetensors file, or damaged"):
        drawing_model.shapes(path)


def test_a_file_that_ends_too_early_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    said = b'{"a": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}'
    path.write_bytes(len(said).to_bytes(8, "little") + said + bytes(16))
    assert drawing_model.shapes(path) == {"a": (2, 2)}
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ModelUnusable, match=r"a\.safetensors is no \.safetensors file, or damaged"):
        drawing_model.shapes(path)
