"""A Painter that runs a diffusers pipeline."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from assistant.contract.activity import Progress
from assistant.i18n.translation import _
from assistant.images.generation import (
    CannotPaint,
    DrawingJob,
    Painted,
    Watch,
    canvas,
    job_defaults,
)
from assistant.images.generation.canvas import Fit
from assistant.images.generation.denoising import Denoising, StepLog
from assistant.images.generation.models import memory, weights
from assistant.images.generation.models.load_pipeline import Loaded, for_pictures, load, target
from assistant.images.generation.pipeline_output import painted
from assistant.images.generation.previews import Previews


class DiffusersPainter:
    """Loads the model with the first job, and keeps it."""

    def __init__(self, path: Path) -> None:
        """`path` is a folder with model_index.json, or a single .safetensors file."""
        self.path = path
        self.name = path.stem if path.is_file() else path.name
        self._lock = threading.Lock()
        self._loaded: Loaded | None = None
        self._watch: Watch | None = None  # of the job that runs

    def digest(self) -> str:
        """See Painter."""
        return weights.digest(self.path)

    def paint(self, job: DrawingJob, watch: Watch) -> Painted:
        """See Painter."""
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
        taken = job_defaults.parameters(pipeline)
        job, fit = self._fitted(job, loaded.pipeline, visual="width" in taken)
        job = job_defaults.settled(job, loaded.family, taken)
        run = _Run(loaded, pipeline, fit, watch)
        notes = job_defaults.unheeded(job, taken, getattr(pipeline, "tokenizer", None))
        done = painted(job, run.result(job, taken), fit, pipeline)
        return replace(done, notes=(*notes, *done.notes), denoising=run.denoising())

    def _fitted(self, job: DrawingJob, pipeline: Any, visual: bool) -> tuple[DrawingJob, Fit]:
        """Raises CannotPaint for a size without sense, or without memory."""
        likes = job_defaults.likings(pipeline)
        if job.picture is not None:
            fit = canvas.given(job.picture.size, likes)
        else:
            fit = canvas.fresh(job.size or likes.native, likes) if visual else _NO_PICTURE
        if target(0)[0] == "cpu":
            memory.require(self.name, memory.of_picture(fit.work[0] * fit.work[1]))
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
        self._previews = Previews(loaded, fit.work) if watch.previews else None
        self._began = time.perf_counter()
        self._shown = b""  # the last preview
        self._log = StepLog()

    def denoising(self) -> Denoising:
        """How it went."""
        scheduler = type(self._pipeline.scheduler).__name__
        return self._log.result(scheduler, str(self._pipeline.device))

    def result(self, job: DrawingJob, taken: job_defaults.Parameters) -> Any:
        """What the pipeline gives back. Raises Stopped or CannotPaint."""
        import torch

        self._watch.stage(_("Painting"))
        self._log = StepLog()
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

    def _listening(self, taken: job_defaults.Parameters) -> dict[str, Any]:
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
        if self._previews and latents is not None and done < of:
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
