"""Loads a drawing model from the disk, and never from anywhere else.

The one place that imports diffusers. Not loaded, for it would judge pictures that stay on the
person's machine: the safety checker that some folders hold. Not used: attention slicing. Torch
computes attention without the whole matrix as it is, and slices would take that away.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.errors import ModelUnusable
from assistant.images.generation import CannotPaint
from assistant.images.generation.models import memory, weights
from assistant.images.generation.models.model_families import Family, PipelineParts, family
from assistant.images.generation.models.single_file import shape_of, tokenizers
from assistant.models.machine import BF16, this_machine
from ingest.platform.openmp import wait_calmly

TOLD = "pincite.json"  # in a model's folder: the steps and the guidance that suit it
# From how many parameters on they are calculated with in 16 bits, where the processor does that: a
# small model gains nothing, and loses digits.
_WORTH_IT = 100_000_000
_TINY = ("taesd", "tiny_vae", "vae_tiny")  # folders of an AutoencoderTiny, in the model or beside


@dataclass(frozen=True)
class Loaded:
    """A pipeline and the defaults of its family."""

    pipeline: Any
    family: Family
    tiny_vae: Any = None  # decodes a preview in a hundredth of the time, where there is one


def parts(path: Path) -> PipelineParts:
    """A description of a model from its files, without loading it. Raises ModelUnusable."""
    shape = path if path.is_dir() else shape_of(path)
    index = weights.read_json(shape / weights.INDEX)
    scheduler, unet, transformer = (
        weights.config(shape, name) for name in ("scheduler", "unet", "transformer")
    )
    told = weights.read_json(shape / TOLD) if (shape / TOLD).exists() else {}
    kind = str(index.get("_class_name", ""))
    return PipelineParts(kind, scheduler, unet, transformer, path.stem, told)


def load(path: Path) -> Loaded:
    """Raises CannotPaint when there is no memory for it, or ModelUnusable."""
    count = weights.parameters(path)
    device, kind = target(count)
    if device == "cpu":
        memory.require(path.name, memory.of_model(count, kind.itemsize))
    _quiet()
    with _explained(path):
        pipeline = _from_folder(path, kind) if path.is_dir() else _from_file(path, kind)
        liked = family(parts(path))
        _schedule(pipeline, liked)
        pipeline.set_progress_bar_config(disable=True)
        tiny = _tiny(path, pipeline, kind)
        return Loaded(pipeline.to(device), liked, tiny if tiny is None else tiny.to(device))


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

    index = weights.read_json(path / weights.INDEX)
    without: dict[str, Any] = {}
    if "safety_checker" in index:
        without = {"safety_checker": None, "requires_safety_checker": False}
    return DiffusionPipeline.from_pretrained(
        path, local_files_only=True, dtype=kind, variant=weights.variant(path), **without
    )


def _from_file(path: Path, kind: Any) -> Any:
    import diffusers

    shape = shape_of(path)
    name = weights.read_json(shape / weights.INDEX)["_class_name"]
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


def _tiny(path: Path, pipeline: Any, kind: Any) -> Any:
    """The tiny VAE of the same family, where one is installed: in the folder, or beside it."""
    from diffusers import AutoencoderTiny

    channels = getattr(getattr(pipeline, "vae", None), "config", {}).get("latent_channels")
    places = [folder / name for folder in (path, path.parent) for name in _TINY]
    for place in places:
        found = weights.config(place, "") if place.is_dir() else {}
        if found.get("_class_name") == "AutoencoderTiny" and channels == found.get(
            "latent_channels", 4
        ):
            return AutoencoderTiny.from_pretrained(place, dtype=kind, local_files_only=True)
    return None


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
