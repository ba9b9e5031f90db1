"""The loop that both trainings share: progress, a rate that rises and falls, and going on later.

Every step draws its chance from its own number, so that a training that was interrupted goes on as
if nothing had happened, and the same seed gives the same model on the same machine and threads.
"""

import json
import math
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from tests.small_models import shapes

PICTURES = 16_000
KEEP_EVERY = 30.0  # seconds between checkpoints
SAY_EVERY = 5.0  # seconds between lines of progress


def drawn(cache: Path) -> tuple[list[shapes.Scene], torch.Tensor]:
    """Scenes for training and a picture of each, (N, 3, 64, 64) of bytes."""
    chance = random.Random(shapes.SEED)
    known = shapes.split()[0]
    scenes = [chance.choice(known) for _ in range(PICTURES)]
    file = cache / "pictures.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(file, np.stack([np.asarray(shapes.draw(s, chance)) for s in scenes]))
    return scenes, torch.from_numpy(np.load(file)).permute(0, 3, 1, 2)


def as_input(pictures: torch.Tensor) -> torch.Tensor:
    """Bytes become -1 to 1."""
    return pictures.float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def train(
    name: str,
    model: torch.nn.Module,
    loss_of: Callable[[int], torch.Tensor],
    steps: int,
    rate: float,
    cache: Path,
    seed: int,
) -> None:
    """Trains `model` in place on `loss_of(step)`; cache/name.pt keeps how far it has come."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
    done = _restore(cache / f"{name}.pt", model, optimizer)
    clock = Clock(name, steps, done)
    model.train()
    for step in range(done, steps):
        torch.manual_seed(seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = rate * _slope(step, steps)
        loss = loss_of(step)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if clock.tick(step + 1, loss.item()) or step + 1 == steps:
            _keep(cache / f"{name}.pt", model, optimizer, step + 1)
    model.eval()


def _slope(step: int, steps: int) -> float:
    """Up in the first twentieth, then down along a half cosine to nearly nothing."""
    rise = max(1, steps // 20)
    if step < rise:
        return (step + 1) / rise
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, steps - rise)))


def _restore(file: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Steps that are done already."""
    if not file.exists():
        return 0
    state = torch.load(file, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"])


def _keep(file: Path, model: torch.nn.Module, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Written beside and then renamed: a training that is killed leaves no half checkpoint."""
    file.parent.mkdir(parents=True, exist_ok=True)
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    part = file.with_suffix(".part")
    torch.save(state, part)
    part.replace(file)


class Clock:
    """Prints "unet 340/1400 loss 0.123, 3:12 left" now and then; wall and processor seconds."""

    def __init__(self, name: str, steps: int, done: int) -> None:
        self._name, self._steps, self._first = name, steps, done
        self._start = self._said = self._kept = time.monotonic()
        self._processor = time.process_time()
        self._losses: list[float] = []

    def tick(self, done: int, loss: float) -> bool:
        """True when it is time to keep a checkpoint."""
        now = time.monotonic()
        self._losses.append(loss)
        if now - self._said > SAY_EVERY or done == self._steps:
            self._say(done, now)
        if now - self._kept > KEEP_EVERY:
            self._kept = now
            return True
        return False

    def _say(self, done: int, now: float) -> None:
        each = (now - self._start) / (done - self._first)
        left = round(each * (self._steps - done))
        loss = sum(self._losses) / len(self._losses)
        spent = time.process_time() - self._processor
        print(
            f"{self._name} {done}/{self._steps}  loss {loss:.4f}  {left // 60}:{left % 60:02} left"
            f"  ({now - self._start:.0f} s, {spent:.0f} s of processor)",
            flush=True,
        )
        self._said, self._losses = now, []


def run_in_single_precision(file: Path) -> None:
    """Says so in a config.json: transformers would run weights as they are kept, in halves, which
    processors are slow at and which do not go with what diffusers loads."""
    config = json.loads(file.read_text(encoding="utf-8"))
    for part in (config, *(config[name] for name in ("encoder", "decoder") if name in config)):
        part["dtype"] = "float32"
    file.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
