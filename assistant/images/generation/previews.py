"""Previews of an unfinished picture: its latents, decoded small.

The tiny VAE of a family decodes each step. Without one the model's own does, of latents that are
shrunk, and only as often as it costs a few hundredths of the time. Formulas that guess colours from
latents would be cheaper, but each fits one family alone.
"""

import io
import time
from typing import Any

from assistant.images.generation.models.load_pipeline import Loaded

_SHARE = 0.03  # of the time so far
_PATIENCE = 0.5  # seconds without one: who gets the picture by then needs none
_SMALL = 16  # latents of a side, with the own VAE of a model: at 32 one cost as much as a step
_SIDE = 512  # pixels of a preview


class Previews:
    """Of one job."""

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
        factor = min(1.0, _SIDE / max(self._size))
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
