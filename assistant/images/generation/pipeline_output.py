"""Converts a pipeline's output into a picture, a clip or a sound."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from assistant.images.generation import CannotPaint, DrawingJob, GeneratedSound, Painted
from assistant.images.generation.canvas import Fit, put_back

if TYPE_CHECKING:
    from PIL.Image import Image


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
