"""Pipelines of several families with random weights, each small enough to paint in a second."""

from typing import Any

import torch


def vae(**more: Any) -> Any:
    from diffusers import AutoencoderKL

    channels = (16, 32, 32)
    return AutoencoderKL(
        **{
            "block_out_channels": channels, "norm_num_groups": 8, "sample_size": 64,
            "down_block_types": ("DownEncoderBlock2D",) * 3,
            "up_block_types": ("UpDecoderBlock2D",) * 3,
            **more,
        }
    )  # fmt: skip


def unet(**more: Any) -> Any:
    from diffusers import UNet2DConditionModel

    return UNet2DConditionModel(
        **{
            "sample_size": 16, "block_out_channels": (32, 64), "layers_per_block": 1,
            "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
            "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"), "cross_attention_dim": 32,
            "attention_head_dim": 8, "norm_num_groups": 8, **more,
        }
    )  # fmt: skip


def words(kind: str = "CLIPTextModel", size: int = 32) -> Any:
    import transformers

    config = transformers.CLIPTextConfig(
        vocab_size=49408, hidden_size=size, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=4, bos_token_id=0, eos_token_id=2, pad_token_id=1, projection_dim=32,
    )  # fmt: skip
    return getattr(transformers, kind)(config)


def tokenizer() -> Any:
    from assistant.studio import drawing_model

    return drawing_model._clip("<|endoftext|>")


def t5() -> tuple[Any, Any]:
    """An encoder and a tokenizer that knows letters."""
    from transformers import T5Config, T5EncoderModel, T5Tokenizer

    letters = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    letters += [(chr(n), -3.0) for n in range(97, 123)]
    config = T5Config(
        vocab_size=64, d_model=32, d_ff=64, d_kv=8, num_layers=1, num_heads=4,
    )  # fmt: skip
    return T5EncoderModel(config), T5Tokenizer(vocab=letters, extra_ids=0, model_max_length=64)


NOISE: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
}


def sd(scheduler: Any = None, coder: Any = None, **more: Any) -> Any:
    from diffusers import PNDMScheduler, StableDiffusionPipeline

    scheduler = scheduler or PNDMScheduler(skip_prk_steps=True, **NOISE)
    return StableDiffusionPipeline(
        coder or vae(), words(), tokenizer(), unet(**more), scheduler, None, None,
        requires_safety_checker=False,
    )  # fmt: skip


def turbo() -> Any:
    from diffusers import EulerDiscreteScheduler

    plain = vae(mid_block_add_attention=False)  # as small ones are
    return sd(EulerDiscreteScheduler(timestep_spacing="trailing", **NOISE), plain)


def lcm() -> Any:
    from diffusers import LCMScheduler

    return sd(LCMScheduler(**NOISE), time_cond_proj_dim=32)


def sdxl() -> Any:
    from diffusers import EulerDiscreteScheduler, StableDiffusionXLPipeline

    # 6 numbers of a size and a place, 8 each, and the 32 of the words.
    conditioned = unet(
        cross_attention_dim=96, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=80, use_linear_projection=True,
    )  # fmt: skip
    return StableDiffusionXLPipeline(
        vae(), words(), words("CLIPTextModelWithProjection", 64), tokenizer(), tokenizer(),
        conditioned, EulerDiscreteScheduler(**NOISE), add_watermarker=False,
    )  # fmt: skip


def flux() -> Any:
    from diffusers import FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel

    encoder, letters = t5()
    transformer = FluxTransformer2DModel(
        in_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=32, pooled_projection_dim=32,
        axes_dims_rope=(4, 4, 8),
    )  # fmt: skip
    coder = vae(
        latent_channels=4, scaling_factor=1.5, shift_factor=0.06, use_quant_conv=False,
        use_post_quant_conv=False,
    )  # fmt: skip
    scheduler = FlowMatchEulerDiscreteScheduler()
    return FluxPipeline(scheduler, coder, words(), tokenizer(), encoder, letters, transformer)


def clip() -> Any:
    """Makes moving pictures."""
    from diffusers import AnimateDiffPipeline, DDIMScheduler, MotionAdapter

    motion = MotionAdapter(
        block_out_channels=(32, 64), motion_layers_per_block=1, motion_norm_num_groups=8,
        motion_num_attention_heads=4, use_motion_mid_block=False,
    )  # fmt: skip
    scheduler = DDIMScheduler(clip_sample=False, **NOISE)
    return AnimateDiffPipeline(vae(), words(), tokenizer(), unet(), motion, scheduler)


def saved(make: Any, folder: Any) -> Any:
    """The folder of a pipeline that `make` makes; the same each time."""
    torch.manual_seed(0)
    make().save_pretrained(folder)
    return folder
