"""The commands, with a real pipeline whose weights are random."""

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from ingest.images.image_file import generated
from tests.commands import Pincite

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


@pytest.fixture
def studio(pincite: Pincite, home: Path, tiny: Path) -> Pincite:
    """With the model in the home."""
    shutil.copytree(tiny, home / "models" / "tiny")
    return pincite


def test_a_picture_is_drawn_into_a_file(studio: Pincite, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    ran = studio(
        "draw", "a red circle", "-o", path, "--size", "48x40", "--steps", 3, "--seed", 5,
        "--guidance", 2, "--negative", "blue",
    )  # fmt: skip
    assert ran.status == 0
    assert "A generated picture, 48x40, 3 steps, seed 5." in ran.out
    with Image.open(path) as picture:
        assert picture.size == (48, 40)
    made = generated(path)
    assert made and (made.prompt, made.negative, made.guidance) == ("a red circle", "blue", 2.0)


def test_the_answer_document_names_the_picture(studio: Pincite, tmp_path: Path) -> None:
    ran = studio("draw", "a red circle", "--json", "--steps", 2)
    told = json.loads(ran.out)
    assert (told["tool"], told["model"], told["citations"]) == ("draw", "tiny", [])
    assert Path(told["images"][0]).exists()


def test_a_picture_is_edited_grown_and_varied(studio: Pincite, tmp_path: Path) -> None:
    photo, path = tmp_path / "photo.png", tmp_path / "b.png"
    Image.new("RGB", (64, 64), "green").save(photo)
    for more, size in (
        (("edit", photo, "a cat", "--strength", 0.5), (64, 64)),
        (("edit", photo, "a cat", "--grow", 8), (80, 80)),
        (("edit", photo, "a cat", "--grow", "8,0,0,4"), (72, 68)),
        (("vary", photo, "--strength", 0.3), (64, 64)),
    ):
        ran = studio(*more, "-o", path, "--steps", 4)
        assert ran.status == 0, ran.err
        with Image.open(path) as picture:
            assert picture.size == size


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("draw", "x", "--size", "big"), "not a size such as 512x384"),
        (("draw", "x", "--size", "0x5"), "not a size such as 512x384"),
        (("draw", "x", "--steps", "0"), "not a number of 1 or more"),
        (("draw", "x", "--steps", "-3"), "not a number of 1 or more"),
        (("edit", "a.png"), "PROMPT"),
        (("edit", "a.png", "x", "--grow", "1,2"), "LEFT,TOP,RIGHT,BOTTOM"),
        (("edit", "a.png", "x", "--strength", "2"), "above 0 and at most 1"),
        (("edit", "a.png", "x", "--mask", "m.png", "--grow", "4"), "either --mask or --grow"),
    ],
)
def test_wrong_usage_is_told(pincite: Pincite, given: tuple[str, ...], message: str) -> None:
    ran = pincite(*given)
    assert ran.status == 2
    assert message in ran.err


def test_a_picture_that_is_not_there_is_named(studio: Pincite, tmp_path: Path) -> None:
    ran = studio("edit", tmp_path / "none.png", "a cat")
    assert ran.status == 1
    assert "There is no file" in ran.err and "none.png" in ran.err
    (tmp_path / "text.png").write_text("no picture")
    ran = studio("edit", tmp_path / "text.png", "a cat")
    assert (ran.status, "text.png is not a picture" in ran.err) == (1, True)


def test_without_words_nothing_is_drawn(studio: Pincite) -> None:
    ran = studio("draw", " ")
    assert (ran.status, "Describe the picture" in ran.err) == (1, True)


@pytest.mark.parametrize("name", ["a.jpg", "a.gif", "a", "a.mp4"])
def test_a_name_that_cannot_be_written_is_refused_before_the_work(
    studio: Pincite, home: Path, tmp_path: Path, name: str
) -> None:
    ran = studio("draw", "a red circle", "-o", tmp_path / name)
    assert (ran.status, "pictures are written as .png" in ran.err) == (1, True)
    assert not (home / "made").exists()


def test_what_cannot_be_put_where_it_was_wanted_is_kept(
    studio: Pincite, home: Path, tmp_path: Path
) -> None:
    link = tmp_path / "a.png"
    link.symlink_to(tmp_path / "no folder" / "a.png")
    ran = studio("draw", "a red circle", "--steps", 1, "-o", link)
    (made,) = (home / "made").glob("*.png")  # how it came out of noise is beside it
    assert ran.status == 1
    assert f"The output is kept in {made}" in ran.err


def test_without_a_model_the_command_that_fetches_one_is_named(pincite: Pincite) -> None:
    ran = pincite("draw", "a red circle")
    assert ran.status == 1
    assert "models use drawing" in ran.out
    assert "`pincite models pull dreamshaper-8`" in ran.err


def test_a_picture_that_words_asked_for_has_no_receipt_to_replay(studio: Pincite) -> None:
    drawn, answered = studio("ask", "draw a fox, 1 steps"), studio("ask", "who is the fox?")
    assert (drawn.status, "A generated picture" in drawn.out) == (0, True)
    assert "pincite replay" in answered.err and "pincite replay" not in drawn.err
