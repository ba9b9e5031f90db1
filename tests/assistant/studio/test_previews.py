"""What a preview takes a picture for, where that is known exactly."""

from typing import Any

import pytest
import torch

from assistant.studio import diffusers_painter as studio_pipeline
from assistant.studio.diffusers_painter import Previews
from assistant.studio.drawing_model import Family, Loaded
from tests.assistant.studio.made_models import NOISE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


class Nothing:
    """A pipeline that decodes nothing."""

    vae = None


def schedulers() -> list[Any]:
    import diffusers

    return [
        diffusers.DDIMScheduler(clip_sample=False, **NOISE),
        diffusers.DPMSolverMultistepScheduler(**NOISE),
        diffusers.EulerDiscreteScheduler(**NOISE),
    ]


@pytest.mark.parametrize("number", range(3))
def test_a_perfect_model_is_seen_through_from_the_second_step_on(number: int) -> None:
    """Its noise is exactly what makes of the picture what there is at each step."""
    scheduler = schedulers()[number]
    torch.manual_seed(0)
    picture, noise = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    scheduler.set_timesteps(10)
    previews = Previews(Loaded(Nothing(), Family("sd")), (64, 64))
    latents = scheduler.add_noise(picture, noise, scheduler.timesteps[:1])
    for step, time in enumerate(scheduler.timesteps[:-1]):
        scheduler.scale_model_input(latents, time)
        latents = scheduler.step(noise, time, latents, return_dict=False)[0]
        seen = previews._clean(scheduler, step, latents)
        if step:
            assert (seen - picture).abs().max() < 1e-2
    assert (latents - picture).abs().max() > 0.01  # which is not what there is


def test_a_preview_costs_a_small_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 0.2 s here, and a step 0.5 s: one comes at once, the next after 13 s."""
    clock = [0.0]
    monkeypatch.setattr(studio_pipeline, "_PATIENCE", 0.6)
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    seen = Previews(Loaded(Nothing(), Family("sd"), tiny_vae=object()), (64, 64))

    def decoded(*_: Any) -> bytes:
        clock[0] += 0.2
        return b"png"

    monkeypatch.setattr(seen, "_decoded", decoded)
    shown = []
    pipeline = type("Pipeline", (), {"scheduler": object()})()
    for step in range(60):
        clock[0] += 0.5
        if seen.of(pipeline, step, torch.zeros(1, 4, 8, 8)):
            shown.append(step)
    assert shown == [1, 26, 39, 52]
