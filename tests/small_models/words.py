"""The words of the model as a tokenizer in the standard format, learned from the captions.

It gets the byte pairs of CLIP: a word that it has never seen becomes its letters.
"""

import json
import random

from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from tests.small_models import shapes

LENGTH = 24  # tokens that the model reads; the rest of a longer wording is cut
START, END = "<|startoftext|>", "<|endoftext|>"


def captions(scenes: list[shapes.Scene], each: int) -> list[str]:
    chance = random.Random(shapes.SEED)
    told = [shapes.told(scene, chance) for scene in scenes for _ in range(each)]
    return [shapes.phrased(scene, chance) for scene in told]


def clip_tokenizer(texts: list[str]) -> CLIPTokenizer:
    """Every word of the texts is one token, and so is every byte: nothing is unknown to it."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    learning = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learning.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.BpeTrainer(
        vocab_size=5000, initial_alphabet=letters, end_of_word_suffix="</w>", show_progress=False
    )
    learning.train_from_iterator(texts, trainer)
    merges = [(a, b) for a, b in json.loads(learning.to_str())["model"]["merges"]]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *(a + b for a, b in merges)]
    vocabulary = {
        token: number for number, token in enumerate(dict.fromkeys([*tokens, START, END]))
    }
    return CLIPTokenizer(vocabulary, merges, model_max_length=LENGTH)
