"""Vision models of transformers with random weights, in the folders that their real ones have."""

from pathlib import Path
from typing import Any

import torch
import transformers as t
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

SMOLVLM = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}"
    "<end_of_utterance>\n{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
_SIDE, _WIDTH = 32, 16


def words(folder: Path, *special: str, **roles: Any) -> Any:
    """A tokenizer of single letters and of special tokens."""
    letters = [*special, *map(chr, range(33, 127)), "Ġ", "Ċ"]
    vocabulary = {letter: at for at, letter in enumerate(dict.fromkeys(letters))}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.ByteLevel()
    return t.PreTrainedTokenizerFast(tokenizer_object=made, **roles)


def _saved(model: Any, folder: Path) -> None:
    """With weights that are large enough for pictures to make a difference."""
    for weights in model.parameters():
        if weights.dim() > 1:
            weights.data.normal_(0, 0.4)
    model.save_pretrained(folder)


def bert_words(folder: Path) -> Any:
    folder.mkdir(parents=True, exist_ok=True)
    letters = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "[ENC]",
        "[DEC]",
        *"abcdefghijklmnopqrstuvwxyz?",
    ]
    letters += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    (folder / "vocab.txt").write_text("\n".join(letters))
    return t.BertTokenizerFast(str(folder / "vocab.txt"))


def blip(folder: Path, questions: bool = False) -> Path:
    torch.manual_seed(0)
    tokens = bert_words(folder)
    text = {"vocab_size": len(tokens), "hidden_size": _WIDTH, "encoder_hidden_size": _WIDTH,
            "intermediate_size": 32, "projection_dim": _WIDTH, "num_hidden_layers": 1,
            "num_attention_heads": 2, "bos_token_id": 6, "sep_token_id": 3, "eos_token_id": 3,
            "pad_token_id": 0}  # fmt: skip
    eyes = {"hidden_size": _WIDTH, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "image_size": _SIDE, "patch_size": 16}  # fmt: skip
    config = t.BlipConfig(text_config=text, vision_config=eyes, projection_dim=_WIDTH)
    made = t.BlipForQuestionAnswering if questions else t.BlipForConditionalGeneration
    _saved(made(config), folder)
    pixels = t.BlipImageProcessor(size={"height": _SIDE, "width": _SIDE})
    t.BlipProcessor(pixels, tokens).save_pretrained(folder)
    return folder


def encoder_decoder(folder: Path) -> Path:
    torch.manual_seed(0)
    tokens = words(folder, "<s>", "</s>", bos_token="<s>", eos_token="</s>", pad_token="</s>")
    eyes = t.ViTConfig(hidden_size=_WIDTH, num_hidden_layers=1, num_attention_heads=2,
                       intermediate_size=32, image_size=_SIDE, patch_size=16)  # fmt: skip
    text = t.GPT2Config(vocab_size=len(tokens), n_positions=128, n_embd=_WIDTH, n_layer=1, n_head=2,
                        add_cross_attention=True, is_decoder=True)  # fmt: skip
    config = t.VisionEncoderDecoderConfig.from_encoder_decoder_configs(eyes, text)
    config.decoder_start_token_id, config.pad_token_id, config.eos_token_id = 0, 1, 1
    model = t.VisionEncoderDecoderModel(config)
    model.generation_config.decoder_start_token_id = 0
    model.generation_config.pad_token_id = model.generation_config.eos_token_id = 1
    _saved(model, folder)
    t.ViTImageProcessor(size={"height": _SIDE, "width": _SIDE}).save_pretrained(folder)
    tokens.save_pretrained(folder)
    return folder


def florence(folder: Path) -> Path:
    torch.manual_seed(0)
    tokens = words(folder, "<s>", "<pad>", "</s>", "<unk>", "<image>", bos_token="<s>",
                   eos_token="</s>", pad_token="<pad>", unk_token="<unk>",
                   extra_special_tokens={"image_token": "<image>"})  # fmt: skip
    text = {"model_type": "bart", "vocab_size": len(tokens), "d_model": _WIDTH,
            "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2,
            "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
            "max_position_embeddings": 256, "pad_token_id": 1, "bos_token_id": 0,
            "eos_token_id": 2, "decoder_start_token_id": 2}  # fmt: skip
    eyes = {"depths": [1, 1, 1, 1], "embed_dim": [8, 8, 8, 8], "num_heads": [1, 1, 1, 1],
            "num_groups": [1, 1, 1, 1], "window_size": 2, "projection_dim": _WIDTH}  # fmt: skip
    config = t.Florence2Config(text_config=text, vision_config=eyes, image_token_id=4)
    _saved(t.Florence2ForConditionalGeneration(config), folder)
    pixels = t.CLIPImageProcessor(size={"height": _SIDE, "width": _SIDE}, do_center_crop=False)
    pixels.image_seq_length = 2
    t.Florence2Processor(pixels, tokens).save_pretrained(folder)
    return folder


def smolvlm(folder: Path) -> Path:
    torch.manual_seed(0)
    tiles = (f"<row_{row}_col_{column}>" for row in range(1, 5) for column in range(1, 5))
    special = ("<|im_start|>", "<end_of_utterance>", "<image>", "<fake_token_around_image>",
               "<global-img>", *tiles)  # fmt: skip
    tokens = words(
        folder, *special, bos_token="<|im_start|>", eos_token="<end_of_utterance>",
        pad_token="<|im_start|>", additional_special_tokens=list(special),
        extra_special_tokens={
            "image_token": "<image>", "fake_image_token": "<fake_token_around_image>",
            "global_image_token": "<global-img>", "end_of_utterance_token": "<end_of_utterance>",
        },
    )  # fmt: skip
    text = {"model_type": "llama", "vocab_size": len(tokens), "hidden_size": _WIDTH,
            "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2,
            "num_key_value_heads": 2, "pad_token_id": 0, "bos_token_id": 0,
            "eos_token_id": 1}  # fmt: skip
    eyes = {"hidden_size": _WIDTH, "intermediate_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "image_size": _SIDE, "patch_size": 8}  # fmt: skip
    config = t.SmolVLMConfig(text_config=text, vision_config=eyes, image_token_id=2,
                             scale_factor=2, pad_token_id=0)  # fmt: skip
    _saved(t.SmolVLMForConditionalGeneration(config), folder)
    pixels = t.SmolVLMImageProcessor(size={"longest_edge": 2 * _SIDE},
                                     max_image_size={"longest_edge": _SIDE})  # fmt: skip
    t.SmolVLMProcessor(
        pixels, tokens, t.SmolVLMVideoProcessor(), image_seq_len=4, chat_template=SMOLVLM
    ).save_pretrained(folder)
    return folder
