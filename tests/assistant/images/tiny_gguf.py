"""Vision models of a megabyte in GGUF, with random weights: what they say is nonsense, and how they
are loaded, shown a picture and made to speak is as with the real ones of their family.
"""

from pathlib import Path

import gguf
import numpy as np

_WIDTH, _LAYERS, _HEADS = 64, 2, 4  # of the text model
_EYES = 32  # width of the picture's tower
_PICTURE, _PATCH, _SHUFFLE = 64, 8, 4

# As in SmolVLM's file: content in parts, never one text.
SMOLVLM = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
CHATML = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content']"
    " + '<end_of_utterance>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_SPECIAL = (
    "<|im_start|>", "<end_of_utterance>", "<fake_token_around_image>", "<global-img>",
    *(f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5)),
)  # fmt: skip
_TWO_ENDS = "\u010a\u010a"  # of lines, as GPT-2 writes them: SmolVLM has them between the tiles


def write(folder: Path, template: str = SMOLVLM, projector: str = "idefics3") -> Path:
    """A folder with a model and its mmproj; `projector` "mlp" is moondream's kind."""
    folder.mkdir(parents=True, exist_ok=True)
    _text(folder / "tiny.gguf", template)
    _eyes(folder / "mmproj-tiny.gguf", projector)
    return folder


def _text(path: Path, template: str) -> None:
    writer, random = gguf.GGUFWriter(path, "llama"), np.random.default_rng(0)
    writer.add_context_length(4096)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(2 * _WIDTH)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    tokens = [*_bytes(), *_SPECIAL, _TWO_ENDS]
    normal, control = gguf.TokenType.NORMAL, gguf.TokenType.CONTROL
    kinds = [*[normal] * 256, *[control] * len(_SPECIAL), normal]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["t h"])
    writer.add_bos_token_id(256)
    writer.add_eos_token_id(257)
    writer.add_chat_template(template)
    shapes = {"token_embd": (len(tokens), _WIDTH), "output": (len(tokens), _WIDTH)}
    for layer in range(_LAYERS):
        names = ("attn_q", "attn_k", "attn_v", "attn_output")
        shapes |= {f"blk.{layer}.{name}": (_WIDTH, _WIDTH) for name in names}
        shapes |= {f"blk.{layer}.ffn_{n}": (2 * _WIDTH, _WIDTH) for n in ("gate", "up")}
        shapes[f"blk.{layer}.ffn_down"] = (_WIDTH, 2 * _WIDTH)
        _ones(writer, _WIDTH, f"blk.{layer}.attn_norm", f"blk.{layer}.ffn_norm")
    _ones(writer, _WIDTH, "output_norm")
    _noise(writer, random, shapes, 0.3)
    _finish(writer)


def _bytes() -> list[str]:
    """The letters that GPT-2's tokenizer gives to the 256 bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in shown]
    letters = {byte: chr(byte) for byte in shown}
    letters |= {byte: chr(256 + at) for at, byte in enumerate(others)}
    return [letters[byte] for byte in range(256)]


def _eyes(path: Path, projector: str) -> None:
    writer, random = gguf.GGUFWriter(path, "clip"), np.random.default_rng(1)
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", projector)
    numbers = {
        "image_size": _PICTURE, "patch_size": _PATCH, "embedding_length": _EYES,
        "feed_forward_length": 2 * _EYES, "block_count": 2, "projection_dim": _WIDTH,
        "attention.head_count": 2, "projector.scale_factor": _SHUFFLE,
        "preproc_image_size": 2 * _PICTURE,
    }  # fmt: skip
    for name, number in numbers.items():
        writer.add_uint32(f"clip.vision.{name}", number)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-6)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    writer.add_bool("clip.use_gelu", True)
    shapes: dict[str, tuple[int, ...]] = {
        "v.patch_embd": (_EYES, 3, _PATCH, _PATCH),
        "v.position_embd": ((_PICTURE // _PATCH) ** 2, _EYES),
    }
    for layer in range(2):
        block = f"v.blk.{layer}."
        names = ("attn_q", "attn_k", "attn_v", "attn_out")
        shapes |= {f"{block}{name}": (_EYES, _EYES) for name in names}
        shapes |= {f"{block}ffn_up": (2 * _EYES, _EYES), f"{block}ffn_down": (_EYES, 2 * _EYES)}
        _ones(writer, _EYES, f"{block}ln1", f"{block}ln2", bias=True)
    _ones(writer, _EYES, "v.post_ln", bias=True)
    if projector == "mlp":
        shapes |= {"mm.0": (_WIDTH, _EYES), "mm.2": (_WIDTH, _WIDTH)}
    else:
        shapes["mm.model.fc"] = (_WIDTH, _EYES * _SHUFFLE**2)
    _noise(writer, random, shapes, 0.1)
    for name in shapes:
        if name not in ("v.position_embd", "mm.model.fc"):
            writer.add_tensor(f"{name}.bias", np.zeros(shapes[name][0], np.float32))
    _finish(writer)


def _ones(writer: gguf.GGUFWriter, width: int, *names: str, bias: bool = False) -> None:
    for name in names:
        writer.add_tensor(f"{name}.weight", np.ones(width, np.float32))
        if bias:
            writer.add_tensor(f"{name}.bias", np.zeros(width, np.float32))


def _noise(
    writer: gguf.GGUFWriter,
    random: np.random.Generator,
    shapes: dict[str, tuple[int, ...]],
    size: float,
) -> None:
    for name, shape in shapes.items():
        noise = (random.standard_normal(shape) * size).astype(np.float32)
        writer.add_tensor(f"{name}.weight", noise)


def _finish(writer: gguf.GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
