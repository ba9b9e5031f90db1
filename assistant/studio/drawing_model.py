"""Loads a drawing model from the disk, and never from anywhere else.

The one place that imports diffusers. Not loaded, for it would judge pictures that stay on the
person's machine: the safety checker that some folders hold. Not used: attention slicing. Torch
computes attention without the whole matrix as it is, and slices would take that away.
"""

import contextlib
import gzip
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from assistant.errors import ModelUnusable
from assistant.models.catalogue import BF16, this_machine
from assistant.studio.canvas import CannotPaint
from ingest.platform.hardware import free_memory
from ingest.platform.process import wait_calmly

# -- Checks whether there is memory for a model, before it is loaded

# Beside the weights. Stable Diffusion 1.5 at 512x512 in 16 bits was measured: 0.5 GB for the
# program, 0.26 GB for a step, 0.61 GB for the last decoding: 2,300 bytes a pixel, twice in 32 bits.
PER_PIXEL = 5_000  # bytes
_PROGRAM = 0.5e9


def require_memory(name: str, bytes_needed: float, free: int | None = None) -> None:
    """Raises CannotPaint that names both sizes."""
    there = free_memory() if free is None else free
    if bytes_needed > there:
        raise CannotPaint(
            f"{name} takes about {bytes_needed / 1e9:.1f} GB of memory while it paints, and "
            f"{there / 1e9:.1f} GB are free. Close other programs, ask for a smaller size, or use "
            "a smaller model: pincite models use drawing NAME."
        )


# -- Defaults of model families: steps, guidance, and a scheduler that needs few steps

Scheduler = Literal["own", "dpm", "trailing", "lcm"]

# They need 50 steps and more; DPM++ gives the same pictures in 20 (Lu et al., 2022).
_SLOW = {"PNDMScheduler", "DDPMScheduler", "LMSDiscreteScheduler"}
_FEW = ("turbo", "lightning", "hyper")  # distilled to one to four steps, as their names say


@dataclass(frozen=True)
class Family:
    """Steps and guidance are None where the pipeline's own defaults are taken."""

    name: str
    steps: int | None = None
    guidance: float | None = None
    scheduler: Scheduler = "own"


Description = Mapping[str, Any]  # a configuration of diffusers; empty where there is no such part


def family(
    pipeline: str, scheduler: Description, unet: Description, transformer: Description, name: str
) -> Family:
    """The family of a model: by the class that model_index.json names, by its parts, and by the
    name of its file, for a single one says nowhere else that it is distilled."""
    kind = str(scheduler.get("_class_name", ""))
    distilled = unet.get("time_cond_proj_dim") is not None
    if kind == "LCMScheduler" or distilled or "lcm" in name.lower():
        # Guidance is an input of the distilled network, and costs no second pass there.
        return Family("lcm", 4, 8.0 if distilled else 1.0, "lcm")
    if pipeline.startswith("Flux"):
        guided = bool(transformer.get("guidance_embeds"))
        return Family("flux", 28, 3.5) if guided else Family("flux", 4, 0.0)
    if not pipeline.startswith(("StableDiffusionPipeline", "StableDiffusionXL")):
        return Family("other")
    trailing = kind.startswith("Euler") and scheduler.get("timestep_spacing") == "trailing"
    if trailing or any(word in name.lower() for word in _FEW):
        return Family("turbo", 4, 0.0, "trailing")
    liked: Scheduler = "dpm" if kind in _SLOW else "own"
    if pipeline.startswith("StableDiffusionXL"):
        return Family("sdxl", 25, 6.0, liked)
    return Family("sd", 20, 7.0, liked)


# -- The files of a drawing model: their list, size and hash

MODEL_INDEX = "model_index.json"
_SUFFIXES = (".safetensors", ".bin", ".ckpt")
_NOT_LOADED = ("safety_checker",)  # left on the disk


def weight_files(path: Path) -> list[Path]:
    """The weights that are loaded of a folder, or the single file. Raises ModelUnusable."""
    if path.is_file():
        return [path]
    index = read_json(path / MODEL_INDEX)
    parts = [path / name for name, value in index.items() if _is_loaded(name, value)]
    found = [chosen for part in parts for chosen in _of_part(part)]
    if not found:
        raise ModelUnusable(f"{path} holds no weights: no .safetensors file in its parts.")
    return sorted(found)


def weights_variant(path: Path) -> str | None:
    """ "fp16" when a folder has its weights in that form alone."""
    names = [file.name for file in weight_files(path)]
    return "fp16" if all(".fp16." in name for name in names) else None


def parameter_count(path: Path) -> int:
    """How many numbers the weights are."""
    return sum(_count(file) for file in weight_files(path))


def weights_digest(path: Path) -> str:
    """The sha256 of a single file; of a folder that of the hashes of its weights, by name.

    Remembered as long as size and time of the files stay: to read 4 GB takes seconds.
    """
    found = weight_files(path)
    if path.is_file():
        return _digest(found[0])
    lines = [f"{_digest(file)}  {file.relative_to(path).as_posix()}\n" for file in found]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Of the tensors of a .safetensors file by name, without reading them. Raises ModelUnusable."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise ModelUnusable(f"{path} is no .safetensors file, or damaged: {error}.") from error


def read_json(path: Path) -> dict[str, Any]:
    """A file of a model's folder. Raises ModelUnusable."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{path} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise ModelUnusable(f"{path} is not what it should be: a JSON object.")
    return found


def part_config(path: Path, part: str) -> Mapping[str, Any]:
    """Of a part of a folder; empty when there is no such part."""
    for name in ("config.json", "scheduler_config.json"):
        if (path / part / name).exists():
            return read_json(path / part / name)
    return {}


def _is_loaded(name: str, value: Any) -> bool:
    return isinstance(value, list) and bool(value[0]) and name not in _NOT_LOADED


def _of_part(folder: Path) -> Iterator[Path]:
    """Safetensors, whole precision and no copies, where there are several forms."""
    found = [p for p in folder.glob("*") if p.suffix in _SUFFIXES]
    safe = [p for p in found if p.suffix == ".safetensors"] or found
    plain = [p for p in safe if not any(f".{v}." in p.name for v in ("fp16", "non_ema"))]
    yield from plain or safe


def _count(file: Path) -> int:
    if file.suffix == ".safetensors":
        return sum(map(math.prod, shapes(file).values()))
    return file.stat().st_size // 4  # at most: a pickle does not tell without being opened


def _digest(file: Path) -> str:
    return _digest_of(file, file.stat().st_size, file.stat().st_mtime_ns)


@cache
def _digest_of(file: Path, _size: int, _changed: int) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# -- Models that are one .safetensors file. Such a file has the weights alone: how its parts are
# made and the words of its tokenizer come from a folder beside it, or from what is kept here of the
# families whose parts are the same in every file (`shapes/`).

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
    if (beside / MODEL_INDEX).exists():
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
    names = [name for name in read_json(shape / MODEL_INDEX) if name.startswith("tokenizer")]
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


# From how many parameters on they are calculated with in 16 bits, where the processor does that: a
# small model gains nothing, and loses digits.
_WORTH_IT = 100_000_000


def family_of(path: Path) -> Family:
    """The family of a model by its files, without loading it. Raises ModelUnusable."""
    shape = path if path.is_dir() else shape_of(path)
    pipeline = str(read_json(shape / MODEL_INDEX).get("_class_name", ""))
    scheduler, unet, transformer = (
        part_config(shape, name) for name in ("scheduler", "unet", "transformer")
    )
    return family(pipeline, scheduler, unet, transformer, path.stem)


def load(path: Path) -> tuple[Any, Family]:
    """A pipeline and the defaults of its family. Raises CannotPaint when there is no memory for it,
    or ModelUnusable."""
    count = parameter_count(path)
    device, kind = target(count)
    if device == "cpu":
        require_memory(path.name, count * kind.itemsize + _PROGRAM)
    _quiet()
    with _explained(path):
        pipeline = _from_folder(path, kind) if path.is_dir() else _from_file(path, kind)
        liked = family_of(path)
        _schedule(pipeline, liked)
        pipeline.set_progress_bar_config(disable=True)
        return pipeline.to(device), liked


def target(count: int) -> tuple[str, Any]:
    """The device and the torch.dtype for a model of that many parameters."""
    wait_calmly()
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    if torch.backends.mps.is_available():
        return "mps", torch.float16
    fast = bool(BF16 & this_machine().flags) and count >= _WORTH_IT
    return "cpu", torch.bfloat16 if fast else torch.float32


def for_pictures(pipeline: Any, masked: bool) -> Any:
    """The same weights in a pipeline that begins with a picture, and with a mask.

    Raises ModelUnusable where the model's family has none.
    """
    from diffusers import AutoPipelineForImage2Image, AutoPipelineForInpainting

    auto = AutoPipelineForInpainting if masked else AutoPipelineForImage2Image
    try:
        made = auto.from_pipe(pipeline)
    except ValueError as error:
        what = "repaint a part of a picture" if masked else "change pictures"
        raise CannotPaint(
            f"This model cannot {what}: {type(pipeline).__name__} has no such way. Choose another "
            "with pincite models use drawing NAME."
        ) from error
    made.set_progress_bar_config(disable=True)
    return made


def _from_folder(path: Path, kind: Any) -> Any:
    from diffusers import DiffusionPipeline

    index = read_json(path / MODEL_INDEX)
    without: dict[str, Any] = {}
    if "safety_checker" in index:
        without = {"safety_checker": None, "requires_safety_checker": False}
    return DiffusionPipeline.from_pretrained(
        path, local_files_only=True, dtype=kind, variant=weights_variant(path), **without
    )


def _from_file(path: Path, kind: Any) -> Any:
    import diffusers

    shape = shape_of(path)
    name = read_json(shape / MODEL_INDEX)["_class_name"]
    return getattr(diffusers, name).from_single_file(
        str(path), config=str(shape), local_files_only=True, dtype=kind, **tokenizers(shape)
    )


def _schedule(pipeline: Any, liked: Family) -> None:
    """Another scheduler, where the family needs many steps with its own."""
    import diffusers

    if liked.scheduler == "own":
        return
    own = pipeline.scheduler.config
    if liked.scheduler == "dpm":
        pipeline.scheduler = diffusers.DPMSolverMultistepScheduler.from_config(
            own, use_karras_sigmas=True, algorithm_type="dpmsolver++"
        )
    elif liked.scheduler == "lcm":
        pipeline.scheduler = diffusers.LCMScheduler.from_config(own)
    elif own.get("timestep_spacing") != "trailing":
        pipeline.scheduler = diffusers.EulerAncestralDiscreteScheduler.from_config(
            own, timestep_spacing="trailing"
        )


def _quiet() -> None:
    """Silences its bars and remarks, which are for programmers."""
    import transformers
    from diffusers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What diffusers raises for a damaged or foreign model, as one kind of error."""
    try:
        yield
    except (OSError, ValueError, KeyError, AttributeError, TypeError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelUnusable(
            f"{path} cannot be loaded as a drawing model: {reason} It may be damaged, or made for "
            "another program. `pincite models verify` checks models of the catalogue."
        ) from error
