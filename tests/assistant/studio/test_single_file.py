"""Models that are one file: known by their tensors, loaded without a network."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from assistant.errors import ModelUnusable
from assistant.studio import drawing_model
from assistant.studio.canvas import DrawingJob, Watch
from assistant.studio.diffusers_painter import DiffusersPainter
from tests.assistant.studio import ldm, made_models

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

# What their authors publish: the parts of each family in diffusers' form.
PARAMETERS = {
    ("sd1", "unet"): 859_520_964, ("sd2", "unet"): 865_910_724, ("sdxl", "unet"): 2_567_463_684,
    ("sd1", "vae"): 83_653_863, ("sd2", "vae"): 83_653_863, ("sdxl", "vae"): 83_653_863,
    ("sd1", "text_encoder"): 123_060_480, ("sd2", "text_encoder"): 340_387_840,
    ("sdxl", "text_encoder"): 123_060_480, ("sdxl", "text_encoder_2"): 694_659_840,
}  # fmt: skip


def header_only(path: Path, tensors: dict[str, list[int]]) -> Path:
    """A file of zeros."""
    entries, at = {}, 0
    for name, shape in tensors.items():
        size = int(np.prod(shape)) * 2
        entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(entries).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))
    return path


FIRST = {"model.diffusion_model.input_blocks.0.0.weight": [320, 4, 3, 3]}
CROSS = "model.diffusion_model.input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight"
FAMILIES: dict[str, dict[str, list[int]]] = {
    "sd1": {
        **FIRST, CROSS: [320, 768],
        "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight": [77, 768],
    },
    "sd2": {**FIRST, CROSS: [320, 1024]},
    "sdxl": {
        **FIRST, "conditioner.embedders.1.model.transformer.resblocks.9.mlp.c_proj.bias": [1280],
    },
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_is_known_by_its_tensors(family: str, tmp_path: Path) -> None:
    path = header_only(tmp_path / "model.safetensors", FAMILIES[family])
    assert drawing_model.shape_of(path).name == family


@pytest.mark.parametrize(
    "tensors",
    [
        {"double_blocks.0.img_attn.qkv.weight": [8, 8]},
        {"model.diffusion_model.input_blocks.0.0.weight": [320, 9, 3, 3]},
        FIRST,
    ],
    ids=["flux", "inpainting", "without a text encoder"],
)
def test_another_kind_of_file_is_told_what_to_do(
    tensors: dict[str, list[int]], tmp_path: Path
) -> None:
    path = header_only(tmp_path / "model.safetensors", tensors)
    with pytest.raises(ModelUnusable, match=r"model\.safetensors.*model_index\.json"):
        drawing_model.shape_of(path)


@pytest.mark.parametrize("content", [b"", b"no model", b"\xff" * 64])
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelUnusable, match=r"model\.safetensors is no \.safetensors file"):
        drawing_model.shape_of(path)


@pytest.mark.parametrize(("family", "part"), PARAMETERS)
def test_the_shapes_are_those_of_the_families(family: str, part: str) -> None:
    import diffusers
    import transformers

    folder = drawing_model._SHAPES / family / part
    config = drawing_model.read_json(folder / "config.json")
    with torch.device("meta"):
        if part.startswith("text"):
            kind = getattr(transformers, config["architectures"][0])
            made = kind(transformers.CLIPTextConfig.from_pretrained(folder))
        else:
            made = getattr(diffusers, config["_class_name"]).from_config(config)
    assert sum(p.numel() for p in made.parameters()) == PARAMETERS[family, part]


def test_the_tokenizer_is_that_of_clip() -> None:
    """The numbers are those that OpenAI's CLIP gives."""
    told = drawing_model.tokenizers(drawing_model._SHAPES / "sdxl")
    assert told["tokenizer"]("a photo of a cat").input_ids == [
        49406, 320, 1125, 539, 320, 2368, 49407,
    ]  # fmt: skip
    assert told["tokenizer"].pad_token_id == 49407
    assert told["tokenizer_2"].pad_token_id == 0


@pytest.mark.parametrize("kind", ["sd", "sdxl"])
def test_one_file_paints_what_its_folder_paints(kind: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    pipeline = getattr(made_models, kind)()
    folder, beside = tmp_path / "whole", tmp_path / "one"
    pipeline.save_pretrained(folder)
    path = ldm.save(pipeline, tmp_path / "one.safetensors")
    shutil.copytree(folder, beside, ignore=shutil.ignore_patterns("*.safetensors"))
    job = DrawingJob("a red circle", seed=3, steps=3)
    whole = DiffusersPainter(folder).paint(job, Watch()).picture
    single = DiffusersPainter(path).paint(job, Watch()).picture
    assert np.abs(np.asarray(whole, int) - np.asarray(single, int)).max() <= 1


def test_the_family_of_a_file_is_told_by_its_name(tmp_path: Path) -> None:
    path = header_only(tmp_path / "sd_xl_turbo_1.0.safetensors", FAMILIES["sdxl"])
    assert drawing_model.family_of(path).name == "turbo"
