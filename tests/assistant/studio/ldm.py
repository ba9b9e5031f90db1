"""A pipeline as one file, with the names that Stable Diffusion's own programs give its tensors.

The way back of diffusers/loaders/single_file_utils.py, for models made on the spot.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

_RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0",
    "conv2": "out_layers.3", "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
_ENDS = {
    "time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0", "add_embedding.linear_2": "label_emb.0.2",
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

_OPEN_CLIP = {
    r"^text_model\.": "", r"^embeddings\.token_embedding": "token_embedding",
    r"^embeddings\.position_embedding\.weight": "positional_embedding",
    r"^final_layer_norm": "ln_final", r"^encoder\.layers": "transformer.resblocks",
    r"layer_norm(\d)": r"ln_\1", r"mlp\.fc1": "mlp.c_fc", r"mlp\.fc2": "mlp.c_proj",
    r"self_attn": "attn",
}  # fmt: skip


def save(pipeline: Any, path: Path) -> Path:
    """Write the parts of a pipeline of Stable Diffusion 1 or XL."""
    unet = {f"model.diffusion_model.{_unet(n, pipeline.unet)}": t
            for n, t in pipeline.unet.state_dict().items()}  # fmt: skip
    vae = dict(_vae(n, t, pipeline.vae) for n, t in pipeline.vae.state_dict().items())
    large = hasattr(pipeline, "text_encoder_2")
    place = "conditioner.embedders.0" if large else "cond_stage_model"
    words = {f"{place}.transformer.text_model.{n.removeprefix('text_model.')}": t
             for n, t in pipeline.text_encoder.state_dict().items()}  # fmt: skip
    if large:
        told = dict(_open_clip(pipeline.text_encoder_2))
        words |= {f"conditioner.embedders.1.model.{name}": t for name, t in told.items()}
    tensors = {**unet, **vae, **words}
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path)
    return path


def _open_clip(encoder: Any) -> Iterator[tuple[str, Any]]:
    """With the query, the key and the value in one, as OpenCLIP has them."""
    found = encoder.state_dict()
    yield "text_projection", found["text_projection.weight"].T
    for name, tensor in found.items():
        for known, other in _OPEN_CLIP.items():
            name = re.sub(known, other, name)
        if "q_proj" in name:
            parts = [tensor, *(found[_same(encoder, name, part)] for part in ("k", "v"))]
            yield name.replace("q_proj.", "in_proj_"), torch.cat(parts)
        elif not re.search(r"[kv]_proj|text_projection|position_ids", name):
            yield name, tensor


def _same(encoder: Any, name: str, part: str) -> str:
    """The name of the key or the value beside a query."""
    layer, kind = re.findall(r"resblocks\.(\d+)\.attn\.q_proj\.(\w+)", name)[0]
    ending = f"encoder.layers.{layer}.self_attn.{part}_proj.{kind}"
    return next(known for known in encoder.state_dict() if known.endswith(ending))


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
