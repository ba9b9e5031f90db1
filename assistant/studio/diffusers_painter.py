"""Paints with a diffusers pipeline: a DrawingJob becomes what it Painted."""

import inspect
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.contract.reply import Progress
from assistant.i18n.translation import _
from assistant.studio import canvas, drawing_model
from assistant.studio.canvas import CannotPaint, DrawingJob, Fit, Likes, Painted, Watch, put_back
from assistant.studio.drawing_model import Family, for_pictures, load, target

# -- Fills in a job's defaults: by the model's family, else by its pipeline

SEEDS = 2**32
_STRENGTH, _ANEW = 0.6, 1.0  # of a whole picture; of what a mask marks
_FAINTEST = (
    0.01  # below, a picture stays as it is, and a step of so little needs hundreds beside it
)
_SIDE = 512  # pixels, where a pipeline does not say what it was trained on

PipelineParameters = Mapping[str, inspect.Parameter]  # what a call of a pipeline takes, by name


def likings(pipeline: Any) -> Likes:
    """The size that a pipeline was trained on, and what sides are multiples of."""
    factor = int(getattr(pipeline, "vae_scale_factor", 8))
    packed = 2 if hasattr(pipeline, "_pack_latents") else 1  # FLUX: four latents in one
    unet = getattr(pipeline, "unet", None)
    side = unet.config.get("sample_size") if unet is not None else None
    side = side or getattr(pipeline, "default_sample_size", None)
    height, width = side if isinstance(side, tuple | list) else (side, side)
    if not isinstance(width, int) or not isinstance(height, int):
        return Likes((_SIDE, _SIDE), factor * packed)
    return Likes((width * factor, height * factor), factor * packed)


def settled_job(job: DrawingJob, family: Family, taken: PipelineParameters) -> DrawingJob:
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


def unheeded_parts(job: DrawingJob, taken: PipelineParameters, tokenizer: Any) -> tuple[str, ...]:
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


def _default(taken: PipelineParameters, name: str) -> Any:
    found = taken.get(name)
    return None if found is None or found.default is inspect.Parameter.empty else found.default


class DiffusersPainter:
    """One model, which is loaded for the first job and stays loaded. One job at a time."""

    def __init__(self, path: Path) -> None:
        """`path` is a folder with model_index.json, or a single .safetensors file."""
        self.path = path
        self.name = path.stem if path.is_file() else path.name
        self._lock = threading.Lock()
        self._loaded: tuple[Any, Family] | None = None
        self._watch: Watch | None = None  # of the job that runs

    def digest(self) -> str:
        """The sha256 of the model's weights, in hexadecimal."""
        return drawing_model.weights_digest(self.path)

    def paint(self, job: DrawingJob, watch: Watch) -> Painted:
        """Raises Stopped within a part of a step, or CannotPaint, or ModelUnusable."""
        with self._lock:
            self._watch = watch
            try:
                watch.look()
                return self._paint(job, watch)
            finally:
                self._watch = None

    def _paint(self, job: DrawingJob, watch: Watch) -> Painted:
        loaded, family = self._ready(watch)
        pipeline = loaded
        if job.picture is not None:
            pipeline = for_pictures(pipeline, job.mask is not None)
        taken = inspect.signature(pipeline.__call__).parameters
        fit = self._fitted(job, loaded)
        job = settled_job(job, family, taken)
        notes = unheeded_parts(job, taken, getattr(pipeline, "tokenizer", None))
        given = {name: value for name, value in _arguments(job, fit).items() if name in taken}
        picture = fit.back(_run(pipeline, given, job.seed or 0, watch))
        if job.picture is not None and job.mask is not None:
            picture = put_back(job.picture, picture, job.mask)
        elif fit.scaled != fit.size:
            (w, h), (width, height) = fit.scaled, fit.size
            note = f"The picture was worked on at {w}x{h} pixels instead of {width}x{height}: the "
            notes += (f"{note}model was trained on such a size.",)
        return Painted(replace(job, size=picture.size), picture, notes)

    def _fitted(self, job: DrawingJob, pipeline: Any) -> Fit:
        """Raises CannotPaint for a size without sense, or without memory."""
        likes = likings(pipeline)
        if job.picture is not None:
            fit = canvas.given(job.picture.size, likes)
        else:
            fit = canvas.fresh(job.size or likes.native, likes)
        if target(0)[0] == "cpu":
            drawing_model.require_memory(
                self.name, fit.work[0] * fit.work[1] * drawing_model.PER_PIXEL
            )
        return fit

    def _ready(self, watch: Watch) -> tuple[Any, Family]:
        if self._loaded is None:
            watch.stage(_("Loading {model}", model=self.name))
            self._loaded = load(self.path)
            _listen(self._loaded[0], self._look)
        return self._loaded

    def _look(self) -> None:
        if self._watch is not None:
            self._watch.look()


def _arguments(job: DrawingJob, fit: Fit) -> dict[str, Any]:
    """What a job tells a pipeline, by the names of diffusers."""
    width, height = fit.work
    told: dict[str, Any] = {
        "prompt": job.prompt, "negative_prompt": job.negative or None,
        "num_inference_steps": job.steps, "guidance_scale": job.guidance,
        "width": width, "height": height,
    }  # fmt: skip
    if job.picture is not None:
        told |= {"image": fit.into(job.picture), "strength": job.strength}
    if job.mask is not None:
        told["mask_image"] = fit.into(job.mask)
    return {name: value for name, value in told.items() if value is not None}


def _run(pipeline: Any, given: Mapping[str, Any], seed: int, watch: Watch) -> Any:
    """The picture. Raises Stopped, or CannotPaint for a model that makes something else."""
    import torch

    watch.stage(_("Painting"))
    began = time.perf_counter()

    def report(_pipeline: Any, step: int, _time: Any, values: dict[str, Any]) -> dict[str, Any]:
        """The progress, and the remaining time by the steps so far."""
        watch.look()
        of = getattr(pipeline, "num_timesteps", 0) or len(pipeline.scheduler.timesteps)
        done = step + 1
        left = max(of - done, 0) * (time.perf_counter() - began) / done
        watch.tell(Progress(done, of, left))
        if done >= of:
            watch.stage(_("Decoding"))
        return values

    generator = torch.Generator("cpu").manual_seed(seed)
    with _explained():
        result = pipeline(**given, generator=generator, callback_on_step_end=report)
    if not hasattr(result, "images"):
        raise CannotPaint(f"A {type(pipeline).__name__} makes no pictures.")
    return result.images[0]


def _listen(pipeline: Any, look: Callable[[], None]) -> None:
    """Check in each block of each network whether to stop: a step may take a minute."""
    import torch

    for part in pipeline.components.values():
        if isinstance(part, torch.nn.Module):
            lists = (m for m in part.modules() if isinstance(m, torch.nn.ModuleList))
            for block in {block for blocks in lists for block in blocks if block is not None}:
                block.register_forward_pre_hook(lambda module, given: look())


@contextmanager
def _explained() -> Iterator[None]:
    """Turns errors of a pipeline into a sentence."""
    try:
        yield
    except MemoryError as error:
        raise CannotPaint(
            "There was not enough memory for that picture. Ask for a smaller size."
        ) from error
    except (RuntimeError, ValueError, TypeError) as error:
        raise CannotPaint(f"The drawing model failed: {error}") from error
