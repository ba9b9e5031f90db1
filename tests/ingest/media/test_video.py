"""Videos become what is said, and what stands written on the pictures."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ingest.document.model import Document, Line, count
from ingest.document.source import Engines
from ingest.errors import CannotRecognise, UnreadableFile, UnsupportedFile
from ingest.loaders import load
from ingest.media import ffmpeg, loaders, whisper
from tests.ingest.media.test_audio import SAID, Told, balanced
from tests.recordings import slide, tone, with_cover, write

MODEL = Engines(speech=Path("model"))
FIRST, SECOND = (
    "Quarterly review\nRevenue grew by 12 percent",
    "Quarterly review\nTwo suppliers left",
)


class Reader:
    """In place of OCR: knows how dark each slide is, and what stands on it."""

    def __init__(self, *texts: str) -> None:
        self._texts = {self._ink(slide(text)): text for text in texts}
        self.read: list[str] = []

    def lines(self, picture: Image.Image, scale: float) -> tuple[Line, ...]:
        ink = self._ink(picture)
        text = self._texts[min(self._texts, key=lambda known: abs(known - ink))]
        self.read.append(text)
        return tuple(Line(line, confidence=0.9) for line in text.split("\n"))

    def _ink(self, picture: Image.Image) -> float:
        return float((np.asarray(picture.convert("L")) < 128).mean())


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()
    monkeypatch.setattr(whisper, "transcriber", lambda folder: made)
    return made


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    made = Reader(FIRST, SECOND)
    monkeypatch.setattr(loaders, "recognizer", lambda engines: made)
    return made


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write(tmp_path / "review.mp4", tone(6.0), [(slide(FIRST), 3.0), (slide(SECOND), 3.0)])


def written(document: Document) -> list[Line]:
    return list(document.pages[0].lines[len(SAID) :])


def test_what_is_said_comes_first_then_what_is_written(
    told: Told, reader: Reader, film: Path
) -> None:
    document = load(film, MODEL)
    (page,) = document.pages
    assert [line.text for line in page.lines[: len(SAID)]] == [one.text for one in SAID]
    assert [line.text for line in written(document)] == [
        "Quarterly review", "Revenue grew by 12 percent", "Two suppliers left",
    ]  # fmt: skip
    balanced(document)


def test_each_scene_is_read_once_and_knows_when_it_begins(
    told: Told, reader: Reader, film: Path
) -> None:
    found = written(load(film, MODEL))
    assert reader.read == [FIRST, SECOND]
    assert [line.seconds for line in found] == [0.0, 0.0, pytest.approx(3.0, abs=0.2)]
    assert [line.begins for line in found] == [True, False, True]


def test_what_stays_on_the_picture_is_counted_once(told: Told, reader: Reader, film: Path) -> None:
    (page,) = load(film, MODEL).pages
    assert page.text.count("Quarterly review") == 1
    assert [(d.reason, d.characters) for d in page.dropped] == [
        ("stands on the picture before, too", count("Quarterly review"))
    ]


def test_the_scenes_are_figures_with_their_time(told: Told, reader: Reader, film: Path) -> None:
    first, second = load(film, MODEL).pages[0].figures
    assert (first.caption, second.caption) == ("00:00", "00:03")
    assert first.description == "Quarterly review Revenue grew by 12 percent"
    assert tuple(first.box) == (0, 0, 640, 360)


def test_a_silent_film_needs_no_speech_model(reader: Reader, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", None, [(slide(FIRST), 2.0)])
    document = load(path, Engines())
    assert document.pages[0].text == FIRST
    assert document.metadata.pop("seconds").startswith(("2.0", "1.9"))
    assert document.metadata == {"duration": "00:02"}
    balanced(document)


def test_a_film_with_sound_needs_one(film: Path) -> None:
    with pytest.raises(UnsupportedFile, match=r"review\.mp4 .* `pincite models pull whisper-base`"):
        load(film, Engines())


def test_sound_in_a_container_of_videos_is_read(told: Told, reader: Reader, tmp_path: Path) -> None:
    document = load(write(tmp_path / "a.webm", tone(2.0), codecs=("libopus", "")), MODEL)
    assert [line.text for line in document.pages[0].lines] == [one.text for one in SAID]
    assert reader.read == []


def test_the_cover_of_a_recording_is_not_read(told: Told, reader: Reader, tmp_path: Path) -> None:
    path = with_cover(tmp_path / "a.mp3", tone(1.0)).rename(tmp_path / "a.mp4")
    load(path, MODEL)
    assert reader.read == []


def test_without_text_recognition_what_is_said_is_read_and_a_note_tells(
    told: Told, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(engines: Any) -> Any:
        raise CannotRecognise("Pictures and scans are not read: it is switched off.")

    monkeypatch.setattr(loaders, "recognizer", none)
    (page,) = load(film, MODEL).pages
    assert len(page.lines) == len(SAID)
    assert page.note == "Pictures and scans are not read: it is switched off"


def test_what_is_no_video_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.mkv").write_bytes(b"no video" * 1000)
    with pytest.raises(UnreadableFile, match=r"a\.mkv is damaged, or not a recording"):
        load(tmp_path / "a.mkv", MODEL)


def test_the_length_of_a_long_film_is_told_while_its_pictures_are_looked_at(
    told: Told, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = list[tuple[int, int]]()
    monkeypatch.setattr(ffmpeg, "beat", lambda done, total: beats.append((done, total)))
    load(write(tmp_path / "a.mp4", None, [(slide(FIRST), 20.0)]), MODEL)
    assert len(beats) > 5  # though there is one scene only
    assert beats[-1] == (19, 20)


@pytest.mark.slow
def test_slides_are_read_for_real(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", None, [(slide(FIRST), 2.0), (slide(SECOND), 2.0)])
    text = load(path, Engines()).pages[0].text
    assert "Revenue grew by 12 percent" in text
    assert "Two suppliers left" in text
