"""Under the hood of a picture, as HTML."""

import re

from assistant.studio.painter import Denoising, Step
from assistant.ui.chat.explanation import picture
from ingest.images.image_file import Provenance
from tests.assistant.ui.fakes import HOSTILE

MADE = Provenance("a lighthouse", "fog", "sd-turbo", "ab" * 32, 7, 4, 0.0, None, 512, 384, "draw")
STEPS = Denoising("EulerDiscreteScheduler", "cpu", (Step(1, 3.0), Step(2, 1.0, b"jpeg")))


def test_it_shows_what_it_was_made_with_and_its_steps() -> None:
    html = picture(MADE, STEPS)
    for told in ("a lighthouse", "fog", "sd-turbo (abababababab)", "512 x 384", "2.00 (cpu)",
                 "EulerDiscreteScheduler", 'alt="After step 2 of 2"', "3.00 s"):  # fmt: skip
        assert told in html
    assert html.count("<img") == 1


def test_a_picture_of_before_has_no_steps() -> None:
    html = picture(MADE, None)
    assert "a lighthouse" in html
    assert "<table" not in html
    assert "<img" not in html
    assert "<p" in picture(None, None)


def test_what_people_and_models_wrote_is_only_text() -> None:
    made = Provenance(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    html = picture(made, Denoising(HOSTILE, HOSTILE, (Step(1, 1.0),)))
    tags = set(re.findall(r"</?([a-z]+)", html))
    assert tags <= {"dd", "div", "dl", "dt", "i", "p", "span", "table", "tbody", "td", "th",
                    "thead", "tr"}  # fmt: skip
    assert "onerror" not in re.sub(r">[^<]*<", "><", html)
