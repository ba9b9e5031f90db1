"""Recordings become a page of lines that know their second."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.document.model import Document, count
from ingest.document.source import Engines
from ingest.errors import UnreadableFile, UnsupportedFile
from ingest.loaders import load
from ingest.media import whisper
from ingest.media.whisper import Said, Segment
from tests.recordings import slide, tone, write

MODEL = Engines(speech=Path("model"), languages=("en", "de"))
SAID = (
    Segment("Good morning everybody.", 0.5, 2.0, 0.9),
    Segment("The office in Bergen opens in March.", 2.25, 5.0, 0.8),
    Segment("Forty people move there.", 192.04, 195.0, 0.7),
)


@dataclass
class Told:
    """A transcriber that says what it is told, and keeps what it was given."""

    said: tuple[Segment, ...] = SAID
    samples: int = 0
    languages: tuple[str, ...] = ()
    seconds: float = 0.0

    def hear(
        self, sound: Iterable[object], languages: tuple[str, ...], seconds: float = 0.0
    ) -> Iterator[Said]:
        self.samples = sum(len(piece) for piece in sound)  # type: ignore[arg-type]
        self.languages, self.seconds = languages, seconds
        return (Said(segment, "en", segment.confidence < 0.1) for segment in self.said)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    made = Told()
    monkeypatch.setattr(whisper, "transcriber", lambda folder: made)
    return made


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    return write(tmp_path / "talk.wav", tone(3.0), codecs=("pcm_s16le", ""))


def balanced(document: Document) -> None:
    """Characters in = those of the lines + those dropped."""
    (page,) = document.pages
    dropped = sum(one.characters for one in page.dropped)
    assert page.characters == sum(count(line.text) for line in page.lines) + dropped


def test_what_is_said_becomes_lines_with_their_seconds(told: Told, talk: Path) -> None:
    document = load(talk, MODEL)
    (page,) = document.pages
    assert [(line.text, line.seconds) for line in page.lines] == [
        ("Good morning everybody.", 0.5),
        ("The office in Bergen opens in March.", 2.25),
        ("Forty people move there.", 192.04),
    ]
    assert (page.number, page.width, page.height, page.note) == (1, 0, 0, "")
    assert [line.confidence for line in page.lines] == [0.9, 0.8, 0.7]
    balanced(document)


def test_a_paragraph_begins_after_a_pause(told: Told, talk: Path) -> None:
    (page,) = load(talk, MODEL).pages
    assert [line.begins for line in page.lines] == [True, False, True]


def test_who_never_pauses_gets_paragraphs_where_sentences_end(told: Told, talk: Path) -> None:
    said = [("One,", 0, 20), ("two,", 20, 46), ("three.", 46, 60), ("Four.", 60, 70)]
    told.said = tuple(Segment(text, a, b, 0.9) for text, a, b in said)
    (page,) = load(talk, MODEL).pages
    assert [line.begins for line in page.lines] == [True, False, False, True]


def test_the_transcriber_is_given_all_of_the_sound(told: Told, talk: Path) -> None:
    load(talk, MODEL)
    assert told.samples == 48_000
    assert told.languages == ("en", "de")
    assert told.seconds == pytest.approx(3.0)


def test_title_length_and_language_are_kept(told: Told, tmp_path: Path) -> None:
    path = write(tmp_path / "rec0001.m4a", tone(3.0), title="Weekly meeting")
    document = load(path, MODEL)
    assert document.title == "Weekly meeting"
    assert document.metadata.pop("seconds").startswith(("3.0", "2.9"))
    assert document.metadata == {"duration": "00:03", "language": "en"}


def test_without_a_title_the_name_is_it(told: Told, talk: Path) -> None:
    assert load(talk, MODEL).title == "talk"


def test_where_nothing_is_said_the_page_is_empty_and_says_so(told: Told, talk: Path) -> None:
    told.said = ()
    document = load(talk, MODEL)
    (page,) = document.pages
    assert (page.lines, page.note, page.characters) == ((), "nothing is said", 0)
    assert document.metadata.pop("seconds").startswith(("3.0", "2.9"))
    assert document.metadata == {"duration": "00:03"}


def test_words_heard_in_noise_are_counted_and_left_out(told: Told, talk: Path) -> None:
    told.said = (*SAID, Segment("Thank you.", 9.0, 9.5, 0.02))
    document = load(talk, MODEL)
    (page,) = document.pages
    assert "Thank you." not in page.text
    assert [(d.reason, d.characters) for d in page.dropped] == [("words heard in noise", 9)]
    balanced(document)


def test_a_recording_that_breaks_off_says_where(told: Told, talk: Path) -> None:
    flac = write(talk.with_name("whole.flac"), tone(60.0), codecs=("flac", ""))
    flac.write_bytes(flac.read_bytes()[: flac.stat().st_size // 3])
    note = load(flac, MODEL).pages[0].note
    assert re.fullmatch(r"breaks off at 00:(1\d|2\d) of 01:00", note)


def test_without_a_model_the_sentence_names_the_command(talk: Path) -> None:
    with pytest.raises(UnsupportedFile, match=r"talk\.wav .* `pincite models pull whisper-base`"):
        load(talk, Engines())


def test_a_picture_that_calls_itself_a_recording_holds_no_sound(tmp_path: Path) -> None:
    film = write(tmp_path / "a.mp4", None, [(slide("One"), 0.3)])
    film.rename(tmp_path / "a.m4a")
    with pytest.raises(UnreadableFile, match=r"a\.m4a holds no sound"):
        load(tmp_path / "a.m4a", MODEL)


def test_sound_of_which_nothing_can_be_decoded_is_told(told: Told, tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", tone(2.0), codecs=("flac", ""))
    data = path.read_bytes()
    (tmp_path / "a.flac").write_bytes(data[:8300])  # the head, and a piece of the first frame
    with pytest.raises(UnreadableFile, match="none of its sound can be decoded"):
        load(tmp_path / "a.flac", MODEL)
