"""The chosen vision model is loaded once, whoever asks first."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from assistant.images import vision, vision_models
from assistant.images.vision import Describer
from tests.assistant.images.fakes import FakeViewer


def test_two_who_ask_at_once_load_a_model_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded: list[Path] = []

    def load(folder: Path, kind: str) -> FakeViewer:
        loaded.append(folder)
        time.sleep(0.2)
        return FakeViewer("A red circle.")

    monkeypatch.setattr(vision, "kind_of", lambda folder: "blip")
    monkeypatch.setattr(vision_models, "load", load)
    vision._loaded_describer.cache_clear()
    picture = Image.new("RGB", (9, 9), "red")
    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(Describer(tmp_path).describe, [picture, picture]))
    vision._loaded_describer.cache_clear()
    assert said == ["A red circle."] * 2
    assert loaded == [tmp_path]
