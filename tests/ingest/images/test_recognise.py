""""""

import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from ingest.document.model import Box, Line, count
from ingest.document.source import Engines
from ingest.errors import CannotRecognise
from ingest.images import ocr_engines, recognition
from ingest.images.ocr_engines import Rapid, Tesseract, _rapid_or_tesseract, recognizer
from ingest.images.recognition import NO_TEXT, UNREADABLE, read
from tests.scans import DOTS, LETTER, drawn

OFF = Engines(ocr="off")


def photograph() -> Image.Image:
    """Light that fades across, with grain: no shade is most of it."""
    fade = np.add.outer(np.linspace(0, 150, 300), np.linspace(0, 105, 400))
    grain = np.random.default_rng(5).integers(-12, 12, fade.shape)
    return Image.fromarray(np.clip(fade + grain, 0, 255).astype(np.uint8)).convert("RGB")


class Unsure:
    """Is sure of one line and not of the other."""

    def lines(self, picture: Image.Image, scale: float) -> tuple[Line, ...]:
        return Line("sure", Box(0, 0, 9, 9), confidence=0.9), Line("gu ess", confidence=0.3)


class Blind:
    def lines(self, picture: Image.Image, scale: float) -> tuple[Line, ...]:
        return ()


def test_without_recognition_the_reading_says_so_and_estimates_what_is_missing() -> None:
    found = read(drawn(), DOTS, OFF)
    assert found.lines == ()
    assert "switched off" in found.note
    assert 0.5 < found.unread / sum(map(count, LETTER)) < 2  # ink depends on the font


def test_an_unknown_engine_is_named_in_the_note() -> None:
    assert "'abbyy' is no text recognition" in read(drawn(), DOTS, Engines(ocr="abbyy")).note


def test_the_same_settings_share_one_engine_and_others_are_refused() -> None:
    with pytest.raises(CannotRecognise, match="Choose rapidocr, tesseract or off"):
        recognizer(Engines(ocr="abbyy"))


@pytest.mark.skipif(not shutil.which("tesseract"), reason="Tesseract is not installed.")
def test_tesseract_reads_what_rapidocr_has_no_model_for() -> None:
    installed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True)
    if "rus" not in installed.stdout.split():
        pytest.skip("Tesseract has no data for Russian.")
    assert isinstance(recognizer(Engines(languages=("en", "ru"))), Tesseract)
    with pytest.raises(CannotRecognise, match="holds no model that reads xx"):
        recognizer(Engines(languages=("xx",)))


@pytest.mark.parametrize(
    ("languages", "installed", "reads"),
    [
        (("de", "ru"), {"deu", "rus"}, Tesseract),
        (("de", "ru"), {"rus"}, Rapid),  # Tesseract would lose the German
        (("de", "en"), {"deu", "eng"}, Rapid),
        (("de", "ru"), {"fra"}, Rapid),
    ],
)
def test_tesseract_reads_only_with_data_for_all_languages(
    languages: tuple[str, ...], installed: set[str], reads: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_data_for(installed, monkeypatch)
    assert isinstance(_rapid_or_tesseract(languages), reads)


def test_missing_data_is_named_where_neither_engine_reads_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    has_data_for({"rus"}, monkeypatch)
    with pytest.raises(CannotRecognise, match=r"no data for ukr\..* tesseract-ocr-ukr"):
        _rapid_or_tesseract(("ru", "uk"))


def has_data_for(languages: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Tesseract were installed with these; RapidOCR's models are not loaded."""
    monkeypatch.setattr(ocr_engines, "which", lambda name: name)
    monkeypatch.setattr(Tesseract, "_run", lambda self, given: "\n".join(["", *languages]))
    monkeypatch.setattr(ocr_engines, "_engine", lambda: None)


def test_what_is_a_guess_is_not_a_line_but_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "recognizer", lambda engines: Unsure())
    found = read(drawn(), DOTS, Engines())
    assert [line.text for line in found.lines] == ["sure"]
    assert (found.unread, found.note) == (5, "")


def test_writing_that_gives_no_line_is_an_unreadable_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recognition, "recognizer", lambda engines: Blind())
    found = read(drawn(), DOTS, Engines())
    assert found.note == UNREADABLE
    assert found.unread > 60


@pytest.mark.parametrize("picture", [photograph(), drawn([]), drawn(["Logo"])])
def test_a_photograph_or_a_logo_is_missing_no_text(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recognition, "recognizer", lambda engines: Blind())
    assert read(picture, DOTS, Engines()) == recognition.Writing(note=NO_TEXT)
