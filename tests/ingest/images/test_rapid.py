""""""

import pytest
from PIL import Image

from ingest.document.model import Line
from ingest.document.source import Engines
from ingest.errors import CannotRecognise
from ingest.images.ocr_engines import LANGUAGES, Rapid, recognizer
from ingest.platform import process
from tests.scans import DOTS, LEFT, LETTER, STEP, TOP, drawn, inked, same

pytestmark = pytest.mark.slow


def read(picture: Image.Image) -> tuple[Line, ...]:
    return recognizer(Engines()).lines(picture, DOTS)


def test_lines_are_read_with_their_places_in_points() -> None:
    picture = drawn()
    lines = read(picture)
    assert [line.text for line in lines] == list(LETTER)
    assert lines[1].box.x0 == pytest.approx(LEFT, abs=4)
    assert lines[1].box.y0 == pytest.approx(TOP + STEP, abs=5)
    assert all(0.9 < line.confidence < 1 and inked(picture, line) > 0.4 for line in lines)
    assert len({line.size for line in lines}) == 1


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_page_that_lies_or_stands_on_its_head_is_read_where_it_is(degrees: int) -> None:
    picture = drawn().rotate(degrees, expand=True)
    lines = read(picture)
    assert same("".join(line.text for line in lines), "".join(LETTER)) > 0.98
    assert [line.text[:3] for line in lines] == [line[:3] for line in LETTER]
    assert all(inked(picture, line) > 0.4 for line in lines)


def test_a_page_that_leans_by_two_degrees_is_read_in_order() -> None:
    lines = read(drawn().rotate(2, expand=True, fillcolor="white"))
    assert [line.text[:3] for line in lines] == [line[:3] for line in LETTER]


def test_each_few_lines_are_a_sign_of_life() -> None:
    read(drawn(["warm"]))
    heard: list[tuple[int, int]] = []
    process.set_progress_listener(lambda done, total: heard.append((done, total)))
    try:
        read(drawn([f"line number {n}" for n in range(7)]))
    finally:
        process.set_progress_listener(None)
    assert len(heard) >= 2  # six lines go together
    assert set(heard) == {(0, 0)}  # nobody is told that a page is done


def test_white_paper_has_no_lines() -> None:
    assert read(drawn([])) == ()


def test_a_language_of_another_script_is_refused_before_a_model_is_loaded() -> None:
    assert "en" in LANGUAGES
    with pytest.raises(CannotRecognise, match=r"no model that reads ru.*Tesseract"):
        Rapid(("ru",))
