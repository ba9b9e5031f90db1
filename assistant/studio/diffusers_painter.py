"""Paints with a diffusers pipeline: a DrawingJob becomes what it Painted."""

import inspect
import io
import math
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.contract.reply import Progress
from assistant.i18n.translation import _
from assistant.studio import canvas, drawing_model
from assistant.studio.canvas import Fit, Likes, put_back
from assistant.studio.drawing_model import Family, Loaded, for_pictures, load, target
from assistant.studio.painter import (
    CannotPaint,
    Denoising,
    DrawingJob,
    GeneratedSound,
    Painted,
    StepLog,
    Watch,
)

if TYPE_CHECKING:
    from PIL.Image import Image


# -- Fills in a job's defaults: by the model's family, else by its pipeline

SEEDS = 2**32
_STRENGTH, _ANEW = 0.6, 1.0  # of a whole picture; of what a mask marks
_FAINTEST = (
    0.01  # below, a picture stays as it is, and a step of so little needs hundreds beside it
)
_SIDE = 512  # pixels, where a pipeline does not say what it was trained on

PipelineParameters = Mapping[str, inspect.Parameter]


def pipeline_parameters(pipeline: Any) -> PipelineParameters:
    """The parameters that a call of the pipeline takes, by name."""
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


# -- Previews of an unfinished picture: its latents, decoded small
# The tiny VAE of a family decodes each step. Without one the model's own does, of latents that are
# shrunk, and only as often as it costs a few hundredths of the time. Formulas that guess colours
# from latents would be cheaper, but each fits one family alone.

_SHARE = 0.03  # of the time so far
_PATIENCE = 0.5  # seconds without one: who gets the picture by then needs none
_SMALL = 16  # latents of a side, with the own VAE of a model: at 32 one cost as much as a step
_PREVIEW_SIDE = 512  # pixels of a preview


class Previews:
    """Makes previews while one job is painted."""

    def __init__(self, loaded: Loaded, size: tuple[int, int]) -> None:
        self._loaded = loaded
        self._size = size
        self._vae: Any = loaded.tiny_vae or getattr(loaded.pipeline, "vae", None)
        self._began = time.perf_counter()
        self._spent = 0.0
        self._last = 0.0  # seconds that the last one took
        self._before: tuple[float, Any] | None = None

    def of(self, pipeline: Any, step: int, latents: Any) -> bytes:
        """A PNG, or nothing where that would cost too much, or nothing can be shown."""
        clean = self._clean(pipeline.scheduler, step, latents)
        if self._vae is None or latents.ndim not in (3, 4):
            return b""
        passed = time.perf_counter() - self._began
        if passed < _PATIENCE or (self._spent and self._spent + self._last > _SHARE * passed):
            return b""
        started = time.perf_counter()
        shown = self._decoded(pipeline, clean)
        self._last = time.perf_counter() - started
        self._spent += self._last
        return shown

    def _clean(self, scheduler: Any, step: int, latents: Any) -> Any:
        """The model's present estimate of the picture, without the remaining noise.

        DPM++ keeps it. For others it is where the line through the last two points ends as the
        noise goes to zero: exactly so for Euler's method and for DDIM.
        """
        kept = getattr(scheduler, "model_outputs", None)
        if kept and kept[-1] is not None and kept[-1].shape == latents.shape:
            return kept[-1]
        found = _noise(scheduler, step)
        if found is None:
            return latents
        scale, sigma = found
        now, before = latents * scale, self._before
        self._before = sigma, now
        if before is None or before[0] <= sigma or before[1].shape != now.shape:
            return now / (sigma**2 + 1) ** 0.5
        return now - sigma * (before[1] - now) / (before[0] - sigma)

    def _decoded(self, pipeline: Any, latents: Any) -> bytes:
        import torch

        vae = self._vae
        with torch.inference_mode():
            latents = self._shrunk(_unpacked(pipeline, latents, self._size))
            if vae is not self._loaded.tiny_vae:  # the tiny one takes latents as they are
                latents = latents / vae.config.scaling_factor
                latents = latents + (getattr(vae.config, "shift_factor", None) or 0.0)
            decoded = vae.decode(latents.to(vae.dtype), return_dict=False)[0]
        (picture,) = pipeline.image_processor.postprocess(decoded[:1].float(), output_type="pil")
        return self._png(picture)

    def _shrunk(self, latents: Any) -> Any:
        import torch

        most = max(latents.shape[-2:])
        if self._vae is self._loaded.tiny_vae or most <= _SMALL:
            return latents
        return torch.nn.functional.interpolate(latents, scale_factor=_SMALL / most, mode="area")

    def _png(self, picture: Any) -> bytes:
        width, height = self._size
        factor = min(1.0, _PREVIEW_SIDE / max(self._size))
        shown = picture.resize((max(1, round(width * factor)), max(1, round(height * factor))))
        data = io.BytesIO()
        shown.save(data, "PNG", compress_level=1)
        return data.getvalue()


def _unpacked(pipeline: Any, latents: Any, size: tuple[int, int]) -> Any:
    """FLUX keeps four latents in one."""
    if latents.ndim == 4:
        return latents
    width, height = size
    return pipeline._unpack_latents(latents, height, width, pipeline.vae_scale_factor)


def _noise(scheduler: Any, step: int) -> tuple[float, float] | None:
    """After a step: by what latents are scaled to be the picture plus noise, and its deviation."""
    if "Euler" in type(scheduler).__name__:
        return 1.0, float(scheduler.sigmas[min(step + 1, len(scheduler.sigmas) - 1)])
    if type(scheduler).__name__ == "DDIMScheduler" and step + 1 < len(scheduler.timesteps):
        kept = max(float(scheduler.alphas_cumprod[int(scheduler.timesteps[step + 1])]), 1e-6)
        return kept**-0.5, ((1 - kept) / kept) ** 0.5
    return None


# -- Converts a pipeline's output into a picture, a clip or a sound


def painted(job: DrawingJob, result: Any, fit: Fit, pipeline: Any) -> Painted:
    """Raises CannotPaint for a pipeline that makes something else."""
    if (pictures := getattr(result, "images", None)) is not None:
        return _picture(job, pictures[0], fit)
    if (clips := getattr(result, "frames", None)) is not None:
        return Painted(job, frames=tuple(_frames(clips[0])))
    if (sounds := getattr(result, "audios", None)) is not None:
        return Painted(job, sound=_sound(sounds[0], pipeline))
    kind = type(pipeline).__name__
    raise CannotPaint(f"A {kind} makes neither pictures nor clips nor sounds.")


def _picture(job: DrawingJob, picture: "Image", fit: Fit) -> Painted:
    picture = fit.back(picture)
    if job.picture is not None and job.mask is not None:
        picture = put_back(job.picture, picture, job.mask)
    elif fit.scaled != fit.size:
        (w, h), (width, height) = fit.scaled, fit.size
        note = f"The picture was worked on at {w}x{h} pixels instead of {width}x{height}: the model"
        note += " was trained on such a size."
        return Painted(replace(job, size=picture.size), (picture,), notes=(note,))
    return Painted(replace(job, size=picture.size), (picture,))


def _frames(clip: Any) -> "list[Image]":
    """From pictures, or from an array of frames x height x width x RGB between 0 and 1."""
    import numpy as np
    from PIL import Image

    if isinstance(clip, list) and isinstance(clip[0], Image.Image):
        return clip
    pixels = (np.clip(np.asarray(clip), 0, 1) * 255).round().astype(np.uint8)
    return [Image.fromarray(frame) for frame in pixels]


def _sound(samples: Any, pipeline: Any) -> GeneratedSound:
    import numpy as np

    samples = samples.float().cpu().numpy() if hasattr(samples, "cpu") else samples
    rate = getattr(getattr(pipeline, "vae", None), "sampling_rate", None)
    vocoder = getattr(pipeline, "vocoder", None)
    rate = rate or (vocoder.config.sampling_rate if vocoder is not None else 16_000)
    return GeneratedSound(np.atleast_2d(np.asarray(samples, dtype=np.float32)), int(rate))


class DiffusersPainter:
    """One model, which is loaded for the first job and stays loaded. One job at a time."""

    def __init__(self, path: Path) -> None:
        """`path` is a folder with model_index.json, or a single .safetensors file."""
        self.path = path
        self.name = path.stem if path.is_file() else path.name
        self._lock = threading.Lock()
        self._loaded: Loaded | None = None
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
        loaded = self._ready(watch)
        pipeline = loaded.pipeline
        if job.picture is not None:
            pipeline = for_pictures(pipeline, job.mask is not None)
        taken = pipeline_parameters(pipeline)
        job, fit = self._fitted(job, loaded.pipeline, visual="width" in taken)
        job = settled_job(job, loaded.family, taken)
        notes = unheeded_parts(job, taken, getattr(pipeline, "tokenizer", None))
        run = _Run(loaded, pipeline, fit, watch)
        done = painted(job, run.result(job, taken), fit, pipeline)
        return replace(done, notes=(*notes, *done.notes), denoising=run.denoising())

    def _fitted(self, job: DrawingJob, pipeline: Any, visual: bool) -> tuple[DrawingJob, Fit]:
        """Raises CannotPaint for a size without sense, or without memory."""
        likes = likings(pipeline)
        if job.picture is not None:
            fit = canvas.given(job.picture.size, likes)
        else:
            fit = canvas.fresh(job.size or likes.native, likes) if visual else _NO_PICTURE
        if target(0)[0] == "cpu":
            drawing_model.require_memory(
                self.name, drawing_model.picture_memory(fit.work[0] * fit.work[1])
            )
        return replace(job, size=fit.scaled if visual else None), fit

    def _ready(self, watch: Watch) -> Loaded:
        if self._loaded is None:
            watch.stage(_("Loading {model}", model=self.name))
            self._loaded = load(self.path)
            _listen(self._loaded.pipeline, self._look)
        return self._loaded

    def _look(self) -> None:
        if self._watch is not None:
            self._watch.look()


_NO_PICTURE = Fit((0, 0), (0, 0), (0, 0))


class _Run:
    """One job in a pipeline."""

    def __init__(self, loaded: Loaded, pipeline: Any, fit: Fit, watch: Watch) -> None:
        self._pipeline = pipeline
        self._fit = fit
        self._watch = watch
        self._previews = Previews(loaded, fit.work)
        self._began = time.perf_counter()
        self._shown = b""  # the last preview
        self._log = StepLog()

    def denoising(self) -> Denoising:
        """The steps that were taken so far, with the scheduler and the device."""
        scheduler = type(self._pipeline.scheduler).__name__
        return self._log.result(scheduler, str(self._pipeline.device))

    def result(self, job: DrawingJob, taken: PipelineParameters) -> Any:
        """What the pipeline returns. Raises Stopped or CannotPaint."""
        import torch

        self._watch.stage(_("Painting"))
        generator = torch.Generator("cpu").manual_seed(job.seed or 0)
        told = {**self._words(job), **self._picture(job), **self._listening(taken)}
        told = {name: value for name, value in told.items() if name in taken}
        with _explained():
            return self._pipeline(**told, generator=generator)

    def _words(self, job: DrawingJob) -> dict[str, Any]:
        numbers = {"num_inference_steps": job.steps, "guidance_scale": job.guidance}
        said = {"prompt": job.prompt, "negative_prompt": job.negative or None}
        return said | {name: value for name, value in numbers.items() if value is not None}

    def _picture(self, job: DrawingJob) -> dict[str, Any]:
        width, height = self._fit.work
        told: dict[str, Any] = {"width": width, "height": height}
        if job.picture is not None:
            told |= {"image": self._fit.into(job.picture), "strength": job.strength}
        if job.mask is not None:
            told["mask_image"] = self._fit.into(job.mask)
        return told

    def _listening(self, taken: PipelineParameters) -> dict[str, Any]:
        if "callback_on_step_end" in taken:
            return {"callback_on_step_end": self._after_step}
        # Pipelines that make sounds call back in the old way.
        return {"callback": lambda step, _, latents: self._tell(step), "callback_steps": 1}

    def _after_step(self, pipeline: Any, step: int, _: Any, values: dict[str, Any]) -> Any:
        self._tell(step, values.get("latents"))
        return values

    def _tell(self, step: int, latents: Any = None) -> None:
        """Report progress, and the remaining time by the steps so far."""
        self._watch.look()
        of = getattr(self._pipeline, "num_timesteps", 0) or 0
        of = of or len(self._pipeline.scheduler.timesteps)
        done = step + 1
        left = max(of - done, 0) * (time.perf_counter() - self._began) / done
        preview = b""
        if latents is not None and done < of:
            preview = self._previews.of(self._pipeline, step, latents)
            self._shown = preview or self._shown
        self._log.note(done, preview)
        self._watch.tell(Progress(done, of, left, self._shown))
        if done >= of:
            self._watch.stage(_("Decoding"))


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
