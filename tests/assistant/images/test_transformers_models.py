"""Each family of transformers is loaded from its folder, looks at the picture and says something.

The weights are random: that words change with the picture, and stay with it, shows that it is seen.
"""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from assistant.errors import ModelUnusable
from assistant.images.vision import Describer

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def picture(colour: str) -> Image.Image:
    made = Image.new("RGB", (90, 60), "white")
    ImageDraw.Draw(made).ellipse((10, 10, 50, 50), fill=colour)
    return made


def blip(folder: Path) -> Path:
    from tests.assistant.images import tiny_models

    return tiny_models.blip(folder)


def blip_questions(folder: Path) -> Path:
    from tests.assistant.images import tiny_models

    return tiny_models.blip(folder, questions=True)


def florence(folder: Path) -> Path:
    from tests.assistant.images import tiny_models

    return tiny_models.florence(folder)


def encoder_decoder(folder: Path) -> Path:
    from tests.assistant.images import tiny_models

    return tiny_models.encoder_decoder(folder)


def smolvlm(folder: Path) -> Path:
    from tests.assistant.images import tiny_models

    return tiny_models.smolvlm(folder)


@pytest.mark.parametrize("make", [blip, blip_questions, florence, encoder_decoder, smolvlm])
def test_each_family_describes(make: Callable[[Path], Path], tmp_path: Path) -> None:
    describer = Describer(make(tmp_path / make.__name__))
    said = describer.describe(picture("red"))
    assert said
    assert describer.describe(picture("red")) == said
    assert describer.describe(Image.new("RGB", (90, 60))) != said


@pytest.mark.parametrize(
    ("make", "answers"),
    [(blip, False), (blip_questions, True), (florence, False), (smolvlm, True)],
)
def test_some_answer_questions(make: Callable[[Path], Path], answers: bool, tmp_path: Path) -> None:
    describer = Describer(make(tmp_path / make.__name__))
    assert bool(describer.answer(picture("red"), "what colour is it?")) is answers


def test_a_describer_travels_and_is_a_key(tmp_path: Path) -> None:
    describer = Describer(tmp_path)
    assert pickle.loads(pickle.dumps(describer)) == describer
    assert hash(describer) == hash(Describer(tmp_path))


def test_a_folder_without_weights_says_so(tmp_path: Path) -> None:
    folder = encoder_decoder(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelUnusable, match=r"The vision model in .* cannot be used"):
        Describer(folder).describe(picture("red"))


def test_a_folder_with_weights_of_another_shape_says_so(tmp_path: Path) -> None:
    folder = encoder_decoder(tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["decoder"]["n_embd"] = 32
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelUnusable, match="cannot be used"):
        Describer(folder).describe(picture("red"))
