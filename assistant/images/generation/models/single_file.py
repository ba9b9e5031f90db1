"""Models that are one .safetensors file. Such a file has the weights alone: how its parts are made
and the words of its tokenizer come from a folder beside it, or from what is kept here of the
families whose parts are the same in every file (`shapes/`)."""

import gzip
from functools import cache
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnusable
from assistant.images.generation.models.weights import INDEX, read_json, shapes

_SHAPES = Path(__file__).with_name("shapes")
# By what a file is known, as in diffusers/loaders/single_file_utils.py:
_UNET = "model.diffusion_model."
_FIRST = f"{_UNET}input_blocks.0.0.weight"
_CROSS = f"{_UNET}input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight"
_OF_XL = "conditioner.embedders.1.model.transformer.resblocks.9.mlp.c_proj.bias"
_OF_V1 = "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight"
_CONTEXT_V2 = 1024  # numbers of a word, where the text encoder is OpenCLIP's


def shape_of(path: Path) -> Path:
    """The folder that says how the parts of a single file are made.

    Raises ModelUnusable for a file that has not all parts, or is of an unknown family.
    """
    beside = path.with_suffix("")
    if (beside / INDEX).exists():
        return beside
    if path.suffix != ".safetensors":
        raise ModelUnusable(
            f"{path.name}: only .safetensors files are read without a folder beside them. "
            f"{_how(path)}"
        )
    kind = _kind(shapes(path))
    if kind is None:
        raise ModelUnusable(
            f"{path.name} is not a whole model of Stable Diffusion 1, 2 or XL: FLUX and others are "
            f"one part of several in such a file. {_how(path)}"
        )
    return _SHAPES / kind


def _how(path: Path) -> str:
    return (
        "Use the model's whole folder instead (the one with model_index.json), or put the "
        f"configuration files of that folder into {path.with_suffix('')}."
    )


def _kind(tensors: dict[str, tuple[int, ...]]) -> str | None:
    first, cross = tensors.get(_FIRST), tensors.get(_CROSS)
    if first is None or first[1] != 4:  # 9: made for inpainting alone
        return None
    if _OF_XL in tensors:
        return "sdxl"
    if cross is not None and cross[-1] == _CONTEXT_V2:
        return "sd2"
    return "sd1" if _OF_V1 in tensors else None


def tokenizers(shape: Path) -> dict[str, Any]:
    """The tokenizers by the name of the part, where the shape has no files of them."""
    names = [name for name in read_json(shape / INDEX) if name.startswith("tokenizer")]
    if shape.parent != _SHAPES:
        return {}
    # The models of OpenCLIP were trained with "!" behind the end, those of OpenAI with the end.
    open_clip = {"tokenizer_2"} | ({"tokenizer"} if shape.name == "sd2" else set())
    return {name: _clip("!" if name in open_clip else "<|endoftext|>") for name in names}


def _clip(pad: str) -> Any:
    from transformers import CLIPTokenizer

    vocabulary, merges = _words()
    return CLIPTokenizer(vocab=vocabulary, merges=merges, pad_token=pad, model_max_length=77)


@cache
def _words() -> tuple[dict[str, int], list[tuple[str, ...]]]:
    """CLIP's vocabulary: each byte, each byte at a word's end, each merge, start and end.

    As in simple_tokenizer.py of OpenAI's CLIP (MIT licence), from which the merges are.
    """
    with gzip.open(_SHAPES / "clip-merges.txt.gz", "rt", encoding="utf-8") as file:
        merges = [tuple(line.split()) for line in file.read().splitlines()]
    letters = _letters()
    words = [*letters, *(f"{letter}</w>" for letter in letters), *map("".join, merges)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return {word: number for number, word in enumerate(words)}, merges


def _letters() -> list[str]:
    """A visible letter for each of 256 bytes."""
    visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
    return [chr(byte) for byte in visible] + [chr(256 + n) for n in range(256 - len(visible))]
