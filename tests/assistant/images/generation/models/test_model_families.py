"""Steps, guidance and scheduler by what a model's files say."""

from typing import Any

import pytest

from assistant.images.generation.models.model_families import Family, Parts, family

PNDM = {"_class_name": "PNDMScheduler"}
TRAILING = {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "trailing"}
LEADING = {"_class_name": "EulerDiscreteScheduler", "timestep_spacing": "leading"}
LCM = {"_class_name": "LCMScheduler"}
SD, XL = "StableDiffusionPipeline", "StableDiffusionXLPipeline"


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        (Parts(SD, PNDM, {}, {}), Family("sd", 20, 7.0, "dpm")),
        (Parts(SD, TRAILING, {}, {}, "sd-turbo"), Family("turbo", 4, 0.0, "trailing")),
        (Parts(SD, PNDM, {}, {}, "DreamShaperXL_Lightning"), Family("turbo", 4, 0.0, "trailing")),
        (Parts(XL, LEADING, {}, {}), Family("sdxl", 25, 6.0, "own")),
        (Parts(XL, LCM, {}, {}), Family("lcm", 4, 1.0, "lcm")),
        (Parts(SD, LCM, {"time_cond_proj_dim": 256}, {}), Family("lcm", 4, 8.0, "lcm")),
        (Parts("FluxPipeline", {}, {}, {"guidance_embeds": False}), Family("flux", 4, 0.0)),
        (Parts("FluxPipeline", {}, {}, {"guidance_embeds": True}), Family("flux", 28, 3.5)),
        (Parts("AudioLDM2Pipeline", {}, {}, {}), Family("other")),
    ],
    ids=["sd 1.5", "sd-turbo", "lightning", "sdxl", "lcm lora", "lcm", "schnell", "dev", "sound"],
)
def test_the_family_of_a_model(parts: Any, wanted: Family) -> None:
    assert family(parts) == wanted


def test_a_folder_may_say_what_suits_it() -> None:
    told = Parts(SD, PNDM, {}, {}, told={"steps": 12, "guidance": 2})
    assert family(told) == Family("sd", 12, 2.0, "dpm")
    nonsense = Parts(SD, PNDM, {}, {}, told={"steps": "many", "guidance": -1, "more": 5})
    assert family(nonsense) == Family("sd", 20, 7.0, "dpm")
