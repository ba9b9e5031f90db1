"""Trains the reader, and writes `vectorstore/retrieval/reader.safetensors`.

    python scripts/train_reader.py PAIRS [EMBEDDER]

PAIRS is a file of JSON Lines, rows {"group", "q", "head", "p", "y"}: a question, the title and the
text of a passage, and whether the passage answers the question (1 or 0). The rows of one question
share a `group`. EMBEDDER is the folder of all-MiniLM-L6-v2 (else the installed one). 40,500 pairs
take about half an hour on two free cores with bfloat16.

The weights in the package had a second loss on the place of the answer (weight .2), which this
script leaves out: it makes others, for which the verifier is to be fitted again.

What is trained are low-rank additions to all linear layers (LoRA, Hu et al., 2022), biases, layer
norms, the two token types, and a head; the embedding model itself stays as it is.
"""

import hashlib
import json
import math
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from sklearn.metrics import roc_auc_score
from torch import nn
from transformers import AutoModel

from assistant.models.installed import Models
from assistant.settings import Settings
from vectorstore.embedding import embedder
from vectorstore.retrieval.rerank import ADAPTER, pair

RANK, SCALE = 32, 2.0
RATE, BATCH, WARM = 8e-4, 32, 2000
BLOCK = 1024  # pairs that are sorted by length, so that a batch has little padding
KEPT_BACK = 300  # questions whose pairs only measure
Row = dict[str, Any]


class LowRank(nn.Module):
    """A linear layer whose weights stay, with a trained addition of a low rank."""

    def __init__(self, base: nn.Linear) -> None:
        super().__init__()
        self.weight = nn.Parameter(base.weight.detach().clone(), requires_grad=False)
        self.bias = nn.Parameter(base.bias.detach().clone())
        self.A = nn.Parameter(torch.randn(RANK, base.in_features) / math.sqrt(base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.linear(x, self.weight, self.bias) + F.linear(F.linear(x, self.A), self.B) * SCALE


class Trained(nn.Module):
    """The encoder with its additions, and the head that `write_reader` writes as a graph."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.trunk = AutoModel.from_pretrained(folder, add_pooling_layer=False)
        self.trunk.requires_grad_(False)
        for layer in self.trunk.encoder.layer:
            attention = layer.attention
            for owner, name in (
                *((attention.self, name) for name in ("query", "key", "value")),
                (attention.output, "dense"), (layer.intermediate, "dense"), (layer.output, "dense"),
            ):  # fmt: skip
                setattr(owner, name, LowRank(getattr(owner, name)))
            for norm in (attention.output.LayerNorm, layer.output.LayerNorm):
                norm.requires_grad_(True)
        self.trunk.embeddings.token_type_embeddings.requires_grad_(True)
        size = self.trunk.config.hidden_size
        self.hidden = nn.Linear(3 * size, 192)
        self.out = nn.Linear(192, 1)

    def forward(self, ids: torch.Tensor, kinds: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        hidden = self.trunk(
            input_ids=ids, attention_mask=mask, token_type_ids=kinds
        ).last_hidden_state
        read = (mask * kinds).to(hidden.dtype)
        asked = (mask - mask * kinds).to(hidden.dtype)
        a, b = (
            torch.einsum("bl,bld->bd", tokens, hidden) / tokens.sum(1, keepdim=True).clamp(min=1)
            for tokens in (asked, read)
        )
        both = torch.cat([hidden[:, 0], a * b * 8, (a - b).abs() * 2], -1)
        odds: torch.Tensor = self.out(F.gelu(self.hidden(both))).squeeze(-1)
        return odds

    def adapter(self) -> dict[str, torch.Tensor]:
        """All that was trained, in half precision; the scale is in the first factors."""
        return {
            name.removeprefix("trunk."): (
                value.detach() * (SCALE if name.endswith(".A") else 1)
            ).half().contiguous()
            for name, value in self.named_parameters() if value.requires_grad
        }  # fmt: skip


def main() -> None:
    seed()
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else installed()
    kept_back, rows = split(Path(sys.argv[1]))
    tokenizer = embedder.model_tokenizer(folder)
    tokenizer.no_truncation()
    model = Trained(folder)
    train(model, rows, tokenizer)
    print(f"AUROC of {len(kept_back)} pairs kept back: {area(model, kept_back, tokenizer):.3f}")
    save_file(model.adapter(), str(ADAPTER))
    print(f"{ADAPTER.name} was written: its digits in reader.py are {digits(ADAPTER)}")


def seed() -> None:
    torch.manual_seed(5)
    random.seed(5)
    np.random.seed(5)


def installed() -> Path:
    settings = Settings.load()
    folder = Models(settings).chosen("embedding")
    if folder is None:
        sys.exit("No embedding model is installed: run `make setup`, or name its folder.")
    return folder


def digits(path: Path) -> str:
    """Which adapter it is: the name of the int8 file has them."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def split(path: Path) -> tuple[list[Row], list[Row]]:
    """The pairs of some questions that only measure, and those of all others."""
    groups: dict[str, list[Row]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        groups.setdefault(row["group"], []).append(row)
    shuffled = list(groups.values())
    random.shuffle(shuffled)
    kept_back, rest = shuffled[:KEPT_BACK], shuffled[KEPT_BACK:]
    rows = [row for group in rest for row in group]
    random.shuffle(rows)
    return [row for group in kept_back for row in group], rows


def train(model: Trained, rows: list[Row], tokenizer: Any) -> None:
    """One pass over the pairs, at a rate that rises and then falls to nothing."""
    optimizer = torch.optim.AdamW(groups_of(model), betas=(0.9, 0.98))
    began, seen = time.monotonic(), 0
    for start in range(0, len(rows), BLOCK):
        losses = []
        for batch in batches(rows[start : start + BLOCK], tokenizer):
            share = min(1, (seen + BATCH) / WARM) * max(0.01, 1 - seen / len(rows))
            for group in optimizer.param_groups:
                group["lr"] = group["rate"] * share
            losses.append(step(model, batch, optimizer))
            seen += len(batch)
        speed = seen / (time.monotonic() - began)
        print(f"{seen} of {len(rows)} pairs, loss {np.mean(losses):.3f}, {speed:.0f}/s", flush=True)


def groups_of(model: Trained) -> list[dict[str, Any]]:
    """Biases, norms and token types learn at half the rate, and do not decay."""
    fast: list[nn.Parameter] = []
    slow: list[nn.Parameter] = []
    for name, value in model.named_parameters():
        if value.requires_grad:
            is_slow = name.endswith(("bias", "LayerNorm.weight")) or "embeddings" in name
            (slow if is_slow else fast).append(value)
    return [
        {"params": fast, "rate": RATE, "weight_decay": 0.01},
        {"params": slow, "rate": RATE / 2, "weight_decay": 0.0},
    ]


Pair = tuple[list[int], list[int], int]  # ids, kinds, whether it is answered


def batches(rows: list[Row], tokenizer: Any) -> list[list[Pair]]:
    """Of pairs of about the same length, in any order."""
    pairs = sorted(
        ((*pair(tokenizer, row["q"], row["head"], row["p"]), row["y"]) for row in rows),
        key=lambda one: len(one[0]),
    )
    cut = [pairs[start : start + BATCH] for start in range(0, len(pairs), BATCH)]
    random.shuffle(cut)
    return cut


def step(model: Trained, batch: list[Pair], optimizer: torch.optim.Optimizer) -> float:
    model.train()
    truth = torch.tensor([float(one[2]) for one in batch])
    with torch.autocast("cpu", torch.bfloat16):
        odds = model(*padded(batch))
    loss = F.binary_cross_entropy_with_logits(odds.float(), truth)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], 1.0)
    optimizer.step()
    return float(loss)


def padded(batch: list[Pair]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, kinds and mask, each of the shape (pairs, tokens)."""
    longest = max(len(one[0]) for one in batch)
    ids, kinds, mask = (
        torch.tensor([list(tokens) + [0] * (longest - len(tokens)) for tokens in column])
        for column in zip(*((one[0], one[1], [1] * len(one[0])) for one in batch), strict=True)
    )
    return ids, kinds, mask


@torch.no_grad()
def area(model: Trained, rows: list[Row], tokenizer: Any) -> float:
    model.eval()
    odds: list[float] = []
    truth: list[int] = []
    for batch in batches(rows, tokenizer):
        odds += model(*padded(batch)).tolist()
        truth += [one[2] for one in batch]
    return float(roc_auc_score(truth, odds))


if __name__ == "__main__":
    main()
