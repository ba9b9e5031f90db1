"""The chosen vision model is loaded once, whoever asks first."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from assistant.images.vision import describer, transformers_models
from assistant.images.vision.describer import Describer
from tests.assistant.images.vision.fakes import FakeViewer


def test_two_who_ask_at_once_load_a_model_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    loaded: list[Path] = []

    def load(folder: Path, kind: str) -> FakeViewer:
        loaded.append(folder)
        time.sleep(0.2)
        return FakeViewer("A red circle.")

    monkeypatch.setattr(describer, "kind_of", lambda folder: "blip")
    monkeypatch.setattr(transformers_models, "load", load)
    describer._loaded.cache_clear()
    picture = Image.new("RGB", (9, 9), "red")
    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(Describer(tmp_path).describe, [picture, picture]))
    describer._loaded.cache_clear()
    assert said == ["A red circle."] * 2
    assert loaded == [tmp_path]
