"""How many layers go to a graphics device, and what happens when they do not fit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.errors import ModelUnusable, SettingsError
from assistant.llm.llama import engine, runtime
from assistant.llm.llama.engine import LlamaEngine
from assistant.llm.llama.runtime import Device, Placement
from assistant.settings import Gpu, Settings

GB = 1 << 30
Try = tuple[int, ...]


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Gpu, float], Try]:
    """The layers of each attempt, with a card of so many free gigabytes (0: no card), for a model
    of one gigabyte."""
    path = tmp_path / "model.gguf"
    with path.open("wb") as file:
        file.truncate(GB)

    def layers(gpu: Gpu, free: float) -> Try:
        found = [Device("Vulkan0", "A card", int(free * GB))] if free else []
        monkeypatch.setattr(runtime, "graphics", lambda: found)
        monkeypatch.setattr(runtime, "layers_of", lambda *_: 29)
        every = runtime.placements(object(), path, gpu)
        return tuple(place.layers for place in every)

    return layers


def test_all_layers_go_where_they_fit(tried: Callable[[Gpu, float], Try]) -> None:
    assert tried("auto", 8)[0] == 29


def test_as_many_as_fit_where_not_all_do(tried: Callable[[Gpu, float], Try]) -> None:
    # .9 of 1 GB without 400 MB of workspace is .51 GB, of 1.2 GB that are wanted.
    assert tried("auto", 1)[0] == 12


def test_fewer_are_tried_after_a_failure_and_the_processor_at_last(
    tried: Callable[[Gpu, float], Try],
) -> None:
    assert tried("auto", 8) == (29, 21, 14, 7, 0)
    assert tried(3, 8) == (3, 2, 1, 0)


@pytest.mark.parametrize(("gpu", "free"), [("off", 8.0), (0, 8.0), ("auto", 0.0), (20, 0.0)])
def test_the_processor_alone(tried: Callable[[Gpu, float], Try], gpu: Gpu, free: float) -> None:
    assert tried(gpu, free) == (0,)


def test_a_card_without_room_is_left_alone(tried: Callable[[Gpu, float], Try]) -> None:
    assert tried("auto", 0.3) == (0,)


def test_no_more_layers_than_the_model_has(tried: Callable[[Gpu, float], Try]) -> None:
    assert tried(999, 8)[0] == 29


@pytest.fixture
def opens_up_to(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], LlamaEngine]:
    """An engine whose device takes so many layers, where 29 were thought to fit."""

    def make(most: int) -> LlamaEngine:
        def open_at(self: LlamaEngine, layers: int, *_: Any) -> None:
            if layers > most:
                raise ModelUnusable(f"{layers} layers: out of memory")

        made = LlamaEngine.__new__(LlamaEngine)
        monkeypatch.setattr(engine.LlamaEngine, "_open_at", open_at)
        places = [Placement(layers, 29, "A card") for layers in (29, 21, 14, 7)]
        made._open([*places, runtime.PROCESSOR], 4096, None)
        return made

    return make


def test_after_an_out_of_memory_the_model_runs_with_fewer_layers(
    opens_up_to: Callable[[int], LlamaEngine],
) -> None:
    assert opens_up_to(29).placement.layers == 29
    assert opens_up_to(15).placement.layers == 14
    assert str(opens_up_to(15).placement) == "A card (14 of 29 layers) and the processor"
    assert str(opens_up_to(1).placement) == "the processor"


def test_what_fails_on_the_processor_too_is_said(
    opens_up_to: Callable[[int], LlamaEngine],
) -> None:
    with pytest.raises(ModelUnusable, match="0 layers"):
        opens_up_to(-1)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("auto", "auto"), ("OFF", "off"), ("0", 0), ("20", 20), (20, 20)],
)
def test_the_setting(given: Any, expected: Gpu) -> None:
    assert Settings(gpu=given).gpu == expected


@pytest.mark.parametrize("given", ["-1", "all", True, "1.5"])
def test_a_wrong_setting_is_named(given: Any, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'gpu': use auto, off, or a number of layers"):
        Settings.load(home=tmp_path, gpu=given)


@pytest.mark.parametrize(
    ("place", "gpu", "found", "cards", "expected"),
    [
        (Placement(29, 29, "A card"), "auto", True, {"AMD"}, ""),
        (Placement(9, 29, "A card"), "auto", True, {"AMD"}, "A smaller chat model"),
        (Placement(), "off", True, {"AMD"}, "PINCITE_GPU=auto"),
        (Placement(), "auto", True, {"AMD"}, "has no room"),
        (Placement(), "auto", False, {"AMD"}, "Install glslc"),
        (Placement(), "auto", False, {"NVIDIA"}, "Install NVIDIA's CUDA toolkit"),
        (Placement(), "auto", False, {"Apple"}, "lacks Metal"),
        (Placement(), "auto", False, set(), ""),
    ],
)
def test_what_would_be_quicker(
    place: Placement, gpu: Gpu, found: bool, cards: set[str], expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(runtime.hardware, "graphics_cards", lambda: frozenset(cards))
    monkeypatch.setattr(runtime.hardware, "llama_builds", lambda: ())
    said = runtime.quicker(place, gpu, found)
    assert expected in said
    assert bool(said) == bool(expected)
