"""A small captioner that was trained on shapes, chosen and used as a person does it."""

import json
import random
from pathlib import Path

import pytest

from tests.commands import Pincite
from tests.small_models import shapes, trained

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not trained.DESCRIBING.exists(), reason="the captioner is not trained"),
]


@pytest.fixture
def seeing(pincite: Pincite) -> Pincite:
    assert pincite("models", "use", "vision", trained.DESCRIBING).status == 0
    return pincite


def drawn(folder: Path, *scenes: shapes.Scene) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for number, scene in enumerate(scenes):
        paths.append(folder / f"{number}.png")
        shapes.draw(scene, random.Random(number)).save(paths[-1])
    return paths


CIRCLE = shapes.Scene("red", "circle", "large", "left")
STAR = shapes.Scene("blue", "star", "small", "right")


def test_a_picture_is_described_by_the_model_that_was_chosen(
    seeing: Pincite, tmp_path: Path
) -> None:
    (picture,) = drawn(tmp_path, CIRCLE)
    ran = seeing("describe", picture, "--json")
    answer = json.loads(ran.out)
    assert ran.status == 0
    assert "red circle" in answer["answer"]
    assert answer["grounded"] is False
    assert answer["citations"] == []


def test_pictures_are_described_when_they_are_added_and_found_by_it(
    seeing: Pincite, tmp_path: Path
) -> None:
    drawn(tmp_path / "in", CIRCLE, STAR)
    assert seeing("add", tmp_path / "in").status == 0
    hits = json.loads(seeing("search", "--pictures", "a blue star", "--json").out)
    assert hits[0]["document"] == "1.png"
    assert "blue star" in hits[0]["text"]
    read = [hit["text"] for hit in json.loads(seeing("search", "blue star", "--json").out)]
    assert not any("star" in text for text in read)  # it is no evidence
