"""A Stable Diffusion pipeline with random weights, small enough to paint in a second."""

from pathlib import Path
from typing import Any

import pytest

from assistant import offline

SIDE = 64  # pixels of its pictures


@pytest.fixture(autouse=True)
def _nothing_connects(tmp_path: Path) -> Any:
    """The guard that the program has: a try to connect fails the test."""
    remove = offline.install_guard(tmp_path / "network.log")
    yield
    remove()
    log = tmp_path / "network.log"
    assert not log.exists() or "refused" not in log.read_text()


def made_pipeline() -> Any:
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline
    from diffusers import UNet2DConditionModel as UNet
    from transformers import CLIPTextConfig, CLIPTextModel

    from assistant.drawing import single_file

    torch.manual_seed(0)
    down, up = ("CrossAttnDownBlock2D", "DownBlock2D"), ("UpBlock2D", "CrossAttnUpBlock2D")
    unet = UNet(
        sample_size=16, block_out_channels=(32, 64), layers_per_block=1, down_block_types=down,
        up_block_types=up, cross_attention_dim=32, attention_head_dim=8, norm_num_groups=8,
    )  # fmt: skip
    vae = AutoencoderKL(
        block_out_channels=(16, 32, 32), norm_num_groups=8, sample_size=SIDE,
        down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
    )  # fmt: skip
    words = CLIPTextConfig(
        vocab_size=49408, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, bos_token_id=0, eos_token_id=2, pad_token_id=1,
    )  # fmt: skip
    scheduler = PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True,
        steps_offset=1,
    )  # fmt: skip
    return StableDiffusionPipeline(
        vae, CLIPTextModel(words), single_file._clip("<|endoftext|>"), unet, scheduler, None, None,
        requires_safety_checker=False,
    )  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Any:
    """For networks this small more threads only wait for one another."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def pipeline() -> Any:
    return made_pipeline()


@pytest.fixture(scope="session")
def tiny(pipeline: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder."""
    folder = tmp_path_factory.mktemp("drawing") / "tiny"
    pipeline.save_pretrained(folder)
    return folder
