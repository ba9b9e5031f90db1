"""Under the hood of a picture, as HTML."""

import re

from assistant.ui.chat.explanation import picture
from ingest.images.image_file import Provenance
from tests.assistant.ui.fakes import HOSTILE

MADE = Provenance("a lighthouse", "fog", "sd-turbo", "ab" * 32, 7, 4, 0.0, None, 512, 384, "draw")


def test_it_shows_what_it_was_made_with() -> None:
    html = picture(MADE)
    for told in ("a lighthouse", "fog", "sd-turbo (abababababab)", "512 x 384", "Steps"):
        assert told in html
    assert "<p" in picture(None)


def test_what_people_and_models_wrote_is_only_text() -> None:
    html = picture(Provenance(HOSTILE, HOSTILE, HOSTILE, HOSTILE))
    assert set(re.findall(r"</?([a-z]+)", html)) <= {"dd", "div", "dl", "dt", "i", "p", "span"}
    assert "onerror" not in re.sub(r">[^<]*<", "><", html)
