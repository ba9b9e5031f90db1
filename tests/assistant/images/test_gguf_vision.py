"""GGUF models with their projectors are loaded and shown pictures by llama.cpp itself."""

import json
import threading
from pathlib import Path

import pytest
from PIL import Image

from assistant.errors import ContextOverflow, ModelUnusable
from assistant.images.vision import Describer
from assistant.llm.llama.engine import SeeingEngine
from tests.assistant.images import tiny_gguf
from tests.commands import Pincite

RED, BLUE = (Image.new("RGB", (200, 150), colour) for colour in ("red", "blue"))


@pytest.fixture(scope="module")
def smolvlm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gguf.write(tmp_path_factory.mktemp("smolvlm"))


@pytest.fixture(scope="module")
def engine(smolvlm: Path) -> SeeingEngine:
    return opened(smolvlm)


def opened(folder: Path) -> SeeingEngine:
    return SeeingEngine(folder / "tiny.gguf", folder / "mmproj-tiny.gguf", threads=1)


def test_what_is_said_depends_on_the_picture_and_the_question_alone(engine: SeeingEngine) -> None:
    said = engine.ask(RED, "What is it?", 20)
    assert said
    assert engine.ask(BLUE, "What is it?", 20) != said
    assert engine.ask(RED, "Where is it?", 20) != said
    assert engine.ask(RED, "What is it?", 20) == said


@pytest.mark.parametrize("template", [tiny_gguf.CHATML, "vicuna"])
def test_moondreams_projector_and_templates_of_one_text_work(tmp_path: Path, template: str) -> None:
    engine = opened(tiny_gguf.write(tmp_path, template, "mlp"))
    assert engine.ask(RED, "What is it?", 20) != engine.ask(BLUE, "What is it?", 20)


def test_a_large_picture_is_cut_into_tiles_and_a_thin_one_is_not_lost(engine: SeeingEngine) -> None:
    assert engine.ask(Image.new("RGB", (1600, 900), "red"), "What is it?", 5)
    assert engine.ask(Image.new("RGB", (900, 3), "red"), "What is it?", 5)


def test_the_mark_of_a_picture_in_a_question_is_only_text(engine: SeeingEngine) -> None:
    assert engine.ask(RED, "What does <__media__> mean?", 5)


def test_nothing_is_said_when_it_was_cancelled_before(engine: SeeingEngine) -> None:
    cancel = threading.Event()
    cancel.set()
    assert engine.ask(RED, "What is it?", 20, cancel) == ""


def test_a_question_that_does_not_fit_is_refused_in_words(engine: SeeingEngine) -> None:
    with pytest.raises(ContextOverflow, match=r"tokens, and tiny\.gguf has 4096"):
        engine.ask(RED, "why " * 3000, 20)


def test_a_projector_of_another_model_is_refused(tmp_path: Path, smolvlm: Path) -> None:
    for name in ("tiny.gguf", "mmproj-tiny.gguf"):
        (tmp_path / name).symlink_to(smolvlm / "tiny.gguf")
    with pytest.raises(ModelUnusable, match="does not fit"):
        opened(tmp_path)


def test_a_describer_of_the_folder_speaks_through_it(smolvlm: Path) -> None:
    describer = Describer(smolvlm, threads=1)
    assert describer.describe(RED)
    assert describer.answer(RED, "What is it?") != describer.answer(BLUE, "What is it?")


def test_a_picture_is_described_by_the_model_that_was_chosen(
    pincite: Pincite, smolvlm: Path, tmp_path: Path
) -> None:
    RED.save(tmp_path / "red.png")
    assert pincite("models", "use", "vision", smolvlm).status == 0
    answer = json.loads(pincite("describe", tmp_path / "red.png", "--json").out)
    assert answer["answer"] and not answer["answer"].startswith("No text")
    assert answer["grounded"] is False and answer["citations"] == []
