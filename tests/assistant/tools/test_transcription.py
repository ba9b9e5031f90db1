"""Recordings become timed text: the tool with an ear that is told what to hear, and with the real
one.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pytest

from assistant.contract.evidence import GivenPassages
from assistant.contract.facts import Offer
from assistant.contract.intents import Answer, Transcribe
from assistant.contract.request import Request
from assistant.receipts.explain import explanation
from assistant.tools import transcription as module
from assistant.tools.transcription import MISSING, Ear, Transcribing, Transcription
from ingest.errors import NothingFound, Stopped, UnreadableFile
from ingest.media.ffmpeg import DecodedSound
from ingest.media.whisper import Said, Segment
from tests.conftest import models_folder
from tests.fakes import WordEmbedder
from tests.recordings import tone, write

OFFER = Offer("whisper-base", "speech", "MIT")
TALK = Path("talk.mp3")
TEN = DecodedSound(10.0, 10.0)


@dataclass(frozen=True)
class Told(Ear):
    """Hears what it is told to; may wait between two segments until it is stopped."""

    model: Path = Path("told")
    said: tuple[Said, ...] = ()
    decoded: DecodedSound = TEN
    patient: bool = False

    def decode(self, recording: Path, folder: Path, cancel: threading.Event) -> DecodedSound:
        return self.decoded

    def hear(self, folder: Path, decoded: DecodedSound, cancel: threading.Event) -> Iterator[Said]:
        for said in self.said:
            yield said
            if self.patient:
                cancel.wait()
                raise Stopped("Listening was stopped.")


def said(text: str, start: float, end: float, doubtful: bool = False) -> Said:
    return Said(Segment(text, start, end, 0.8), "en", doubtful)


def transcription(ear: Ear | None, recording: Path = TALK) -> Transcription:
    return Transcribing(lambda: ear, lambda: (OFFER,)).transcription(recording)


def test_only_its_intent_is_taken() -> None:
    tool = Transcribing(lambda: None, tuple)
    given = GivenPassages((), WordEmbedder())
    assert tool.offer(Request("Hello?", given)) is None
    assert tool.offer(Request("Hello?", given, intent=Answer())) is None
    assert tool.offer(Request("", given, intent=Transcribe(TALK))) is not None


def test_text_comes_as_it_is_heard_with_paragraphs_times_and_progress() -> None:
    ear = Told(said=(said("One.", 0, 2), said("Two.", 2.5, 4), said("Three.", 7, 9)))
    reply, texts, shares = transcription(ear), [], []
    for text in reply:
        texts.append(text)
        shares.append(reply.activity.progress.share if reply.activity.progress else 0)
    assert texts == ["One.", " Two.", "\n\nThree."]
    assert shares == [0.2, 0.4, 0.9]
    document = reply.to_json()
    assert document["answer"] == "One. Two.\n\nThree."
    assert [(row["start"], row["text"]) for row in document["segments"]] == [
        (0, "One."), (2.5, "Two."), (7, "Three."),
    ]  # fmt: skip
    assert (document["language"], document["seconds"], document["grounded"]) == ("en", 10, False)


def test_silence_is_no_text() -> None:
    document = transcription(Told()).to_json()
    assert (document["answer"], document["segments"]) == ("", [])
    assert document["notices"] == ["talk.mp3 contains no speech."]


def test_what_is_missing_or_doubtful_is_told() -> None:
    heard = (said("One.", 0, 2), said("Thank you.", 5, 6, doubtful=True))
    reply = transcription(Told(said=heard, decoded=DecodedSound(10.0, 60.0)))
    done = reply.finish()
    assert done.text == "One."
    row = explanation(reply.to_json(), asdict(reply.trace.facts))["heard"]
    told = [(one["text"], one["left_out"]) for one in row["segments"]]
    assert told == [("One.", False), ("Thank you.", True)]
    assert done.notices == (
        "talk.mp3: breaks off at 00:10 of 01:00.",
        "Left out once: words that were probably invented over noise.",
    )


def test_without_a_speech_model_one_is_offered() -> None:
    done = transcription(None).finish()
    assert (done.text, done.offers) == (MISSING, (OFFER,))


def test_stopped_it_keeps_what_was_heard() -> None:
    reply = transcription(Told(said=(said("One.", 0, 2),), patient=True))
    words = iter(reply)
    assert next(words) == "One."
    reply.stop()
    assert list(words) == []
    done = reply.finish()
    assert (done.text, done.stopped, done.notices) == ("One.", True, ())


def test_a_second_recording_waits_for_the_first() -> None:
    tool = Transcribing(lambda: Told(said=(said("One.", 0, 2),), patient=True), tuple)
    first, second = tool.transcription(TALK), tool.transcription(TALK)
    begun = iter(first)
    next(begun)
    waiting = threading.Thread(target=second.finish)
    waiting.start()
    latest = time.monotonic() + 60
    while second.activity.stage != "Waiting for another recording" and time.monotonic() < latest:
        time.sleep(0.02)
    assert second.activity.stage == "Waiting for another recording"
    second.stop()
    waiting.join(60)
    assert second.outcome is not None and second.outcome.stopped
    first.stop()
    list(begun)


def test_subtitles_are_numbered_and_have_hours() -> None:
    segments = [Segment("A & b.", 0.0, 1.5, 1), Segment("<C>", 3661.0404, 3662.9999, 1)]
    assert module.srt(segments) == (
        "1\n00:00:00,000 --> 00:00:01,500\nA & b.\n\n2\n01:01:01,040 --> 01:01:03,000\n<C>\n"
    )
    assert module.vtt(segments) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nA &amp; b.\n\n"
        "01:01:01.040 --> 01:01:03.000\n&lt;C&gt;\n"
    )
    assert module.timed(segments) == "00:00  A & b.\n1:01:01  <C>\n"


@pytest.fixture(scope="module")
def ear() -> Ear:
    folder = models_folder() / "whisper-base"
    if not (folder / "model.bin").exists():
        pytest.skip(f"no speech model in {folder}; set PINCITE_TEST_MODELS to the folder above")
    return Ear(folder)


@pytest.mark.slow
def test_the_real_ear_hears_a_sentence_and_then_silence(
    ear: Ear, evaluation: Path, tmp_path: Path
) -> None:
    clip = evaluation / "audio" / "files" / "librivox_0930.wav"
    spoken = transcription(ear, clip)
    assert "amiable" in spoken.finish().text
    assert spoken.segments[0].end <= spoken.seconds + 0.5
    quiet = np.zeros(16_000 * 5, np.float32)
    silence = transcription(ear, write(tmp_path / "quiet.flac", quiet, codecs=("flac", "")))
    assert silence.finish().text == ""


@pytest.mark.slow
def test_the_real_ear_stops_within_a_recording(ear: Ear, tmp_path: Path, evaluation: Path) -> None:
    from benchmarks.tools.sounds import sound_of

    clip = sound_of(evaluation / "audio" / "files" / "librivox_0870.wav")
    long = write(tmp_path / "long.wav", np.tile(clip, 4), codecs=("pcm_s16le", ""))
    reply = transcription(ear, long)
    listening = threading.Thread(target=reply.finish)
    listening.start()
    while reply.activity.stage != "Listening":
        time.sleep(0.02)
    time.sleep(0.3)  # by now it is within the half minute that Whisper looks at as one
    assert listening.is_alive()
    reply.stop()
    listening.join(60)
    assert not listening.is_alive()
    assert reply.outcome is not None and reply.outcome.stopped


@pytest.mark.parametrize("name", ["bad_header.wav", "evil.wav"])
def test_a_broken_recording_is_named(evaluation: Path, name: str, tmp_path: Path) -> None:
    ear = Ear(tmp_path)  # no model is needed to find that out
    broken = evaluation / "audio" / "files" / name
    with pytest.raises(UnreadableFile, match=f"{name} is damaged"):
        transcription(ear, broken).finish()


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    ear = Ear(tmp_path)
    with pytest.raises(NothingFound, match="There is no recording"):
        transcription(ear, tmp_path / "gone.wav").finish()
    text = tmp_path / "list.mp3"
    text.write_text("#EXTM3U\nhttp://127.0.0.1:1/x.ts\n")
    with pytest.raises(UnreadableFile, match=r"list\.mp3 is damaged"):
        transcription(ear, text).finish()


def test_a_recording_is_stopped_while_it_is_opened(tmp_path: Path) -> None:
    long = write(tmp_path / "tone.wav", tone(120), codecs=("pcm_s16le", ""))
    reply = transcription(Ear(tmp_path), long)
    threading.Timer(0.05, reply.stop).start()
    assert reply.finish().stopped


def test_the_app_shows_a_transcript_with_the_times_of_its_paragraphs() -> None:
    from assistant.ui.chat import answer

    heard = (said("One.", 0, 2), said("Two.", 2.5, 4), said("Three.", 67, 69))
    shown = answer._finished(transcription(Told(said=heard)).to_json(), "")["sentences"]
    assert [(part["text"], part.get("time")) for part in shown] == [
        ("One.", "00:00"), ("Two.", None), ("Three.", "01:07"),
    ]  # fmt: skip
