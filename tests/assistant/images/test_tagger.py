"""A classifier names things on photographs, says nothing of drawings, and compares pictures."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from assistant.errors import ModelUnusable
from assistant.images.vision import COLOURS, Tagging, colours

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def photograph(seed: int = 0) -> Image.Image:
    """Many colours, as a photograph has."""
    random = np.random.default_rng(seed)
    small = Image.fromarray(random.integers(0, 256, (12, 12, 3), np.uint8))
    return small.resize((240, 160), Image.Resampling.BICUBIC)


def drawing() -> Image.Image:
    made = Image.new("RGB", (240, 160), "white")
    ImageDraw.Draw(made).ellipse((40, 20, 140, 120), fill="red")
    return made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny classifier in timm's form, that is sure of what it says."""
    timm = pytest.importorskip("timm")
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(0)
    model = timm.create_model("test_efficientnet", pretrained=False, num_classes=3)
    model.get_classifier().weight.data.mul_(200)
    folder = tmp_path_factory.mktemp("timm")
    save_file(model.state_dict(), folder / "model.safetensors")
    config = {
        "architecture": "test_efficientnet", "num_classes": 3, "num_features": 256,
        "pretrained_cfg": {
            "input_size": [3, 64, 64], "mean": [0.5] * 3, "std": [0.5] * 3,
            "label_names": ["cat, feline", "dog", "boat"],
        },
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_photograph_gets_tags_and_a_drawing_none(folder: Path) -> None:
    tagging = Tagging(folder)
    (first, *_) = tagging.tags(photograph())
    assert first.words in ("cat", "dog", "boat")
    assert first.probability >= 0.25
    assert tagging.tags(drawing()) == ()


def test_colours_tell_photographs_from_drawings() -> None:
    assert colours(photograph()) > COLOURS > colours(drawing())


def test_a_picture_is_most_like_itself(folder: Path) -> None:
    tagging = Tagging(folder)
    vector, words = tagging.features(photograph())
    other, _ = tagging.features(photograph(1))
    smaller, _ = tagging.features(photograph().resize((120, 80)))
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert vector @ smaller > vector @ other
    assert words


def test_another_model_has_another_identity(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / folder.name
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert Tagging(folder).identity != Tagging(copy).identity


@pytest.mark.parametrize("content", [b"\x80\x02 no weights", b""])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "efficientnet-lite0-57934424.pth"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match="pincite models pull efficientnet-lite0"):
        Tagging(path).tags(photograph())


def test_a_file_of_an_unknown_kind_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "other.pth").write_bytes(b"\x80\x02")
    with pytest.raises(ModelUnusable, match=r"not known what kind of model other\.pth is"):
        Tagging(tmp_path / "other.pth").tags(photograph())
