"""The pictures, their words, and the judge that measures pictures: right, and able to say no."""

import random
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from tests.small_models import shapes
from tests.small_models.judge import judge, patches
from tests.small_models.shapes import Scene

BASE = Scene("red", "circle", "large", "left")
OTHER = {
    "colour": replace(BASE, colour="purple"),
    "shape": replace(BASE, shape="square"),
    "size": replace(BASE, size="small"),
    "place": replace(BASE, place="centre"),
}


def test_words_tell_the_scene_that_they_were_made_from() -> None:
    chance = random.Random(1)
    for scene in shapes.all_scenes():
        assert shapes.read(shapes.plain(scene)) == scene
        assert shapes.read(shapes.phrased(scene, chance)) == scene


def test_the_plain_words() -> None:
    assert shapes.plain(BASE) == "a large red circle on the left"
    assert shapes.plain(Scene("orange", "star")) == "an orange star"
    assert shapes.plain(Scene("blue", "square", "small", count=3)) == "three small blue squares"


def test_words_without_a_colour_or_shape_tell_no_scene() -> None:
    assert shapes.read("a large circle on the left") is None
    assert shapes.read("something red") is None


def test_what_is_held_out_is_new_only_as_a_combination() -> None:
    training, held = shapes.split()
    assert len(held) == 150 and not set(training) & set(held)
    for part in ("colour", "shape", "size", "place", "count"):
        assert {getattr(s, part) for s in held} <= {getattr(s, part) for s in training}
    pairs = {(scene.colour, scene.shape) for scene in training}
    assert {(scene.colour, scene.shape) for scene in held} <= pairs


def test_there_are_a_hundred_prompts_of_one_shape_that_were_never_seen() -> None:
    prompts = shapes.prompts()
    single = [words for scene, words in prompts if scene.place]
    training = {shapes.plain(scene) for scene in shapes.split()[0]}
    assert len(set(single)) == 100
    assert not {shapes.plain(scene) for scene, _ in prompts} & training


def test_the_judge_is_right_on_what_was_drawn() -> None:
    chance = random.Random(3)
    scenes = shapes.all_scenes()[::3]
    wrong = [s for s in scenes if not judge(shapes.draw(s, chance), s).all]
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize("part", OTHER)
def test_the_judge_says_which_part_is_wrong(part: str) -> None:
    verdict = judge(shapes.draw(OTHER[part], random.Random(4)), BASE)
    assert {name for name, right in vars(verdict).items() if not right} == {part}


def test_the_judge_counts() -> None:
    two = Scene("green", "star", "small", count=2)
    picture = shapes.draw(replace(two, count=3), random.Random(5))
    verdict = judge(picture, two)
    assert not verdict.count and verdict.colour and verdict.shape


def test_an_empty_picture_shows_nothing() -> None:
    empty = Image.new("RGB", (64, 64), "white")
    assert patches(empty) == []
    assert not any(vars(judge(empty, BASE)).values())


def test_a_blot_is_no_shape() -> None:
    picture = Image.new("RGB", (64, 64), "white")
    ImageDraw.Draw(picture).rectangle((10, 28, 54, 36), fill="red")
    assert [(one.colour, one.shape) for one in patches(picture)] == [("red", "unclear")]


def test_noise_is_not_taken_for_a_scene() -> None:
    noise = Image.frombytes("RGB", (64, 64), random.Random(6).randbytes(64 * 64 * 3))
    assert not any(judge(noise, scene).all for scene in shapes.all_scenes()[::20])
