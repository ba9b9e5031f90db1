"""A pipeline as one file, with the names that Stable Diffusion's own programs give its tensors.

The way back of diffusers/loaders/single_file_utils.py, for models made on the spot.
"""

import re
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
_ENDS = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
}  # fmt: skip
_VAE = {
    r"conv_shortcut": "nin_shortcut", r"conv_norm_out": "norm_out",
    r"mid_block\.attentions\.0\.group_norm": "mid.attn_1.norm",
    r"mid_block\.attentions\.0\.to_([qkv])": r"mid.attn_1.\1",
    r"mid_block\.attentions\.0\.to_out\.0": "mid.attn_1.proj_out",
    r"mid_block\.resnets\.0": "mid.block_1", r"mid_block\.resnets\.1": "mid.block_2",
    r"down_blocks\.(\d)\.resnets\.(\d)": r"down.\1.block.\2",
    r"down_blocks\.(\d)\.downsamplers\.0": r"down.\1.downsample",
}  # fmt: skip


def save(pipeline: Any, path: Path) -> Path:
    """Write the UNet, the VAE and the text encoder of a Stable Diffusion 1 pipeline."""
    unet = {f"model.diffusion_model.{_unet(n, pipeline.unet)}": t
            for n, t in pipeline.unet.state_dict().items()}  # fmt: skip
    vae = dict(_vae(n, t, pipeline.vae) for n, t in pipeline.vae.state_dict().items())
    words = {f"cond_stage_model.transformer.text_model.{n.removeprefix('text_model.')}": t
             for n, t in pipeline.text_encoder.state_dict().items()}  # fmt: skip
    tensors = {**unet, **vae, **words}
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path)
    return path


def _unet(name: str, unet: Any) -> str:
    layers = unet.config.layers_per_block
    for known, ldm in _ENDS.items():
        if name.startswith(f"{known}."):
            return name.replace(known, ldm, 1)
    if found := re.match(r"mid_block\.(resnets|attentions)\.(\d)\.(.+)", name):
        kind, at, rest = found.groups()
        place = 1 if kind == "attentions" else 2 * int(at)
        return f"middle_block.{place}.{_inside(kind, rest)}"
    found = re.match(r"(down|up)_blocks\.(\d)\.(\w+)\.(\d)\.(.+)", name)
    assert found, name
    way, block, kind, at, rest = found[1], int(found[2]), found[3], int(found[4]), found[5]
    if kind == "downsamplers":
        return f"input_blocks.{(layers + 1) * (block + 1)}.0.{rest.replace('conv', 'op')}"
    if kind == "upsamplers":
        attended = "Cross" in unet.config.up_block_types[block]
        return f"output_blocks.{(layers + 1) * (block + 1) - 1}.{1 + attended}.{rest}"
    number = (layers + 1) * block + at + (way == "down")
    side = "input" if way == "down" else "output"
    return f"{side}_blocks.{number}.{int(kind == 'attentions')}.{_inside(kind, rest)}"


def _inside(kind: str, rest: str) -> str:
    if kind == "attentions":
        return rest
    known = rest.partition(".")[0]
    return rest.replace(known, _RESNET[known], 1)


def _vae(name: str, tensor: Any, vae: Any) -> tuple[str, Any]:
    last = len(vae.config.block_out_channels) - 1
    for pattern, ldm in _VAE.items():
        name = re.sub(pattern, ldm, name)
    turned = re.match(r"decoder\.up_blocks\.(\d)\.(resnets\.(\d)|upsamplers\.0)(.+)", name)
    if turned:
        inner = "upsample" if turned[3] is None else f"block.{turned[3]}"
        name = f"decoder.up.{last - int(turned[1])}.{inner}{turned[4]}"
    if "attn_1" in name and name.endswith("weight") and "norm" not in name:
        tensor = tensor[:, :, None, None]
    return f"first_stage_model.{name}", tensor
