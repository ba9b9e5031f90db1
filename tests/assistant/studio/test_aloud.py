"""An answer that is read aloud: pieces are made a little ahead of the one that is heard."""

import threading
import time

from assistant.studio.voices import AHEAD, Aloud, Piece, SpokenSound, VoiceFailed
from ingest.errors import Stopped

ANSWER = ["One [1].", "…", "Two. Three.", *(f"Sentence {n}." for n in range(20))]


class Voice:
    """Notes what it said; may take its time until it is stopped, or fail."""

    name = "noted"

    def __init__(self, patient: bool = False, fails: bool = False) -> None:
        self.said: list[str] = []
        self._patient, self._fails = patient, fails

    def say(self, text: str, cancel: threading.Event) -> SpokenSound:
        if self._fails:
            raise VoiceFailed("The voice is hoarse.")
        if self._patient:
            cancel.wait(60)
            raise Stopped("Reading aloud was stopped.")
        self.said.append(text)
        return SpokenSound(b"\0\0" * len(self.said), 1000)


def settled(voice: Voice, count: int) -> int:
    """How much was said, once that does not change any more."""
    latest = time.monotonic() + 60
    while len(voice.said) < count and time.monotonic() < latest:
        time.sleep(0.01)
    time.sleep(0.1)
    return len(voice.said)


def ended(aloud: Aloud) -> bool:
    aloud._thread.join(60)
    return not aloud._thread.is_alive()


def test_sentences_become_pieces_without_marks_and_signs_alone() -> None:
    aloud = Aloud(ANSWER[:3], Voice())
    assert aloud.pieces == [Piece(0, "One."), Piece(2, "Two."), Piece(2, "Three.")]
    aloud.stop()


def test_pieces_are_made_ahead_and_no_further_than_somebody_listens() -> None:
    voice = Voice()
    aloud = Aloud(ANSWER, voice)
    first = aloud.clip(0, 60)
    assert first is not None and first[:4] == b"RIFF"
    assert settled(voice, 1 + AHEAD) == 1 + AHEAD
    second = aloud.clip(1, 60)
    assert second is not None and len(second) == len(first) + 2
    assert settled(voice, 2 + AHEAD) == 2 + AHEAD
    assert aloud.clip(1, 0) == second  # asked for again, as the browser does when it was not there
    assert aloud.clip(0, 0) is None  # what was heard is gone
    aloud.stop()
    assert ended(aloud)


def test_stopped_it_ends_in_the_midst_of_a_sentence() -> None:
    aloud = Aloud(ANSWER, Voice(patient=True))
    assert aloud.clip(0, 0.05) is None
    aloud.stop()
    assert ended(aloud)
    assert aloud.error == ""


def test_a_voice_that_fails_is_told() -> None:
    aloud = Aloud(ANSWER, Voice(fails=True))
    assert aloud.clip(0, 10_000) is None  # at once, not after these seconds
    assert aloud.error == "The voice is hoarse."


def test_a_browser_that_comes_back_too_late_is_told() -> None:
    aloud = Aloud(ANSWER, Voice(), patience=0.1)
    assert ended(aloud)
    assert aloud.clip(0, 0) is not None  # what was made can still be heard
    assert aloud.clip(1 + AHEAD, 5) is None
    assert "ended" in aloud.error


def test_all_of_it_can_be_heard() -> None:
    voice = Voice()
    aloud = Aloud(ANSWER, voice)
    clips = [aloud.clip(number, 2) for number in range(len(aloud.pieces))]
    assert None not in clips
    assert voice.said == [piece.text for piece in aloud.pieces]
    assert ended(aloud)
