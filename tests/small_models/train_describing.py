"""Trains the describing model from scratch and writes it as a folder of transformers.

A small vision transformer reads the picture, a small GPT-2 writes what it shows (as ViT-GPT2 and
TrOCR do: Li et al., 2021).
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTImageProcessor,
    ViTModel,
)

from tests.small_models import shapes, words
from tests.small_models.training import as_input, drawn, run_in_single_precision, train

HERE = Path(__file__).parent
SEED = 6
STEPS = 1500
WIDTH = 96  # of both halves


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True, help="checkpoints, to go on later")
    parser.add_argument("--out", type=Path, default=HERE / "shapes-describing")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    scenes, pictures = drawn(options.cache)
    texts = [shapes.plain(scene) for scene in scenes]
    tokenizer = words.word_tokenizer([shapes.plain(scene) for scene in shapes.split()[0]])
    model = new_model(tokenizer)
    labels = as_labels(tokenizer, texts)

    def loss_of(step: int) -> Tensor:
        picked = torch.randint(len(pictures), (64,))
        seen = worn(as_input(pictures[picked]))
        return model(pixel_values=seen, labels=labels[picked]).loss

    train("describing", model, loss_of, options.steps, 1.5e-3, options.cache, SEED)
    save(options.out, model, tokenizer)


def as_labels(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> Tensor:
    """(N, words); -100 is what the loss leaves out."""
    ids = tokenizer(texts, padding=True, return_tensors="pt").input_ids
    return ids.masked_fill(ids == tokenizer.pad_token_id, -100)


def worn(pictures: Tensor) -> Tensor:
    """Some of them softened, all with a little noise and another light: not all are drawn sharp."""
    soft = torch.nn.functional.avg_pool2d(pictures, 3, stride=1, padding=1, count_include_pad=False)
    share = torch.rand(len(pictures), 1, 1, 1) * (torch.rand(len(pictures), 1, 1, 1) < 0.5)
    light = 1 + 0.06 * torch.randn(len(pictures), 1, 1, 1)
    noise = torch.randn_like(pictures) * 0.08 * torch.rand(len(pictures), 1, 1, 1)
    return ((pictures + share * (soft - pictures)) * light + noise).clamp(-1, 1)


def new_model(tokenizer: PreTrainedTokenizerFast) -> VisionEncoderDecoderModel:
    encoder = ViTModel(
        ViTConfig(
            image_size=shapes.SIDE,
            patch_size=8,
            hidden_size=WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            intermediate_size=2 * WIDTH,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
        ),
        add_pooling_layer=False,
    )
    decoder = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=tokenizer.model_max_length,
            n_embd=WIDTH,
            n_layer=2,
            n_head=4,
            n_inner=2 * WIDTH,
            add_cross_attention=True,
            is_decoder=True,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
        )
    )
    model = VisionEncoderDecoderModel(encoder=encoder, decoder=decoder)
    for config in (model.config, model.generation_config):
        config.decoder_start_token_id = tokenizer.bos_token_id
        config.pad_token_id = tokenizer.pad_token_id
        config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.max_length = tokenizer.model_max_length
    return model


def save(
    folder: Path, model: VisionEncoderDecoderModel, tokenizer: PreTrainedTokenizerFast
) -> None:
    """In half precision, as a folder that transformers loads."""
    model.half().save_pretrained(folder)
    run_in_single_precision(folder / "config.json")
    tokenizer.save_pretrained(folder)
    side = {"height": shapes.SIDE, "width": shapes.SIDE}
    ViTImageProcessor(size=side, image_mean=[0.5] * 3, image_std=[0.5] * 3).save_pretrained(folder)


if __name__ == "__main__":
    main()
