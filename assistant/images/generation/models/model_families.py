"""Defaults of model families: steps, guidance, and a scheduler that needs few steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

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


@dataclass(frozen=True)
class PipelineParts:
    """A description of a model from its files."""

    pipeline: str  # the class that model_index.json names
    scheduler: Mapping[str, Any]  # configurations; empty where there is no such part
    unet: Mapping[str, Any]
    transformer: Mapping[str, Any]
    name: str = ""  # of the file or folder: a single file says nowhere else that it is distilled
    told: Mapping[str, Any] = field(default_factory=dict)  # by whoever made it: "steps", "guidance"


def family(parts: PipelineParts) -> Family:
    """The family of a model, with its maker's defaults where stated."""
    known = _by_parts(parts)
    steps, guidance = parts.told.get("steps"), parts.told.get("guidance")
    if isinstance(steps, int) and steps > 0:
        known = replace(known, steps=steps)
    if isinstance(guidance, int | float) and guidance >= 0:
        known = replace(known, guidance=float(guidance))
    return known


def _by_parts(parts: PipelineParts) -> Family:
    scheduler = str(parts.scheduler.get("_class_name", ""))
    distilled = parts.unet.get("time_cond_proj_dim") is not None
    if scheduler == "LCMScheduler" or distilled or "lcm" in parts.name.lower():
        # Guidance is an input of the distilled network, and costs no second pass there.
        return Family("lcm", 4, 8.0 if distilled else 1.0, "lcm")
    if parts.pipeline.startswith("Flux"):
        guided = bool(parts.transformer.get("guidance_embeds"))
        return Family("flux", 28, 3.5) if guided else Family("flux", 4, 0.0)
    if not parts.pipeline.startswith(("StableDiffusionPipeline", "StableDiffusionXL")):
        return Family("other")
    if _is_turbo(parts, scheduler):
        return Family("turbo", 4, 0.0, "trailing")
    liked: Scheduler = "dpm" if scheduler in _SLOW else "own"
    if parts.pipeline.startswith("StableDiffusionXL"):
        return Family("sdxl", 25, 6.0, liked)
    return Family("sd", 20, 7.0, liked)


def _is_turbo(parts: PipelineParts, scheduler: str) -> bool:
    trailing = parts.scheduler.get("timestep_spacing") == "trailing"
    named = any(word in parts.name.lower() for word in _FEW)
    return named or (scheduler.startswith("Euler") and trailing)
