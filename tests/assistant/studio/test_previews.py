"""How often a preview is made."""

from typing import Any

import pytest
import torch

from assistant.studio import diffusers_painter as studio_pipeline
from assistant.studio.diffusers_painter import Previews

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def test_a_preview_costs_a_small_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 0.2 s here, and a step 0.5 s: one comes at once, the next after 7 s."""
    clock = [0.0]
    monkeypatch.setattr(studio_pipeline, "_PATIENCE", 0.6)
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    seen = Previews(type("Pipeline", (), {"scheduler": object(), "vae": object()})())

    def decoded(*_: Any) -> bytes:
        clock[0] += 0.2
        return b"png"

    monkeypatch.setattr(seen, "_decoded", decoded)
    shown = []
    for step in range(60):
        clock[0] += 0.5
        if seen.of(torch.zeros(1, 4, 8, 8)):
            shown.append(step)
    assert shown == [1, 14, 27, 40, 53]
