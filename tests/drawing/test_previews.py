"""What a preview takes a picture for, where that is known exactly."""

from typing import Any

import pytest
import torch

from assistant.drawing.loading import Family, Loaded
from assistant.drawing.previews import Previews
from tests.drawing.made_models import NOISE

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


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
