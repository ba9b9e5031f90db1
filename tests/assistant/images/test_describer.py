"""The chosen vision model is loaded once, whoever asks first."""

import pickle
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from assistant.errors import ModelUnusable
from assistant.images import vision
from assistant.images.vision import Describer
from assistant.llm.llama import engine
from ingest.errors import Stopped

PICTURE = Image.new("RGB", (9, 9), "red")


class FakeEngine:
    """Stands for `SeeingEngine`."""

    loaded = 0

    def __init__(self, path: Path, projector: Path, threads: int | None = None) -> None:
        time.sleep(0.2)
        FakeEngine.loaded += 1

    def ask(
        self, picture: Image.Image, question: str, limit: int, cancel: threading.Event | None
    ) -> str:
        return "A red circle."


@pytest.fixture
def describer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Describer:
    monkeypatch.setattr(engine, "SeeingEngine", FakeEngine)
    FakeEngine.loaded = 0
    vision._loaded.cache_clear()
    for name in ("mmproj-a.gguf", "model.gguf"):
        (tmp_path / name).touch()
    return Describer(tmp_path)


def test_two_who_ask_at_once_load_a_model_once(describer: Describer) -> None:
    with ThreadPoolExecutor(2) as threads:
        said = list(threads.map(describer.describe, [PICTURE, PICTURE]))
    vision._loaded.cache_clear()
    assert said == ["A red circle."] * 2
    assert FakeEngine.loaded == 1


def test_who_was_stopped_is_told_so(describer: Describer) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Stopped):
        describer.describe(PICTURE, cancel)
    vision._loaded.cache_clear()


def test_a_describer_travels_and_is_a_key(describer: Describer) -> None:
    assert pickle.loads(pickle.dumps(describer)) == describer
    assert hash(describer) == hash(Describer(describer.folder))


def test_a_gguf_needs_its_projector_and_no_second_one(describer: Describer) -> None:
    names = [path.name for path in vision.gguf_pair(describer.folder)]
    assert names == ["model.gguf", "mmproj-a.gguf"]
    (describer.folder / "mmproj-b.gguf").touch()
    with pytest.raises(ModelUnusable, match="holds 1 and 2"):
        describer.describe(PICTURE)
