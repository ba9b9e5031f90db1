"""Steps, guidance and scheduler by what a model's files say."""

from typing import Any

import pytest

from assistant.studio.drawing_model import Family, family

PNDM = {"_class_name": "PNDMScheduler"}
TRAILING = {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing"}
LEADING = {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}
LCM = {"_class_name": "LCMScheduler"}
SD, XL = "StableDiffusionPipeline", "StableDiffusionXLPipeline"


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ((SD, PNDM, {}, {}, ""), Family("sd", 20, 7.0, "dpm")),
        ((SD, TRAILING, {}, {}, "sd-turbo"), Family("turbo", 4, 0.0, "trailing")),
        (
            (SD, PNDM, {}, {}, "DreamShaperXL_Lightning"),
            Family("turbo", 4, 0.0, "trailing"),
        ),
        ((XL, LEADING, {}, {}, ""), Family("sdxl", 25, 6.0, "own")),
        ((XL, LCM, {}, {}, ""), Family("lcm", 4, 1.0, "lcm")),
        ((SD, LCM, {"time_cond_proj_dim": 256}, {}, ""), Family("lcm", 4, 8.0, "lcm")),
        (("FluxPipeline", {}, {}, {"guidance_embeds": False}, ""), Family("flux", 4, 0.0)),
        (("FluxPipeline", {}, {}, {"guidance_embeds": True}, ""), Family("flux", 28, 3.5)),
        (("AudioLDM2Pipeline", {}, {}, {}, ""), Family("other")),
    ],
    ids=["sd 1.5", "sd-turbo", "lightning", "sdxl", "lcm lora", "lcm", "schnell", "dev", "sound"],
)
def test_the_family_of_a_model(parts: Any, wanted: Family) -> None:
    assert family(*parts) == wanted
