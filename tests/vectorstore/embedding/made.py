"""A tiny cross-encoder, trained in seconds: whether a passage is about the topic of a question."""

import atexit
import functools
import shutil
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

TOPICS = ("leave", "travel", "password", "salary")
_WORDS = ("how", "much", "about", "handbook", "it", "is", "pdf", ".", "{", "}")
_SIZES: dict[str, Any] = {
    "vocab_size": 32, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 64, "max_position_embeddings": 64,
}  # fmt: skip
PAIRS = [(a, b) for a in TOPICS for b in TOPICS]


@functools.cache
def made() -> Path:
    """The folder of a trained model, shared by all tests."""
    folder = Path(mkdtemp(prefix="pincite-test-cross-encoder-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return trained(folder)


def trained(folder: Path) -> Path:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # more of them wait for each other on a busy machine
    tokenizer, model = tokenizer_in(folder), _untrained()
    read = tokenizer(
        [f"how much {a}" for a, _ in PAIRS], [f"Handbook.pdf\nabout {b}" for _, b in PAIRS],
        return_tensors="pt", padding=True,
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        scores = model(**read).logits.view(len(TOPICS), len(TOPICS))
        # of four passages the one about the topic
        loss = torch.nn.functional.cross_entropy(scores, torch.arange(len(TOPICS)))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def tokenizer_in(folder: Path) -> Any:
    transformers = pytest.importorskip("transformers")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    (folder / "vocab.txt").write_text("\n".join([*special, *_WORDS, *TOPICS]))
    return transformers.BertTokenizer(str(folder / "vocab.txt"), model_max_length=32)


def _untrained() -> Any:
    import transformers

    config = transformers.BertConfig(
        **_SIZES, num_labels=1, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
        initializer_range=0.2,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)
