"""Fills in a job's defaults: by the model's family, else by its pipeline."""

import inspect
import math
import random
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assistant.i18n.translation import _
from assistant.images.generation import CannotPaint, DrawingJob
from assistant.images.generation.canvas import Likes
from assistant.images.generation.models.model_families import Family

SEEDS = 2**32
_STRENGTH, _ANEW = 0.6, 1.0  # of a whole picture; of what a mask marks
_FAINTEST = (
    0.01  # below, a picture stays as it is, and a step of so little needs hundreds beside it
)
_SIDE = 512  # pixels, where a pipeline does not say what it was trained on

Parameters = Mapping[str, inspect.Parameter]


def parameters(pipeline: Any) -> Parameters:
    """The parameters of a pipeline."""
    return inspect.signature(pipeline.__call__).parameters


def likings(pipeline: Any) -> Likes:
    """The size that a pipeline was trained on, and what sides are multiples of."""
    factor = int(getattr(pipeline, "vae_scale_factor", 8))
    packed = 2 if hasattr(pipeline, "_pack_latents") else 1  # FLUX: four latents in one
    side = _side(pipeline)
    height, width = side if isinstance(side, tuple | list) else (side, side)
    if not isinstance(width, int) or not isinstance(height, int):
        return Likes((_SIDE, _SIDE), factor * packed)
    return Likes((width * factor, height * factor), factor * packed)


def _side(pipeline: Any) -> Any:
    unet = getattr(pipeline, "unet", None)
    side = unet.config.get("sample_size") if unet is not None else None
    return side or getattr(pipeline, "default_sample_size", None)


def settled(job: DrawingJob, family: Family, taken: Parameters) -> DrawingJob:
    """The job with its seed, steps and guidance filled in. Raises CannotPaint."""
    steps = family.steps if job.steps is None else job.steps
    steps = _default(taken, "num_inference_steps") if steps is None else steps
    guidance = job.guidance if job.guidance is not None else family.guidance
    guidance = _default(taken, "guidance_scale") if guidance is None else guidance
    seed = random.randrange(SEEDS) if job.seed is None else job.seed
    if steps is not None and steps < 1:
        raise CannotPaint(f"{steps} steps are too few: one at least.")
    if guidance is not None and not 0 <= guidance < math.inf:
        raise CannotPaint(f"The guidance {guidance} is not a number from 0 on, such as 7.")
    if not 0 <= seed < SEEDS:
        raise CannotPaint(f"The seed {seed} is not a number from 0 to {SEEDS - 1}.")
    job = replace(job, steps=steps, guidance=guidance, seed=seed)
    return job if job.picture is None else _with_strength(job)


def _with_strength(job: DrawingJob) -> DrawingJob:
    strength = job.strength
    if strength is None:
        strength = _ANEW if job.mask else _STRENGTH
    if not _FAINTEST <= strength <= 1:
        raise CannotPaint(f"The strength {strength} is not a number from {_FAINTEST} to 1.")
    steps = max(job.steps or 1, -int(-1 // strength))  # a part of them is done: one at least
    guidance = job.guidance
    if not job.prompt and not job.negative and guidance is not None:
        guidance = min(guidance, 1.0)  # no words lead anywhere: a second pass for nothing
    return replace(job, steps=steps, guidance=guidance, strength=strength)


def unheeded(job: DrawingJob, taken: Parameters, tokenizer: Any) -> tuple[str, ...]:
    """Sentences on the parts of a job that the model cannot use."""
    notes = []
    if job.negative and "negative_prompt" not in taken:
        notes.append(_("This model takes no negative prompt: it was ignored."))
    elif job.negative and (job.guidance or 0.0) <= 1.0:
        notes.append(_("Without guidance above 1 the model ignores the negative prompt."))
    if tokenizer is not None and job.prompt:
        most = tokenizer.model_max_length
        count = len(tokenizer(job.prompt, truncation=False, verbose=False).input_ids)
        if count > most:
            tokens = {"most": most, "count": count}
            notes.append(_("The model reads {most} tokens; the description has {count}.", **tokens))
    return tuple(notes)


def _default(taken: Parameters, name: str) -> Any:
    found = taken.get(name)
    return None if found is None or found.default is inspect.Parameter.empty else found.default
