"""Tiny classifiers of pairs, trained in seconds: whether two texts are about the same topic."""

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
def made(kind: str) -> Path:
    """The folder of a trained model: "score", "texts" or "tokens". Shared by all tests."""
    folder = Path(mkdtemp(prefix=f"pincite-test-{kind}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return trained(folder, kind)


def trained(folder: Path, kind: str) -> Path:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    torch.set_num_threads(1)  # more of them wait for each other on a busy machine
    tokenizer, model = tokenizer_in(folder), _untrained(kind)
    first = "how much {}" if kind == "score" else "handbook about {}"
    second = "Handbook.pdf\nabout {}" if kind == "score" else "it is {} ."
    read = tokenizer(
        [first.format(a) for a, _ in PAIRS], [second.format(b) for _, b in PAIRS],
        return_tensors="pt", padding=True,
    )  # fmt: skip
    if kind == "tokens":
        del read["token_type_ids"]
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(60):
        loss = _loss(torch, kind, model(**read).logits, read["input_ids"])
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


def _untrained(kind: str) -> Any:
    import transformers

    if kind == "tokens":  # the architecture of LettuceDetect
        config: Any = transformers.ModernBertConfig(
            **_SIZES, num_labels=2, pad_token_id=0, bos_token_id=2, cls_token_id=2, sep_token_id=3,
            eos_token_id=3, local_attention=16, initializer_range=0.2,
        )  # fmt: skip
        return transformers.ModernBertForTokenClassification(config)
    config = transformers.BertConfig(
        **_SIZES, num_labels=1 if kind == "score" else 2, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, initializer_range=0.2,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


def _loss(torch: Any, kind: str, logits: Any, ids: Any) -> Any:
    entropy = torch.nn.functional.cross_entropy
    if kind == "score":  # of four passages the one about the topic
        return entropy(logits.view(len(TOPICS), len(TOPICS)), torch.arange(len(TOPICS)))
    same = torch.tensor([int(a == b) for a, b in PAIRS])
    if kind == "texts":
        return entropy(logits, same)
    wrong = torch.zeros_like(ids)  # the topic of the second text, where it is another one
    for row, is_same in enumerate(same):
        place = (ids[row] == 3).nonzero()[0, 0] + 3
        wrong[row, place] = 1 - is_same
    return entropy(logits.reshape(-1, 2), wrong.reshape(-1))
