"""What Pincite adds to a bare diffusers loop: seconds a step and peak memory, as ratios.

Each run is a process of its own that loads the model, paints once to warm up, and then paints once
with the clocks on; bare and ours take turns, and medians are compared. Both have the same weights,
precision, scheduler, size and steps. Ours looks whether to stop. Beside the
seconds that pass, those of the processor are shown: what else the machine does changes them little.

Without --model two models are made on the spot with random weights, for speed does not depend on
what they are: one that is tiny, and one in the shape of Stable Diffusion 1.5 (`--large`).
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import common

_PROMPT = "a large red circle on the left"
_WANTED = 1.05


Clocks = tuple[float, float]  # seconds that passed, and of the processor


def bare(model: Path, size: int, steps: int) -> Clocks:
    """A picture, as a script of a few lines would paint it."""
    import torch
    from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler

    from assistant.studio import drawing_model
    from assistant.studio.drawing_model import family_of, target

    device, kind = target(drawing_model.parameter_count(model))
    pipeline = DiffusionPipeline.from_pretrained(
        model,
        local_files_only=True,
        dtype=kind,
        safety_checker=None,
        variant=drawing_model.weights_variant(model),
    ).to(device)
    liked = family_of(model)
    if liked.scheduler == "dpm":
        pipeline.scheduler = DPMSolverMultistepScheduler.from_config(
            pipeline.scheduler.config, use_karras_sigmas=True
        )
    pipeline.set_progress_bar_config(disable=True)

    def paint(steps: int) -> None:
        pipeline(
            _PROMPT, width=size, height=size, num_inference_steps=steps,
            guidance_scale=liked.guidance, generator=torch.Generator("cpu").manual_seed(1),
        )  # fmt: skip

    return _timed(paint, steps)


def ours(model: Path, size: int, steps: int) -> Clocks:
    """The same picture by the Painter that the tools use."""
    from assistant.studio.canvas import DrawingJob, Watch
    from assistant.studio.diffusers_painter import DiffusersPainter

    painter = DiffusersPainter(model)
    return _timed(
        lambda steps: painter.paint(
            DrawingJob(_PROMPT, size=(size, size), steps=steps, seed=1), Watch()
        ),
        steps,
    )


def _timed(paint: Any, steps: int) -> Clocks:
    paint(2)
    started = time.perf_counter(), time.process_time()
    paint(steps)
    return time.perf_counter() - started[0], time.process_time() - started[1]


def child(which: str, model: Path, size: int, steps: int) -> None:
    """Print one run as JSON."""
    seconds, processor = {"bare": bare, "ours": ours}[which](model, size, steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "processor": processor, "peak": peak}))


def compare(name: str, model: Path, size: int, steps: int, rounds: int) -> None:
    """A row of the table, from runs in turns."""
    runs: dict[str, list[dict[str, float]]] = {"bare": [], "ours": []}
    for number in range(rounds):
        order = ("bare", "ours") if number % 2 == 0 else ("ours", "bare")
        for which in order:
            runs[which].append(_run(which, model, size, steps))
    cells = [f"{name}, {size}x{size}, {steps} steps"]
    for what, unit in (("seconds", steps), ("processor", steps), ("peak", 1e9)):
        mine, other = (statistics.median(r[what] for r in runs[w]) for w in ("ours", "bare"))
        cells += [f"{other / unit:.3f}", f"{mine / unit:.3f}", f"{mine / other:.3f}"]
    print(f"| {' | '.join(cells)} |", flush=True)


def _run(which: str, model: Path, size: int, steps: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.tools.painting", "--child", which]
    command += ["--model", str(model), "--size", str(size), "--steps", str(steps)]
    done = subprocess.run(
        command, cwd=common.ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "OMP_WAIT_POLICY": "passive"},  # threads that wait do no work
    )  # fmt: skip
    row: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return row


def random_model(folder: Path, *, large: bool) -> Path:
    """A Stable Diffusion pipeline with random weights, saved in its usual folders."""
    import torch
    from diffusers import (
        AutoencoderKL,
        PNDMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel

    from assistant.studio import drawing_model

    shapes = Path(drawing_model.__file__).with_name("shapes") / "sd1"
    read = {p: json.loads((shapes / p / "config.json").read_text()) for p in ("unet", "vae")}
    words = json.loads((shapes / "text_encoder" / "config.json").read_text())
    if not large:
        read["unet"] |= {"block_out_channels": [32, 64, 64, 64], "cross_attention_dim": 64,
                         "sample_size": 8}  # fmt: skip
        read["vae"] |= {"block_out_channels": [32, 32, 64, 64]}
        words |= {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 4,
                  "num_hidden_layers": 2}  # fmt: skip
    torch.manual_seed(0)
    kind = torch.float16 if large else torch.float32
    scheduler = PNDMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", skip_prk_steps=True,
        steps_offset=1,
    )  # fmt: skip
    StableDiffusionPipeline(
        AutoencoderKL.from_config(read["vae"]).to(kind),
        CLIPTextModel(CLIPTextConfig(**words)).to(kind),
        drawing_model.tokenizers(shapes)["tokenizer"],
        UNet2DConditionModel.from_config(read["unet"]).to(kind),
        scheduler, None, None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", type=Path, help="a drawing model")
    options.add_argument("--child", choices=("bare", "ours"), help=argparse.SUPPRESS)
    options.add_argument("--large", action="store_true", help="also in the shape of SD 1.5")
    options.add_argument("--size", type=int)
    options.add_argument("--steps", type=int)
    options.add_argument("--rounds", type=int, default=5)
    given = options.parse_args()
    if given.child:
        child(given.child, given.model, given.size, given.steps)
        return
    what = ("s/step", "processor s/step", "GB")
    print(f"| model | {' | '.join(f'bare {w} | ours {w} | ratio' for w in what)} |")
    print("|---" * 10 + "|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if given.model:
            compare(
                given.model.name, given.model, given.size or 64, given.steps or 20, given.rounds
            )
            return
        tiny = random_model(Path(folder, "tiny"), large=False)
        compare("tiny", tiny, given.size or 64, given.steps or 20, given.rounds)
        if given.large:
            large = random_model(Path(folder, "sd15"), large=True)
            compare("SD 1.5", large, given.size or 256, given.steps or 6, given.rounds)
    print(f"Wanted: ratios of at most {_WANTED}.")


if __name__ == "__main__":
    main()
